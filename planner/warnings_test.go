package planner_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// reported reports whether a diagnostic of a rule contains all of some words.
func reported(plan *planner.Plan, severity diag.Severity, rule string, words ...string) bool {
	return slices.ContainsFunc(plan.Diagnostics, func(d diag.Diagnostic) bool {
		has := func(word string) bool { return strings.Contains(d.Message+" "+d.Hint, word) }
		return d.Severity == severity && d.Rule == rule && !slices.ContainsFunc(words, func(w string) bool { return !has(w) })
	})
}

// A hostname is changed only if its owner is known: by its mark, by adopt, or
// because it does not differ from the file.
func TestHostnamesThatAreThereAlready(t *testing.T) {
	address := spec.Address{Kind: spec.KindCustomHostname, Parent: "example.com", Name: "shop.acme.dev"}
	for _, test := range []struct {
		entry, owner string
		action       planner.Action // "" for no change
		blocked      string
		markOnly     bool
	}{
		{`custom_metadata: { plan: free }`, "platform", "", "", false},
		{`custom_metadata: { plan: pro }`, "platform", planner.Update, "", false},
		{`custom_metadata: { plan: pro }`, "other", planner.Update, `it belongs to the stack "other"`, false},
		{`custom_metadata: { plan: free }`, "", planner.Adopt, "it exists already and is not managed by this stack", false},
		{`custom_metadata: { plan: free }, adopt: true`, "", planner.Adopt, "", true},
		{`custom_metadata: { plan: pro }, adopt: true`, "", planner.Update, "", false},
		{`custom_origin_server: a.example.com`, "", "", "", false},
		{`custom_origin_server: b.example.com`, "", planner.Adopt, "it exists already, and has no metadata to name its owner", false},
		{`custom_origin_server: b.example.com, adopt: true`, "", planner.Update, "", false},
	} {
		file := "version: 1\nname: platform\ncustom_hostnames:\n  shop: { hostname: shop.acme.dev, zone_name: example.com, %s }\n"
		desired := parse(t, fmt.Sprintf(file, test.entry))
		world := live(t, desired)
		world.Resources[address] = &spec.Live{
			Resource: &spec.CustomHostname{Zone: "example.com", Hostname: "shop.acme.dev", CustomOriginServer: "a.example.com", CustomMetadata: spec.Object{"plan": "free"}, SSL: spec.Object{"method": "http", "type": "dv"}},
			Detailed: true, Revision: spec.Revision{ID: "id", Owner: test.owner},
		}
		plan := planOn(t, world, desired, desired, planner.Options{})
		if test.action == "" {
			if len(plan.Changes) > 0 {
				t.Errorf("%s of %q:\n%s", test.entry, test.owner, outline(plan))
			}
			continue
		}
		change := changeOf(t, plan, address.String())
		blocked := ""
		if change.Blocked != nil {
			blocked = change.Blocked.Message
		}
		if blocked == test.blocked && blocked != "" {
			continue
		}
		if change.Action != test.action || blocked != test.blocked || change.MarkOnly != test.markOnly {
			t.Errorf("%s of %q: %s, only the mark: %t, blocked by %q", test.entry, test.owner, change.Action, change.MarkOnly, blocked)
		}
	}
}

// Unmanaged user Workers are counted, ignored or an error, as the file says.
func TestUnmanagedTreatment(t *testing.T) {
	for treatment, want := range map[string]struct {
		counted int
		isError bool
	}{
		"report": {1, false}, "ignore": {0, false}, "error": {1, true},
	} {
		stack := parse(t, "version: 1\nname: platform\ndispatch_namespaces: { customers: { unmanaged: "+treatment+" } }\n")
		world := live(t, stack)
		stranger := &spec.UserWorker{DispatchNamespace: "customers", Name: "stranger"}
		world.Resources[stranger.Address()] = &spec.Live{Resource: stranger}
		plan := planOn(t, world, stack, stack, planner.Options{})
		if len(plan.Unmanaged) != want.counted || reported(plan, diag.Error, planner.RuleUnmanaged, `"customers"`, "1", "adopt") != want.isError {
			t.Errorf("%s: %+v, %v", treatment, plan.Unmanaged, plan.Diagnostics)
		}
		if len(plan.Changes) > 0 {
			t.Errorf("%s: a stranger is changed:\n%s", treatment, outline(plan))
		}
	}
}

// A plan warns of places that were not searched completely for what the file no
// longer has.
func TestUnsearchedPlaces(t *testing.T) {
	stack := parse(t, `
version: 1
name: platform
dns_records: {}
kv_namespaces: { tenants: {}, archive: {}, plans: {} }
kv_pairs: {}
`)
	for _, test := range []struct {
		unsearched []spec.Unsearched
		rule       string
		words      []string
	}{
		{[]spec.Unsearched{{Collection: spec.Collection{Kind: spec.KindDNSRecord}}}, spec.RuleUnsearchedZones, []string{"DNS records", "50 zones or more", "--refresh all"}},
		{[]spec.Unsearched{{Collection: spec.Collection{Kind: spec.KindDNSRecord}, Denied: true}}, spec.RuleUnsearchedZones, []string{"cannot list the account's zones", "Zone, Read"}},
		{[]spec.Unsearched{{Collection: spec.Collection{Kind: spec.KindDNSRecord, Parent: "example.com"}}}, spec.RuleUnsearchedZones, []string{`the first page of the DNS records in the zone "example.com"`}},
		{[]spec.Unsearched{{Collection: spec.Collection{Kind: spec.KindKVPair, Parent: "tenants"}}}, spec.RuleUnsearchedPairs, []string{`every key of the KV namespace "tenants"`, "key_prefix"}},
	} {
		world := live(t, stack)
		world.Unsearched = test.unsearched
		if plan := planOn(t, world, stack, stack, planner.Options{}); !reported(plan, diag.Warning, test.rule, test.words...) {
			t.Errorf("%+v: want %q in %v", test.unsearched, test.words, plan.Diagnostics)
		}
	}
	list := parse(t, `
version: 1
name: platform
lists: { tenants: { key: id, items: [{ id: a }, { id: b }, { id: c }] } }
kv_namespaces: { of: { for_each: { t: tenants }, title: "of ${t.id}" } }
kv_pairs: {}
`)
	world := live(t, list)
	for _, title := range []string{"of a", "of c"} {
		world.Unsearched = append(world.Unsearched, spec.Unsearched{Collection: spec.Collection{Kind: spec.KindKVPair, Parent: title}})
	}
	if plan := planOn(t, world, list, list, planner.Options{}); !reported(plan, diag.Warning, spec.RuleUnsearchedPairs, `2 KV namespaces, the first of them "of a"`) {
		t.Errorf("one place of several namespaces: %v", plan.Diagnostics)
	}
}

// A target that matches nothing is an error that suggests the most likely one.
func TestUnknownTargets(t *testing.T) {
	stack := parse(t, everyOwner)
	for target, hint := range map[string]string{
		"worker/routr":       `did you mean "worker/router"?`,
		"something/entirely": "plans show the address of each resource",
	} {
		_, err := planner.New(stack, live(t, stack), planner.Options{Mode: planner.Apply, Targets: []string{target}})
		var unknown *planner.UnknownTarget
		if !errors.As(err, &unknown) || unknown.Target != target || !strings.Contains(err.Error(), target) || !strings.Contains(unknown.Hint(), hint) {
			t.Errorf("%s: %v", target, err)
		}
	}
	_, err := planner.New(stack, live(t, stack), planner.Options{Mode: planner.Apply, Wave: 2})
	var wave *planner.UnknownWave
	if !errors.As(err, &wave) || !strings.Contains(err.Error(), "wave 2 does not exist: the stack has no rollout") || wave.Hint() == "" {
		t.Errorf("a wave without a rollout: %v", err)
	}
}

// A renamed namespace keeps its contents: deletions use the new name.
func TestRenamedNamespace(t *testing.T) {
	const file = `
version: 1
name: platform
defaults: { compatibility_date: 2026-10-01 }
dispatch_namespaces: { customers: {%s} }
user_workers:
  acme: { dispatch_namespace: customers, main: a.js }
`
	old := strings.ReplaceAll(file, "customers", "tenants")
	was := parse(t, fmt.Sprintf(old, "")+"  bolt: { dispatch_namespace: tenants, main: a.js }\n")
	wanted := parse(t, fmt.Sprintf(file, " renamed_from: tenants "))
	world := live(t, was)
	world.Collections = append(world.Collections, wanted.Scope()...)
	world.ApplyRenames(wanted)
	for a, l := range world.Resources { // the former file completes what was listed under the former name
		if a.Parent == "customers" {
			former, _ := was.Lookup(spec.Address{Kind: a.Kind, Parent: "tenants", Name: a.Name})
			l.Resource, l.Detailed = former, true
		}
	}
	plan, err := planner.New(wanted, world, planner.Options{Mode: planner.Apply})
	if err != nil {
		t.Fatal(err)
	}
	renamed := changeOf(t, plan, "dispatch_namespace/customers")
	if renamed.Action != planner.Update || renamed.Reason != planner.ReasonRenamed || renamed.Fields[0].Before != "tenants" || renamed.Fields[0].After != "customers" {
		t.Errorf("%+v", renamed)
	}
	gone := changeOf(t, plan, "user_worker/customers/bolt")
	if gone.Action != planner.Delete || !slices.Contains(gone.DependsOn, renamed.Address) {
		t.Errorf("%+v", gone)
	}
}

// A carried-over binding that was never set is reported once for each place in
// the file.
func TestNothingToCarryOver(t *testing.T) {
	stack := parse(t, `
version: 1
name: platform
defaults: { compatibility_date: 2026-10-01, carry_over: [TOKEN] }
dispatch_namespaces: { customers: {} }
user_workers:
  acme: { dispatch_namespace: customers, main: a.js }
  bolt: { dispatch_namespace: customers, main: a.js }
workers:
  router: { main: a.js, carry_over: [ROUTER_TOKEN] }
`)
	world := live(t, stack)
	for a := range world.Resources {
		if a.Kind != spec.KindDispatchNamespace {
			delete(world.Resources, a)
		}
	}
	plan := planOn(t, world, stack, stack, planner.Options{})
	if !reported(plan, diag.Warning, planner.RuleNothingToCarryOver, "TOKEN", "2 Workers, the first of them user_worker/customers/acme") ||
		!reported(plan, diag.Warning, planner.RuleNothingToCarryOver, "ROUTER_TOKEN", "worker/router will run without it") {
		t.Errorf("%v", plan.Diagnostics)
	}
}
