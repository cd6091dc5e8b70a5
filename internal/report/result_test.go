package report

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// resultOf counts outcomes as the applier does.
func resultOf(outcomes ...applier.Outcome) *applier.Result {
	r := &applier.Result{Outcomes: outcomes}
	for _, o := range outcomes {
		switch o.Status {
		case applier.StatusApplied:
			r.Applied++
		case applier.StatusFailed:
			r.Failed++
		case applier.StatusSkipped:
			r.Skipped++
		}
	}
	return r
}

func done(a spec.Address, action planner.Action, took time.Duration) applier.Outcome {
	return applier.Outcome{Address: a, Action: action, Status: applier.StatusApplied, Took: took}
}

func failed(a spec.Address, action planner.Action, err string) applier.Outcome {
	return applier.Outcome{Address: a, Action: action, Status: applier.StatusFailed, Error: err, Took: time.Second}
}

func skipped(a spec.Address, because spec.Address) applier.Outcome {
	return applier.Outcome{Address: a, Action: planner.Create, Status: applier.StatusSkipped, Because: because}
}

type run struct {
	plan   *planner.Plan
	result *applier.Result
}

func sampleRuns() map[string]run {
	fleet := []applier.Outcome{failed(namespaceAddress, planner.Create, "cloudflare 10121: no dispatch entitlement")}
	for i := range 30 {
		fleet = append(fleet, skipped(spec.Address{Kind: spec.KindUserWorker, Parent: "customer-workers", Name: fmt.Sprintf("c-%02d", i)}, namespaceAddress))
		fleet = append(fleet, done(spec.Address{Kind: spec.KindWorker, Name: fmt.Sprintf("w-%02d", i)}, planner.Update, 100*time.Millisecond))
	}
	adopting := planOf(planner.Change{Address: routerAddress, Action: planner.Adopt})
	return map[string]run{
		"complete":         {planOf(), resultOf(done(namespaceAddress, planner.Create, time.Second), done(customerA, planner.Update, time.Second), done(customerB, planner.Delete, time.Second))},
		"complete-adopted": {adopting, resultOf(done(routerAddress, planner.Adopt, time.Second))},
		"complete-destroy": {with(planOf(), func(p *planner.Plan) { p.Mode = planner.Destroy }), resultOf(done(customerB, planner.Delete, time.Second))},
		"nothing":          {planOf(), resultOf()},
		"partial": {planOf(), resultOf(
			done(namespaceAddress, planner.Create, 1400*time.Millisecond),
			failed(customerA, planner.Create, "upload user_worker/customer-workers/customer-a-worker: cloudflare 10021: syntax error\n  at line 3"),
			done(customerB, planner.Delete, 65*time.Second),
			skipped(routerAddress, customerA),
			skipped(routeAddress, customerA),
		)},
		"interrupted": {planOf(), resultOf(done(namespaceAddress, planner.Create, time.Second), skipped(customerA, spec.Address{}), skipped(routerAddress, spec.Address{}))},
		"interrupted-destroy": {with(planOf(), func(p *planner.Plan) { p.Mode = planner.Destroy }),
			resultOf(failed(routerAddress, planner.Delete, "still bound\x1b[31m"), skipped(customerA, spec.Address{}), skipped(customerB, routerAddress))},
		"fleet": {adopting, resultOf(fleet...)},
	}
}

func TestResult(t *testing.T) {
	for name, r := range sampleRuns() {
		t.Run(name, func(t *testing.T) {
			golden(t, "result/"+name, func(w io.Writer) error { return ResultText(w, Style{}, r.plan, r.result) })
			golden(t, "result/"+name+".json", func(w io.Writer) error { return ResultJSON(w, r.plan, r.result) })
		})
	}
	golden(t, "result/partial-colored", func(w io.Writer) error {
		return ResultText(w, Style{Color: true}, sampleRuns()["partial"].plan, sampleRuns()["partial"].result)
	})
}

func TestResultIsReadByToolsForTerraform(t *testing.T) {
	pass := regexp.MustCompile(`(?m)^((Apply|Destroy) complete!)`)
	fail := regexp.MustCompile(`(?m)^(│\s{1})?(Error: )`)
	for name, r := range sampleRuns() {
		text := written(t, func(w io.Writer) error { return ResultText(w, Style{}, r.plan, r.result) })
		if pass.MatchString(text) != r.result.Complete() || fail.MatchString(text) == r.result.Complete() {
			t.Errorf("%s: complete is %v in\n%s", name, r.result.Complete(), text)
		}
	}
}

func TestEventLine(t *testing.T) {
	events := []applier.Event{
		applier.Started{Address: customerA, Action: planner.Create},
		applier.Started{Address: customerA, Action: planner.Update},
		applier.Started{Address: customerA, Action: planner.Delete},
		applier.Started{Address: customerA, Action: planner.Adopt},
		applier.Started{Address: customerA, Action: "launch"},
		applier.Succeeded{Address: customerA, Action: planner.Create, Took: 1200 * time.Millisecond},
		applier.Succeeded{Address: customerA, Action: planner.Update, Took: 20 * time.Millisecond},
		applier.Succeeded{Address: customerA, Action: planner.Delete, Took: 65 * time.Second},
		applier.Succeeded{Address: customerA, Action: planner.Adopt, Took: time.Second},
		applier.Failed{Address: customerA, Action: planner.Create, Took: time.Second, Err: errors.Join(errors.New("first\x1b[31m"), errors.New("second"))},
		applier.Failed{Address: customerA, Action: planner.Delete, Took: time.Second},
		applier.Skipped{Address: routerAddress, Action: planner.Create, Because: customerA},
		applier.Skipped{Address: routerAddress, Action: planner.Update},
		applier.Vanished{Address: customerA, Action: planner.Update, Err: spec.ErrVanished},
		applier.Overwritten{Address: customerA, Action: planner.Update, Err: applier.ErrOverwritten},
		applier.Unconfirmed{Err: errors.New("no connection")},
		applier.Skipped{Address: customerB, Action: planner.Update, Rollout: "customers\x1b[0m"},
		applier.WaveStarted{Rollout: "customers\x1b[0m", Wave: 1, Waves: 3, Changes: 1},
		applier.WaveFinished{Rollout: "customers", Wave: 1, Waves: 3},
		applier.WaveFinished{Rollout: "customers", Wave: 2, Waves: 3, Failures: 1},
		applier.Paused{Rollout: "customers", Wave: 2, Waves: 3, For: 90 * time.Second},
		applier.ProbeFailed{Address: customerA, Attempt: 2, Limit: 5, Err: errors.New("it answered with status 500")},
		applier.WaveFailed{Rollout: "customers", Wave: 3, Waves: 3, Failures: 1234, MaxFailures: 20},
		applier.RolledBack{Address: customerA, Action: planner.Update, Took: time.Second},
		applier.RolledBack{Address: customerB, Action: planner.Update, Took: time.Second, Lost: []string{"A", "B\x1b[0m"}},
		applier.RollbackFailed{Address: customerA, Action: planner.Update, Took: time.Second, Err: errors.New("no connection")},
	}
	lines := func(style Style) func(w io.Writer) error {
		return func(w io.Writer) error {
			for _, e := range events {
				if _, err := fmt.Fprintln(w, EventLine(style, e)); err != nil {
					return err
				}
			}
			return nil
		}
	}
	golden(t, "events", lines(Style{}))
	golden(t, "events-colored", lines(Style{Color: true}))
}

func TestMoved(t *testing.T) {
	later := revision(drifted)
	byUs := revision(drifted)
	byUs.Mark.Uploaded = drifted
	foreign := revision(drifted)
	foreign.Owner, foreign.Mark = "other\x1b[0m", nil
	moved := []applier.StaleChange{
		{Address: customerA, Before: revision(applied), Now: later},
		{Address: customerB, Before: revision(applied), Now: byUs},
		{Address: routerAddress, Before: revision(applied)},
		{Address: namespaceAddress, Now: &spec.Revision{ID: "1"}},
		{Address: storeAddress, Now: byUs},
		{Address: routerAddress, Before: revision(applied), Now: foreign},
		{Address: routerAddress, Before: revision(applied), Now: &spec.Revision{ETag: "e2"}},
		{Address: routeAddress, Before: &spec.Revision{ID: "1"}, Now: &spec.Revision{ID: "2"}},
		{Address: routeAddress, Before: &spec.Revision{ID: "1", ETag: "a"}, Now: &spec.Revision{ID: "1", ETag: "b"}},
	}
	golden(t, "moved", func(w io.Writer) error { return MovedText(w, Style{}, moved) })
	golden(t, "moved-one", func(w io.Writer) error { return MovedText(w, Style{}, moved[:1]) })
	golden(t, "moved.json", func(w io.Writer) error { return StaleJSON(w, moved, planCases()["removed"]) })
	golden(t, "moved-destroy.json", func(w io.Writer) error { return StaleJSON(w, moved[:1], nil) })
}
