package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

func planCases() map[string]*planner.Plan {
	firstDeployment := planOf(
		create(namespaceAddress),
		create(storeAddress),
		create(routeAddress, added("/script", "platform-router")),
		planner.Change{Address: customerA, Action: planner.Create, Reason: planner.ReasonMissing, Desired: userWorker(customerA), Fields: []planner.FieldChange{
			added("/code", "0123456789abcdef"),
			added("/bindings/CONFIG", spec.Object{"type": "json", "json": spec.Object{"customerId": "customer-a", "features": []any{"feature1"}}}),
			{Path: "/bindings/KEY", Op: planner.FieldAdd, After: spec.Object{"type": "secret_text"}, Sensitive: true},
			added("/compatibility_date", "2026-10-01"),
		}},
		planner.Change{Address: routerAddress, Action: planner.Create, Reason: planner.ReasonMissing, Fields: []planner.FieldChange{
			added("/code", "fedcba9876543210"),
			{Path: "/bindings/TENANT_DATA", Op: planner.FieldAdd, After: spec.Object{"type": "kv_namespace", "namespace_id": planner.KnownAfterApply}, Unknown: true},
			{Path: "/id", Op: planner.FieldAdd, After: planner.KnownAfterApply, Unknown: true},
		}},
	)
	firstDeployment.Code = codeOf(12_345, 67)

	largeBefore, largeAfter := spec.Object{}, spec.Object{}
	for i := range 40 {
		largeBefore[fmt.Sprintf("feature-%02d", i)] = true
		largeAfter[fmt.Sprintf("feature-%02d", i)] = i%2 == 0
	}

	return map[string]*planner.Plan{
		"first-deployment": firstDeployment,
		"no-changes":       with(planOf(), func(p *planner.Plan) { p.Summary.Unchanged = 6 }),
		"no-changes-unmanaged": with(planOf(), func(p *planner.Plan) {
			p.Unmanaged = []planner.Unmanaged{
				{Kind: spec.KindUserWorker, Parent: "customer-workers", Unowned: 4197, Foreign: 3},
				{Kind: spec.KindWorker, Unowned: 1},
				{Kind: spec.KindQueue, Foreign: 2},
			}
		}),
		"update-fields": planOf(updated(customerA,
			replaced("/bindings/CONFIG/json/features", []any{"feature1"}, []any{"feature1", "feature2"}),
			replaced("/compatibility_date", "2026-01-01", "2026-10-01"),
			replaced("/limits/cpu_ms", 10.0, 50.0),
			replaced("/logpush", false, true),
			added("/tags", []any{"a", "<b>&c"}),
			removed("/observability", spec.Object{"enabled": true}),
			replaced("/bindings/NULL", nil, "text"),
			replaced("/bindings/A_VERY_LONG_NAME_OF_A_BINDING_THAT_IS_NOT_PADDED/text", "a", "b"),
		)),
		"update-code": with(planOf(
			planner.Change{Address: customerA, Action: planner.Update, Reason: planner.ReasonChanged, Desired: userWorker(customerA),
				Fields: []planner.FieldChange{replaced("/code", "fedcba9876543210", "0123456789abcdef")}},
			planner.Change{Address: customerB, Action: planner.Update, Reason: planner.ReasonUnmarked, Desired: userWorker(customerB),
				Fields: []planner.FieldChange{replaced("/code", "unknown", "0123456789abcdef")}},
		), func(p *planner.Plan) { p.Code = codeOf(3 << 20) }),
		"update-assets": with(planOf(
			planner.Change{Address: customerA, Action: planner.Update, Reason: planner.ReasonChanged, Desired: withAssets(userWorker(customerA)),
				Fields: []planner.FieldChange{replaced("/assets", "fedcba9876543210", digestOfAssets)}},
			planner.Change{Address: customerB, Action: planner.Create, Reason: planner.ReasonMissing, Desired: withAssets(userWorker(customerB)),
				Fields: []planner.FieldChange{added("/code", "0123456789abcdef"), added("/assets", digestOfAssets)}},
			planner.Change{Address: routerAddress, Action: planner.Update, Reason: planner.ReasonChanged,
				Fields: []planner.FieldChange{removed("/code", "fedcba9876543210"), removed("/assets", "unknown")}},
		), func(p *planner.Plan) {
			p.Assets = map[string]planner.Assets{digestOfCode: {Files: []spec.AssetFile{{Path: "/a", Size: 1 << 20}, {Path: "/b", Size: 1 << 19}}}}
		}),
		"update-assets-outline": planOf(planner.Change{Address: customerA, Action: planner.Update, Reason: planner.ReasonChanged, Desired: withAssets(userWorker(customerA)),
			Fields: []planner.FieldChange{replaced("/assets", "fedcba9876543210", digestOfAssets)}}),
		"update-code-outline": planOf(planner.Change{Address: customerA, Action: planner.Update, Reason: planner.ReasonChanged, Desired: userWorker(customerA),
			Fields: []planner.FieldChange{replaced("/code", "fedcba9876543210", "0123456789abcdef")}}),
		"drifted": planOf(
			planner.Change{Address: customerA, Action: planner.Update, Reason: planner.ReasonDrifted, Prior: revision(drifted),
				Fields: []planner.FieldChange{removed("/bindings/DEBUG", spec.Object{"type": "plain_text", "text": "1"})}},
			planner.Change{Address: customerB, Action: planner.Update, Reason: planner.ReasonDrifted},
		),
		"removed": with(planOf(removal(customerB, planner.ReasonRemoved)), func(p *planner.Plan) { p.Summary.Unchanged = 1 }),
		"destroy": with(planOf(removal(routeAddress, planner.ReasonDestroyed), removal(customerA, planner.ReasonDestroyed), removal(routerAddress, planner.ReasonDestroyed)),
			func(p *planner.Plan) { p.Mode = planner.Destroy }),
		"destroy-nothing": with(planOf(), func(p *planner.Plan) { p.Mode = planner.Destroy }),
		"destroy-refused": with(planOf(planner.Change{Address: namespaceAddress, Action: planner.Delete, Reason: planner.ReasonDestroyed, At: declared,
			Blocked: &planner.Block{By: planner.GuardNamespaceDelete, Message: "deleting it cannot be undone", Hint: "acknowledge it with --allow namespace-delete"}}),
			func(p *planner.Plan) {
				p.Mode = planner.Destroy
				p.Guards = []planner.Verdict{{Guard: planner.GuardNamespaceDelete, Result: planner.Refused, Measured: 1, Message: "1 would be deleted with everything in it"}}
			}),
		"destroy-allowed": with(planOf(removal(namespaceAddress, planner.ReasonDestroyed)), func(p *planner.Plan) {
			p.Mode = planner.Destroy
			p.Guards = []planner.Verdict{{Guard: planner.GuardNamespaceDelete, Result: planner.Allowed, Measured: 1, Message: "1 to be deleted with everything in it"}}
		}),
		"adopt": planOf(planner.Change{Address: routerAddress, Action: planner.Adopt, Reason: planner.ReasonUnmanaged, Prior: &spec.Revision{ETag: "x"},
			Fields: []planner.FieldChange{replaced("/compatibility_date", "2024-01-01", "2026-10-01")}}, create(customerA)),
		"adopt-without-changes": planOf(planner.Change{Address: routerAddress, Action: planner.Adopt, Reason: planner.ReasonUnmanaged}),
		"blocked": planOf(
			planner.Change{Address: customerA, Action: planner.Adopt, Reason: planner.ReasonUnmanaged, At: declared,
				Blocked: ownership("it exists already and is not managed by this stack", "add `adopt: true` to take it over, or choose another name")},
			planner.Change{Address: customerB, Action: planner.Update, Reason: planner.ReasonUnmanaged,
				Blocked: ownership(`it belongs to the stack "other"`, "")},
		),
		"errors": with(planOf(create(customerA)), func(p *planner.Plan) {
			p.Diagnostics = diag.List{{Severity: diag.Error, Message: "refers to nothing"}, {Severity: diag.Error, Message: "again"}, {Severity: diag.Warning, Message: "hm"}}
		}),
		"secrets": planOf(updated(customerA,
			planner.FieldChange{Path: "/bindings/NEW", Op: planner.FieldAdd, After: spec.Object{"type": "secret_text"}, Sensitive: true},
			planner.FieldChange{Path: "/bindings/OLD", Op: planner.FieldRemove, Before: spec.Object{"type": "secret_text"}, Sensitive: true},
			planner.FieldChange{Path: "/bindings/WAS_TEXT", Op: planner.FieldReplace, Before: spec.Object{"type": "plain_text", "text": "hunter2"}, After: spec.Object{"type": "secret_text"}, Sensitive: true},
		)),
		"large-values": planOf(updated(customerA,
			replaced("/bindings/CONFIG/json", largeBefore, largeAfter),
			replaced("/bindings/TEXT/text", "one\ntwo", strings.Repeat("line\n", 30)),
			added("/bindings/LONG/text", strings.Repeat("x", 5000)),
			removed("/bindings/WIDE/text", strings.Repeat("日本", 100)),
			replaced("/bindings/SHORT/text", "one\ntwo", "three"),
			replaced("/bindings/TEMPLATE/text", strings.Repeat("line\n", 30)+"old\n"+strings.Repeat("end\n", 30), strings.Repeat("line\n", 30)+"new\nnewer\n"+strings.Repeat("end\n", 30)),
			replaced("/bindings/KEY_LIKE/text", strings.Repeat("é", 1000)+"one"+strings.Repeat("y", 1000), strings.Repeat("é", 1000)+"two"),
			replaced("/bindings/NEARLY/text", strings.Repeat("x", 200)+"é", strings.Repeat("x", 200)+"è"),
			replaced("/bindings/NEWLINE/text", strings.Repeat("line\n", 30), strings.Repeat("line\n", 29)+"line"),
			replaced("/bindings/ITEMS/json", items(30), items(31)),
		)),
		"payloads": planOf(
			create(spec.Address{Kind: spec.KindKVNamespace, Name: "evil\x1b[2J\u202e name\nPlan: 9 to add"}, added("/x\x1b[31m", "\x1b]0;title\x07 \u200f 🚀 \u009b")),
			create(spec.Address{Kind: spec.KindKVNamespace, Name: "<script>alert(1)</script> | `x` 日本"}, added("/t", strings.Repeat("\x1b[31m\u202e\t\n", 30))),
			planner.Change{Address: customerA, Action: planner.Update, Reason: planner.ReasonChanged, At: diag.Range{File: "a\x1b.yaml", Line: 1},
				Blocked: ownership("message\x1b[0m", "hint\u202e")},
		),
		"unknown-words": planOf(planner.Change{Address: spec.Address{Kind: "moon", Name: "x"}, Action: "launch", Reason: "full",
			Fields: []planner.FieldChange{{Path: "/a", Op: "move", Before: 1.0, After: 2.0}}}),
		"nameless-account": with(planOf(), func(p *planner.Plan) { p.Account.Name = "" }),
	}
}

// items returns a list of n objects.
func items(n int) []any {
	var list []any
	for i := range n {
		list = append(list, spec.Object{"id": fmt.Sprint("item-", i), "active": true})
	}
	return list
}

func TestPlanText(t *testing.T) {
	for name, plan := range planCases() {
		t.Run(name, func(t *testing.T) {
			golden(t, "plan/"+name, func(w io.Writer) error { return PlanText(w, Style{}, plan) })
		})
	}
}

func TestPlanTextOnATerminal(t *testing.T) {
	plans := planCases()
	for _, name := range []string{"first-deployment", "blocked", "destroy-refused"} {
		golden(t, "plan/"+name+"-colored", func(w io.Writer) error { return PlanText(w, Style{Color: true, Width: 80}, plans[name]) })
	}
}

func TestPlanNeverTurnsATerminalAround(t *testing.T) {
	for name, plan := range planCases() {
		for _, write := range []func(w io.Writer) error{
			func(w io.Writer) error { return PlanText(w, Style{}, plan) },
			func(w io.Writer) error { return PlanJSON(w, plan) },
			func(w io.Writer) error { return StaleJSON(w, nil, plan) },
		} {
			if r, found := disobedient(written(t, write)); found {
				t.Errorf("%s: %q in the report", name, r)
			}
		}
	}
}

func TestSensitiveValuesAreNotShown(t *testing.T) {
	text := written(t, func(w io.Writer) error { return PlanText(w, Style{}, planCases()["secrets"]) })
	if strings.Contains(text, "hunter2") {
		t.Errorf("a sensitive value is shown:\n%s", text)
	}
}

// The expressions that tfcmt, and others after its example, read Terraform's
// output by.
func TestPlanTextIsReadByToolsForTerraform(t *testing.T) {
	var (
		pass       = regexp.MustCompile(`(?m)^(Plan: \d|No changes.)`)
		fail       = regexp.MustCompile(`(?m)^(│\s{1})?(Error: )`)
		hasDestroy = regexp.MustCompile(`(?m)([1-9][0-9]* to destroy.)`)
		noChanges  = regexp.MustCompile(`(?m)^(No changes.)`)
		creates    = regexp.MustCompile(`(?m)^ *# (.*) will be created$`)
		updates    = regexp.MustCompile(`(?m)^ *# (.*) will be updated in-place$`)
		replaces   = regexp.MustCompile(`(?m)^ *# (.*) must be replaced$`)
		destroys   = regexp.MustCompile(`(?m)^ *# (.*) will be destroyed$`)
	)
	plans := planCases()
	for name, s := range situations {
		if name != "hostile-names" { // one of its lines is itself such a line
			plans[name] = s.plan(t)
		}
	}
	for name, plan := range plans {
		t.Run(name, func(t *testing.T) {
			text := written(t, func(w io.Writer) error { return PlanText(w, Style{Expand: true}, plan) })
			folded := written(t, func(w io.Writer) error { return PlanText(w, Style{}, plan) })
			if !slices.Equal(pass.FindAllString(folded, -1), pass.FindAllString(text, -1)) || hasDestroy.MatchString(folded) != hasDestroy.MatchString(text) {
				t.Error("folded, the plan is read as another one")
			}
			if n := len(pass.FindAllString(text, -1)); n != 1 {
				t.Errorf("%d lines say that this is a plan", n)
			}
			if fail.MatchString(text) {
				t.Error("a plan is taken for a failure")
			}
			if hasDestroy.MatchString(text) != (plan.Summary.Destroy > 0) {
				t.Errorf("to destroy: %d", plan.Summary.Destroy)
			}
			if noChanges.MatchString(text) == plan.HasChanges() {
				t.Errorf("has changes: %v", plan.HasChanges())
			}
			for action, expression := range map[planner.Action]*regexp.Regexp{planner.Create: creates, planner.Update: updates, planner.Replace: replaces, planner.Delete: destroys} {
				var want, got []string
				for _, c := range plan.Changes {
					if c.Action == action || action == planner.Update && c.Action == planner.WriteSecrets {
						want = append(want, safe(c.Address.String()))
					}
				}
				for _, match := range expression.FindAllStringSubmatch(text, -1) {
					got = append(got, match[1])
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", action, diff)
				}
			}
		})
	}
}

func TestPlanJSONIsTheOutline(t *testing.T) {
	plan := planCases()["first-deployment"]
	encoded := written(t, func(w io.Writer) error { return PlanJSON(w, plan) })
	want, err := planner.Encode(plan.Outline())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(decoded(t, string(want)), decoded(t, encoded)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if decoded(t, encoded).(map[string]any)["code"] != nil {
		t.Error("the outline holds code")
	}
}

// decoded returns the one JSON document that text holds.
func decoded(t *testing.T, text string) any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if decoder.More() {
		t.Fatalf("more than one document in\n%s", text)
	}
	return value
}
