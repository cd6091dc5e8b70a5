package report

import (
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var workflowCommand = regexp.MustCompile(`^::(group::(Plan:|No changes\.)[ A-Za-z0-9,.]*|stop-commands::[0-9a-f]{64}|[0-9a-f]{64}::|endgroup::|(error|warning)( [^:]*)?::.*)$`)

// Whatever a plan holds, the log of GitHub Actions has only the commands that we
// give: what the plan itself says is between two that pause all others.
func TestPlanGivesGitHubNoCommands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plan := anyPlan(t)
		plan.Diagnostics = rapid.SliceOfN(rapid.Custom(anyDiagnostic), 0, 4).Draw(t, "diagnostics")
		var report text
		if err := PlanGitHub(&report, Style{}, plan); err != nil {
			t.Fatal(err)
		}
		resume := ""
		for line := range strings.Lines(string(report)) {
			line = strings.TrimSuffix(line, "\n")
			switch token, pauses := strings.CutPrefix(line, "::stop-commands::"); {
			case pauses && resume == "":
				resume = "::" + token + "::"
			case line == resume:
				resume = ""
			case resume == "" && !workflowCommand.MatchString(line):
				t.Errorf("%q in\n%s", line, report)
			}
		}
		if resume != "" {
			t.Errorf("the commands stay paused:\n%s", report)
		}
	})
}

func TestPlanOutputs(t *testing.T) {
	for _, name := range []string{"first-deployment", "no-changes", "blocked", "errors"} {
		golden(t, "outputs/"+name, func(w io.Writer) error { return PlanOutputs(w, planCases()[name]) })
	}
	line := regexp.MustCompile(`^[a-z]+=[^\n]*\n$`)
	rapid.Check(t, func(t *rapid.T) {
		plan := anyPlan(t)
		plan.Digest = anyText(t, "digest")
		var report text
		if err := PlanOutputs(&report, plan); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(report), "\n"); n != 10 {
			t.Errorf("%d outputs in\n%s", n, report)
		}
		for l := range strings.Lines(string(report)) {
			if !line.MatchString(l) {
				t.Errorf("%q in\n%s", l, report)
			}
		}
	})
}

// GitHub shows ten annotations of a kind: a fleet is one of them.
func TestFleetIsOneAnnotation(t *testing.T) {
	plan := manyChanges(4000)
	_, annotations, _ := strings.Cut(written(t, func(w io.Writer) error { return PlanGitHub(w, Style{}, plan) }), "::endgroup::\n")
	want := []string{
		"::error file=wfpsync.yaml,line=31,col=3,endLine=31,endColumn=20::worker/outbound: blocked: it exists already and is not managed by this stack%0Aadd `adopt: true` to take it over, or choose another name",
		"::warning file=wfpsync.yaml,line=31,col=3,endLine=31,endColumn=20,title=WFP219::no hostname can select the user Worker \"shop_17\"%0Ause letters, digits and hyphens",
		"::warning::user_worker/customer-workers/shop-00403 and 8 more user Workers in customer-workers alike will be destroyed",
	}
	got := strings.Split(strings.TrimSpace(annotations), "\n")
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
