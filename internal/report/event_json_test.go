package report

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/schema"
)

// eventRuns returns applies as events.
func eventRuns() map[string]func(e *Events) error {
	plan := planOf(create(customerA), create(customerB), create(routerAddress))
	plan.Diagnostics = diag.List{{Severity: diag.Warning, Rule: "WFP219", Message: "hm\x1b[31m", Range: declared}}
	return map[string]func(e *Events) error{
		"partial": func(e *Events) error {
			return errors.Join(e.Plan(plan),
				e.Applied(applier.Started{Address: customerA, Action: planner.Create}),
				e.Applied(applier.Started{Address: customerB, Action: planner.Create}),
				e.Applied(applier.Succeeded{Address: customerA, Action: planner.Create, Took: time.Second}),
				e.Applied(applier.Failed{Address: customerB, Action: planner.Create, Took: time.Second, Err: errors.New("no\nentitlement")}),
				e.Applied(applier.Skipped{Address: routerAddress, Action: planner.Create, Because: customerB}),
				e.Result(plan, resultOf(done(customerA, planner.Create, time.Second), failed(customerB, planner.Create, "no entitlement"), skipped(routerAddress, customerB))))
		},
		"looked-at": func(e *Events) error {
			one := planOf(create(customerA))
			return errors.Join(e.Plan(one),
				e.Applied(applier.Started{Address: customerA, Action: planner.Create}),
				e.Applied(applier.Succeeded{Address: customerA, Action: planner.Create, Took: time.Second}),
				e.Applied(applier.Overwritten{Address: customerA, Action: planner.Create, Err: applier.ErrOverwritten}),
				e.Applied(applier.Unconfirmed{Err: errors.New("no answer")}),
				e.Result(one, resultOf(failed(customerA, planner.Create, applier.ErrOverwritten.Error()))))
		},
		"nothing": func(e *Events) error { return errors.Join(e.Plan(planOf()), e.Result(planOf(), resultOf())) },
		"stale": func(e *Events) error {
			return e.Stale([]applier.StaleChange{{Address: customerA, Before: revision(applied)}, {Address: customerB, Now: revision(drifted)}}, plan)
		},
		"refused": func(e *Events) error {
			blocked := planCases()["blocked"]
			return errors.Join(e.Plan(blocked), e.Refused(blocked))
		},
		"error": func(e *Events) error { return e.Error(diagnosticCases["without-place"]) },
	}
}

func TestEvents(t *testing.T) {
	for name, run := range eventRuns() {
		t.Run(name, func(t *testing.T) {
			write := func(w io.Writer) error {
				now := applied
				return run(NewEvents(w, func() time.Time { now = now.Add(time.Second); return now }))
			}
			golden(t, "events/"+name, write)
			lines := strings.Split(strings.TrimSpace(written(t, write)), "\n")
			for i, line := range lines {
				for _, violation := range schema.ValidateEvent(decoded(t, line)) {
					t.Errorf("%s: %s in %s", violation.Pointer, violation.Message, line)
				}
				var event struct{ Type string }
				if err := json.Unmarshal([]byte(line), &event); err != nil {
					t.Fatal(err)
				}
				ends := event.Type == "result" || event.Type == "stale" || event.Type == "error"
				if ends != (i == len(lines)-1) {
					t.Errorf("%s is event %d of %d", event.Type, i+1, len(lines))
				}
			}
		})
	}
}
