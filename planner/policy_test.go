package planner_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

const judged = `
version: 1
name: platform
defaults: { compatibility_date: 2026-10-01 }
dispatch_namespaces: { customers: {} }
kv_namespaces: { data: {} }
workers:
  router: { script: "export default {}", dispatch_namespaces: [{ binding: C, namespace: customers }] }
user_workers:
  a: { dispatch_namespace: customers, script: "export default {}", kv_namespaces: [{ binding: DATA, ref: data }] }
  b: { dispatch_namespace: customers, script: "export default {}", limits: { cpu_ms: 50 } }
`

// Every policy gets the same members, whatever the change.
func TestPoliciesSeeWhatTheyMayName(t *testing.T) {
	var texts strings.Builder
	for i, member := range spec.PolicyMembers {
		fmt.Fprintf(&texts, "  p%d: { deny: \"change.%s == nil\", message: x }\n", i, member)
	}
	was := parse(t, strings.Replace(judged, "cpu_ms: 50", "cpu_ms: 60", 1)+"  c: { dispatch_namespace: customers, script: \"export default {}\" }\n")
	p := plan(t, was, parse(t, judged+"policies:\n"+texts.String()), planner.Options{})
	if len(p.Changes) != 2 || len(p.Blocked()) > 0 || len(p.Diagnostics) > 0 {
		t.Errorf("want one update and one deletion, and nothing against them:\n%s", outline(p))
	}
}

// A plan with policies is the plan without them, except that the denied changes
// are blocked: exactly those. If none is denied, even the digest is the same.
func TestPoliciesOnlyBlock(t *testing.T) {
	conditions := map[string]func(planner.Change) bool{
		"change.is_delete":            func(c planner.Change) bool { return c.Action == planner.Delete },
		"change.action == 'create'":   func(c planner.Change) bool { return c.Action == planner.Create },
		"change.kind == 'worker'":     func(c planner.Change) bool { return c.Address.Kind == spec.KindWorker },
		"change.name == 'b'":          func(c planner.Change) bool { return c.Address.Name == "b" },
		"change.reason == 'changed'":  func(c planner.Change) bool { return c.Reason == planner.ReasonChanged },
		"len(change.bindings) > 0":    func(c planner.Change) bool { return bindingsIn(c) > 0 },
		"change.namespace == 'other'": func(planner.Change) bool { return false },
		"any(change.fields, .path == '/limits/cpu_ms' and .op == 'replace')": func(c planner.Change) bool {
			return slices.ContainsFunc(c.Fields, func(f planner.FieldChange) bool {
				return f.Path == "/limits/cpu_ms" && f.Op == planner.FieldReplace
			})
		},
	}
	texts := slices.Sorted(maps.Keys(conditions))
	pasts := []string{"version: 1\nname: platform\n", judged, strings.Replace(judged, "cpu_ms: 50", "cpu_ms: 60", 1), judged + "  c: { dispatch_namespace: customers, script: \"export default {}\" }\n"}
	rapid.Check(t, func(r *rapid.T) {
		was := parse(t, rapid.SampledFrom(pasts).Draw(r, "was"))
		chosen := rapid.SliceOfNDistinct(rapid.SampledFrom(texts), 0, 4, rapid.ID).Draw(r, "conditions")
		deny := rapid.Bool().Draw(r, "deny")
		policies := "policies:\n"
		for i, text := range chosen {
			policies += fmt.Sprintf("  p%d: { %s: \"%s\", message: because }\n", i, map[bool]string{true: "deny", false: "warn"}[deny], text)
		}
		without := plan(t, was, parse(t, judged), planner.Options{})
		with := plan(t, was, parse(t, judged+policies), planner.Options{})
		if len(with.Changes) != len(without.Changes) {
			r.Fatalf("%d changes, and %d without policies", len(with.Changes), len(without.Changes))
		}
		matched := 0
		for i, c := range with.Changes {
			holds := slices.ContainsFunc(chosen, func(text string) bool { return conditions[text](without.Changes[i]) })
			if holds {
				matched++
			}
			if (c.Blocked != nil) != (holds && deny) {
				r.Errorf("%s %s: blocked %v, and a condition holds: %v", c.Action, c.Address, c.Blocked, holds)
			}
		}
		if (matched == 0 || !deny) && with.Digest != without.Digest {
			r.Error("policies that deny nothing change the digest")
		}
		if warned := len(with.Diagnostics) > 0; warned != (matched > 0 && !deny) {
			r.Errorf("%d changes are warned of: %v", matched, with.Diagnostics)
		}
	})
}

func bindingsIn(c planner.Change) int {
	if script, ok := c.Desired.(spec.Scripted); ok {
		return len(script.AsScript().Bindings)
	}
	return 0
}

// The place of a policy in the file does not matter.
func TestPlacesOfPoliciesAreNotInTheDigest(t *testing.T) {
	const policy = "policies: { p: { deny: change.is_create, message: x } }\n"
	empty := parse(t, "version: 1\nname: platform\n")
	first := plan(t, empty, parse(t, judged+policy), planner.Options{})
	second := plan(t, empty, parse(t, judged+"\n\n"+policy), planner.Options{})
	if first.Digest != second.Digest || len(first.Blocked()) == 0 {
		t.Errorf("%s and %s, with %d blocked", first.Digest, second.Digest, len(first.Blocked()))
	}
}

// A fleet is one place in the file, and gets one warning.
func TestWarningsOfAFleetAreOne(t *testing.T) {
	p := plan(t, parse(t, "version: 1\nname: platform\n"), parse(t, `
version: 1
name: platform
defaults: { compatibility_date: 2026-10-01 }
dispatch_namespaces: { customers: {} }
lists: { shops: { items: [{ id: a }, { id: b }, { id: c }] } }
policies: { look: { warn: change.kind == 'user_worker', message: look at it } }
user_workers:
  shops: { for_each: { shop: shops }, name: "${shop.id}", dispatch_namespace: customers, script: "export default {}" }
`), planner.Options{})
	if len(p.Diagnostics) != 1 || p.Diagnostics[0].Message != "user_worker/customers/a and 2 more: look at it" {
		t.Errorf("%v", p.Diagnostics)
	}
}
