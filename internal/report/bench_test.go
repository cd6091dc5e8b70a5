package report

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// manyChanges returns a plan as large platforms have them: most of it a fleet
// that gets new code and settings of each customer's own, and some of
// everything else.
func manyChanges(n int) *planner.Plan {
	tenant := func(name string) spec.Address {
		return spec.Address{Kind: spec.KindUserWorker, Parent: "customer-workers", Name: name}
	}
	namespace := spec.Address{Kind: spec.KindDispatchNamespace, Name: "customer-workers-eu"}
	store := spec.Address{Kind: spec.KindKVNamespace, Name: "Tenant Configuration"}
	router := planner.Change{Address: routerAddress, Action: planner.Update, Reason: planner.ReasonDrifted, Prior: revision(drifted), Level: 2,
		At: diag.Range{File: "wfpsync.yaml", Line: 61, Column: 3},
		Fields: []planner.FieldChange{
			replaced("/compatibility_date", "2026-01-01", "2026-10-01"),
			replaced("/bindings/RULES/text", strings.Repeat("allow GET /assets/*\n", 6)+"deny *\n", strings.Repeat("allow GET /assets/*\n", 5)+"allow POST /orders\ndeny *\nlog denied\n"),
			{Path: "/bindings/SESSION_KEY", Op: planner.FieldAdd, After: spec.Object{"type": "secret_text"}, Sensitive: true},
			removed("/bindings/DEBUG", spec.Object{"type": "plain_text", "text": "1"}),
		}}
	changes := []planner.Change{create(namespace), create(store), router,
		{Address: routeAddress, Action: planner.Create, Reason: planner.ReasonMissing, Level: 3, DependsOn: []spec.Address{routerAddress}, Fields: []planner.FieldChange{added("/script", "platform-router")}},
		{Address: spec.Address{Kind: spec.KindWorker, Name: "outbound"}, Action: planner.Adopt, Reason: planner.ReasonUnmanaged, At: declared, Blocked: ownership("it exists already and is not managed by this stack", "add `adopt: true` to take it over, or choose another name")},
	}
	for i := len(changes); len(changes) < n; i++ {
		a := tenant(fmt.Sprintf("shop-%05d", i))
		c := updated(a, replaced("/code", "fedcba9876543210", "0123456789abcdef"),
			replaced("/bindings/CONFIG/json/plan", "free", []string{"pro", "enterprise", "pro"}[i%3]),
			added("/tags", []any{fmt.Sprint("customer-", i)}))
		c.Desired = userWorker(a)
		switch {
		case i%100 == 7:
			c.Fields = append(c.Fields, replaced(fmt.Sprintf("/bindings/FLAG_%d/text", i), "off", "on"))
		case i%400 == 3:
			c = removal(a, planner.ReasonRemoved)
		case i%50 == 1:
			c = create(a, added("/code", "0123456789abcdef"), added("/bindings/CONFIG", spec.Object{"type": "json", "json": spec.Object{"customer": i}}))
			c.DependsOn, c.Level = []spec.Address{store}, 1
		}
		router.DependsOn = append(router.DependsOn, a)
		changes = append(changes, c)
	}
	changes[2].DependsOn = router.DependsOn
	plan := planOf(changes...)
	plan.Code = codeOf(12_345, 67)
	plan.Summary.Unchanged = 31_250
	plan.Unmanaged = []planner.Unmanaged{{Kind: spec.KindUserWorker, Parent: "customer-workers", Unowned: 412, Foreign: 3}}
	plan.Guards = []planner.Verdict{{Guard: planner.GuardMaxUpdate, Result: planner.Allowed, Measured: 9000, Message: "9,000 of 41,250 user Workers in customer-workers would be changed; acknowledged by --allow max-update"}}
	plan.Diagnostics = diag.List{{Severity: diag.Warning, Rule: "WFP219", Message: "no hostname can select the user Worker \"shop_17\"", Hint: "use letters, digits and hyphens", Range: declared}}
	return plan
}

// A page of 10,000 changes stays one that can be sent and opened.
func TestPageOfManyChangesIsSmall(t *testing.T) {
	plan := manyChanges(10_000)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	page := written(t, func(w io.Writer) error { return PlanHTML(w, plan) })
	runtime.ReadMemStats(&after)
	if size, most := len(page), 2<<20; size > most {
		t.Errorf("%s, and it should be less than %s", bytesOf(int64(size)), bytesOf(int64(most)))
	}
	if used, most := int(after.TotalAlloc-before.TotalAlloc), 200<<20; used > most {
		t.Errorf("writing it took %s of memory, and it should be less than %s", bytesOf(int64(used)), bytesOf(int64(most)))
	}
}

func BenchmarkPlan(b *testing.B) {
	plan := manyChanges(10_000)
	for name, write := range planFormats {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := write(io.Discard, plan); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// planFormats are all the ways to write a plan.
var planFormats = map[string]func(w io.Writer, plan *planner.Plan) error{
	"text":     func(w io.Writer, plan *planner.Plan) error { return PlanText(w, Style{}, plan) },
	"expanded": func(w io.Writer, plan *planner.Plan) error { return PlanText(w, Style{Expand: true}, plan) },
	"json":     PlanJSON,
	"markdown": func(w io.Writer, plan *planner.Plan) error { return PlanMarkdown(w, plan, MarkdownBudget) },
	"html":     PlanHTML,
	"github":   func(w io.Writer, plan *planner.Plan) error { return PlanGitHub(w, Style{}, plan) },
	"dot":      func(w io.Writer, plan *planner.Plan) error { return PlanDOT(w, Style{}, plan) },
	"mermaid":  func(w io.Writer, plan *planner.Plan) error { return PlanMermaid(w, Style{}, plan) },
	"outputs":  PlanOutputs,
}
