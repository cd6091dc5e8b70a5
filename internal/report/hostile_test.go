package report

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/wfpsync/wfpsync/planner"
)

// The grammar of a plan in Markdown outside of fenced blocks. Text from a file
// or an account has no place in it but where it is escaped.
var markdownLines = func() []*regexp.Regexp {
	const code, text = `<code>[^<>"']*</code>`, `[^<>"']*`
	const group = code + `( and ` + text + ` alike)? (will|must) be ` + text + `(, <b>blocked</b>)?`
	var lines []*regexp.Regexp
	for _, line := range []string{
		``,
		`<!-- wfpsync plan stack=[A-Za-z0-9._%]* account=[A-Za-z0-9._%]* -->`,
		`<h3>Plan of stack ` + code + `</h3>`,
		`\*\*(Plan:|No changes\.)\*\*[ A-Za-z0-9,.]*`,
		`> \*\*This plan cannot be applied: [a-z0-9, ]+\.\*\*`,
		`</?table>`,
		`<tr>(<t[dh]>` + text + `</t[dh]>)+</tr>`,
		`<tr><td>` + group + `</td><td>[a-z0-9, ]*</td></tr>`,
		`<details( open)?><summary>` + group + `</summary>`,
		`</details>`,
		`<p>` + group + `</p>`,
		`<p>` + code + `</p>`,
		`<p><sub>Account ` + code + ` · digest ` + code + `</sub></p>`,
		"(Large values|Values) are left out to fit here; `wfpsync show` has them\\.",
		"Not shown to fit here: [0-9,]+ more changes?; `wfpsync show` has them\\.",
	} {
		lines = append(lines, regexp.MustCompile(`^`+line+`$`))
	}
	return lines
}()

// outsideOfFences returns the lines of Markdown that are not in a fenced block,
// by CommonMark's rules: a fence is closed by as many backticks and nothing
// else.
func outsideOfFences(text string) []string {
	opens := regexp.MustCompile("^ {0,3}(```+)([^`]*)$")
	var outside []string
	fence := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		match := opens.FindStringSubmatch(line)
		switch {
		case fence == "" && match != nil:
			fence = match[1]
		case fence == "":
			outside = append(outside, line)
		case match != nil && strings.TrimSpace(match[2]) == "" && len(match[1]) >= len(fence):
			fence = ""
		}
	}
	if fence != "" {
		outside = append(outside, "a fence that is not closed")
	}
	return outside
}

// checkMarkdown fails unless a document is what we write, whatever is in it.
func checkMarkdown(t interface{ Errorf(string, ...any) }, text string) {
	for _, line := range outsideOfFences(text) {
		known := false
		for _, expression := range markdownLines {
			known = known || expression.MatchString(line)
		}
		if !known {
			t.Errorf("not our Markdown: %q in\n%s", line, text)
		}
	}
}

func TestMarkdownHoldsNothingButItsOwn(t *testing.T) {
	for name, plan := range planCases() {
		t.Run(name, func(t *testing.T) {
			checkMarkdown(t, written(t, func(w io.Writer) error { return PlanMarkdown(w, plan, MarkdownBudget) }))
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		plan := anyPlan(t)
		plan.Diagnostics = rapid.SliceOfN(rapid.Custom(anyDiagnostic), 0, 4).Draw(t, "diagnostics")
		plan.Digest, plan.Account.ID = anyText(t, "digest"), anyText(t, "account")
		var report text
		if err := PlanMarkdown(&report, plan, MarkdownBudget); err != nil {
			t.Fatal(err)
		}
		checkMarkdown(t, string(report))
	})
}

// However large a plan, it keeps to the budget, and is whole.
func TestMarkdownKeepsToItsBudget(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plan := anyPlan(t)
		if n := len(plan.Changes); n > 0 {
			for i := range rapid.IntRange(0, 400).Draw(t, "more") {
				c := plan.Changes[i%n]
				c.Address.Name += fmt.Sprint(i)
				c.Fields = append([]planner.FieldChange{added(fmt.Sprintf("/%d", i), i)}, c.Fields...)
				plan.Changes = append(plan.Changes, c)
			}
		}
		plan.Digest, plan.Account.ID = anyText(t, "digest"), anyText(t, "account")
		budget := rapid.IntRange(LeastMarkdownBudget, MarkdownBudget).Draw(t, "budget")
		var report text
		if err := PlanMarkdown(&report, plan, budget); err != nil {
			t.Fatal(err)
		}
		if len(report) > budget {
			t.Errorf("%d bytes, and the budget is %d", len(report), budget)
		}
		if !strings.HasSuffix(string(report), "</sub></p>\n") {
			t.Errorf("it breaks off:\n%s", report)
		}
		checkMarkdown(t, string(report))
	})
}

// A plan shrinks step by step, and what needs attention stays to the end.
func TestMarkdownDegrades(t *testing.T) {
	full := planCases()["large-values"]
	text := func(plan *planner.Plan, budget int) string {
		return written(t, func(w io.Writer) error { return PlanMarkdown(w, plan, budget) })
	}
	long := strings.Repeat("x\n", 200)
	var changes []planner.Change
	for i := range 90 {
		a := customerA
		a.Name = fmt.Sprint("customer-", i)
		c := updated(a, added(fmt.Sprint("/bindings/OWN_", i), long), added("/logpush", true))
		switch i {
		case 88:
			c = removal(a, planner.ReasonRemoved)
		case 89:
			c.Blocked = ownership("another stack owns it", "")
		}
		changes = append(changes, c)
	}
	plan := planOf(changes...)
	for _, test := range []struct {
		name    string
		plan    *planner.Plan
		budget  int
		has     []string
		hasNone []string
	}{
		{"full", full, MarkdownBudget, []string{"feature-07"}, []string{"left out"}},
		{"fields", plan, 30_000, []string{"(large value)", "/logpush", "Large values are left out to fit here"}, []string{"+     x\n"}},
		{"table", plan, 12_000, []string{"customer-7</code>", "customer-87</code>", "2 fields", "Values are left out to fit here"}, []string{"/logpush"}},
		{"counts", plan, LeastMarkdownBudget, []string{"customer-88</code> will be destroyed", "customer-89</code> will be updated in-place, <b>blocked</b>", "Not shown to fit here"}, []string{"customer-87</code>", "/logpush"}},
	} {
		got := text(test.plan, test.budget)
		for _, part := range test.has {
			if !strings.Contains(got, part) {
				t.Errorf("%s: %q is not in\n%s", test.name, part, got)
			}
		}
		for _, part := range test.hasNone {
			if strings.Contains(got, part) {
				t.Errorf("%s: %q is in\n%s", test.name, part, got)
			}
		}
	}
	if err := PlanMarkdown(io.Discard, plan, LeastMarkdownBudget-1); err == nil {
		t.Error("a budget that nothing fits into is taken")
	}
}

// The marker by which a comment is found again is the same for all plans of a
// stack for an account, and another one for any other.
func TestMarkdownMarker(t *testing.T) {
	marker := func(change func(p *planner.Plan), changes ...planner.Change) string {
		plan := with(planOf(changes...), change)
		text := written(t, func(w io.Writer) error { return PlanMarkdown(w, plan, MarkdownBudget) })
		first, _, _ := strings.Cut(text, "\n")
		return first
	}
	same := func(*planner.Plan) {}
	if a, b := marker(same), marker(same, create(customerA)); a != b || a != "<!-- wfpsync plan stack=platform account=0123456789abcdef0123456789abcdef -->" {
		t.Errorf("%s and %s", a, b)
	}
	for _, change := range []func(p *planner.Plan){
		func(p *planner.Plan) { p.Stack = "platform account=x" },
		func(p *planner.Plan) { p.Stack = "platform-->" },
		func(p *planner.Plan) { p.Account.ID = "" },
	} {
		if marker(change) == marker(same) {
			t.Errorf("the marker of another plan is the same: %s", marker(change))
		}
	}
}

var (
	inTags     = regexp.MustCompile(`<[^>]*>`)
	attributes = regexp.MustCompile(`="[^"]*"`)
	dataInPage = regexp.MustCompile(`(?s)<script type="application/json" id="plan">(.*?)</script>`)
)

// Whatever a plan holds, its page has the markup that we wrote and no other, and
// its data is JSON that cannot end the element it stands in.
func TestPageHoldsNoMarkupButItsOwn(t *testing.T) {
	markup := func(page string) []string {
		tags := inTags.FindAllString(dataInPage.ReplaceAllString(page, ""), -1)
		for i, tag := range tags {
			tags[i] = attributes.ReplaceAllString(tag, "")
		}
		return tags
	}
	ours := markup(regexp.MustCompile(`{{.*?}}`).ReplaceAllString(pageSource, ""))
	rapid.Check(t, func(t *rapid.T) {
		plan := anyPlan(t)
		plan.Diagnostics = rapid.SliceOfN(rapid.Custom(anyDiagnostic), 0, 3).Draw(t, "diagnostics")
		var b strings.Builder
		if err := withoutAssets(&b, plan); err != nil {
			t.Fatal(err)
		}
		page := b.String()
		data := dataInPage.FindStringSubmatch(page)
		if data == nil || !json.Valid([]byte(data[1])) || strings.ContainsAny(data[1], "<>&") {
			t.Fatalf("the data is not harmless JSON in\n%s", page)
		}
		for _, tag := range markup(page) {
			if !slices.Contains(ours, tag) {
				t.Errorf("not our tag: %s in\n%s", tag, page)
			}
		}
		if n := strings.Count(page, "<script"); n != 2 {
			t.Errorf("%d scripts in\n%s", n, page)
		}
	})
}
