package planner_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// everyOwner is a stack with a resource of each kind whose removal depends on
// its owner.
const everyOwner = `
version: 1
name: platform
defaults: { compatibility_date: 2026-10-01 }
dispatch_namespaces: { customers: {} }
kv_namespaces: { tenants: {} }
d1_databases: { orders: {} }
queues: { jobs: {} }
dns_records: { www: { name: www.example.com, zone_name: example.com, type: CNAME, content: x.example.net } }
custom_hostnames: { shop: { hostname: shop.acme.dev, zone_name: example.com } }
workers:
  router:
    main: router.js
    routes: [{ pattern: "r.example.com/*", zone_name: example.com }, { pattern: app.example.com, custom_domain: true }]
    triggers: { crons: ["0 4 * * *"] }
    queues: { consumers: [{ queue: jobs }] }
    workers_dev: true
user_workers:
  acme: { dispatch_namespace: customers, main: tenant.js }
`

var everyGuard = []string{
	planner.GuardBindingRemoval, planner.GuardClassDelete, planner.GuardDispatcherReplace,
	planner.GuardMaxDelete, planner.GuardMaxUpdate, planner.GuardNamespaceDelete, planner.GuardStoreDelete,
}

// ownedBy returns the account after everyOwner was applied, with every mark
// changed to an owner.
func ownedBy(t *testing.T, owner string) *spec.Snapshot {
	t.Helper()
	world := live(t, parse(t, everyOwner))
	for _, l := range world.Resources {
		l.Revision.Owner = owner
		if owner == "" {
			l.Revision.Mark = nil
		}
	}
	return world
}

// listing returns a stack that lists addresses under `removed`, and nothing
// else.
func listing(t *testing.T, addresses ...string) *spec.Stack {
	t.Helper()
	return parse(t, "version: 1\nname: platform\nremoved: ["+strings.Join(addresses, ", ")+"]\n")
}

// A resource under `removed` is deleted only if the stack may delete it. A
// refusal names its owner.
func TestListedForRemoval(t *testing.T) {
	const foreign, unowned = `it belongs to the stack "other"`, "no stack manages it"
	const othersInside = "1 user Workers would be deleted with it that this stack may not delete"
	const attached = `it belongs to the Worker "router", which this stack does not manage`
	const stays = "it exists as long as its Worker does"
	for _, test := range []struct {
		address            string
		ours, none, others string // what blocks the deletion; "" for nothing
	}{
		{"user_worker/customers/acme", "", unowned, foreign},
		{"worker/router", "", unowned, foreign},
		{"dns_record/example.com/CNAME/www.example.com", "", unowned, foreign},
		{"custom_hostname/example.com/shop.acme.dev", "", "", foreign},
		{"route/example.com/r.example.com/*", "", attached, attached},
		{"custom_domain/app.example.com", "", attached, attached},
		{"cron_triggers/router", "", attached, attached},
		{"worker_subdomain/router", stays, stays, stays},
		{"queue_consumer/jobs/router", "", attached, attached},
		// These carry no owner: listing one claims it.
		{"kv_namespace/tenants", "", "", ""},
		{"d1_database/orders", "", "", ""},
		{"queue/jobs", "", "", ""},
		{"dispatch_namespace/customers", "", othersInside, othersInside},
	} {
		for owner, blocked := range map[string]string{"platform": test.ours, "": test.none, "other": test.others} {
			world, desired := ownedBy(t, owner), listing(t, test.address)
			world.Collections = append(world.Collections, desired.Scope()...)
			detail(t, world, parse(t, everyOwner), planner.Inspect(desired, world, planner.Options{Mode: planner.Apply}))
			plan, err := planner.New(desired, world, planner.Options{Mode: planner.Apply, Allow: everyGuard})
			if err != nil {
				t.Fatal(err)
			}
			change := changeOf(t, plan, test.address)
			switch {
			case change.Action != planner.Delete:
				t.Errorf("%s of %q: %s", test.address, owner, change.Action)
			case change.Blocked == nil && blocked != "":
				t.Errorf("%s of %q is deleted, want it blocked: %s", test.address, owner, blocked)
			case change.Blocked != nil && change.Blocked.Message != blocked:
				t.Errorf("%s of %q is blocked: %s; want %q", test.address, owner, change.Blocked.Message, blocked)
			case change.Blocked != nil && change.Blocked.Hint == "":
				t.Errorf("%s of %q is blocked without a hint", test.address, owner)
			}
		}
	}
}

func changeOf(t *testing.T, plan *planner.Plan, address string) planner.Change {
	t.Helper()
	for _, c := range plan.Changes {
		if c.Address.String() == address {
			return c
		}
	}
	t.Fatalf("the plan has no change of %s:\n%s", address, outline(plan))
	return planner.Change{}
}

// A dispatch namespace is deleted with user Workers only if each of them is the
// stack's, is not protected, and is in the list.
func TestNamespaceIsRemovedWithItsOwnWorkersAlone(t *testing.T) {
	file := strings.Replace(everyOwner, "acme: {", "bolt: { dispatch_namespace: customers, main: tenant.js }\n  acme: {", 1)
	acme := spec.Address{Kind: spec.KindUserWorker, Parent: "customers", Name: "acme"}
	namespace := spec.Address{Kind: spec.KindDispatchNamespace, Name: "customers"}
	for name, test := range map[string]struct {
		alter   func(*spec.Snapshot)
		blocked string
	}{
		"all ours":          {func(*spec.Snapshot) {}, ""},
		"one unowned":       {func(s *spec.Snapshot) { s.Resources[acme].Revision.Owner = "" }, "1 user Workers"},
		"one of another":    {func(s *spec.Snapshot) { s.Resources[acme].Revision.Owner = "other" }, "1 user Workers"},
		"one protected":     {func(s *spec.Snapshot) { s.Resources[acme].Revision.Mark.Protected = true }, "1 user Workers"},
		"more than listed":  {func(s *spec.Snapshot) { s.Resources[namespace].Revision.ScriptCount = 5 }, "3 user Workers"},
		"fewer than listed": {func(s *spec.Snapshot) { s.Resources[namespace].Revision.ScriptCount = 0 }, ""},
	} {
		was := parse(t, file)
		world := live(t, was)
		test.alter(world)
		desired := parse(t, "version: 1\nname: platform\nremoved: [dispatch_namespace/customers]\n")
		plan := planOn(t, world, was, desired, planner.Options{Mode: planner.Destroy, Allow: everyGuard})
		change := changeOf(t, plan, "dispatch_namespace/customers")
		got := ""
		if change.Blocked != nil {
			got = change.Blocked.Message
		}
		if (got == "") != (test.blocked == "") || !strings.HasPrefix(got, test.blocked) {
			t.Errorf("%s: blocked by %q, want %q", name, got, test.blocked)
		}
	}
}

// Adoption marks unowned Workers that the file declares, and writes nothing
// else.
func TestAdoption(t *testing.T) {
	desired := parse(t, everyOwner)
	declared := spec.Address{Kind: spec.KindUserWorker, Parent: "customers", Name: "acme"}
	stranger := spec.Address{Kind: spec.KindUserWorker, Parent: "customers", Name: "stranger"}
	for name, test := range map[string]struct {
		address spec.Address
		owner   string
		mark    bool
		action  planner.Action // "" for no change
		blocked string
	}{
		"unowned":           {declared, "", false, planner.Adopt, ""},
		"ours":              {declared, "platform", true, "", ""},
		"ours, mark lost":   {declared, "platform", false, planner.Adopt, ""},
		"of another":        {declared, "other", true, planner.Adopt, `it belongs to the stack "other"`},
		"not in the file":   {stranger, "", false, planner.Adopt, "the file does not declare it, so that the next apply would delete it"},
		"not there":         {spec.Address{Kind: spec.KindWorker, Name: "nothing"}, "", false, "", ""},
		"of another, alien": {stranger, "other", true, planner.Adopt, `it belongs to the stack "other"`},
	} {
		world := live(t, desired)
		world.Resources[stranger] = &spec.Live{Resource: &spec.UserWorker{DispatchNamespace: "customers", Name: "stranger"}, Detailed: true}
		if l := world.Resources[test.address]; l != nil {
			l.Revision.Owner = test.owner
			if !test.mark {
				l.Revision.Mark = nil
			} else if l.Revision.Mark == nil {
				l.Revision.Mark = world.Resources[declared].Revision.Mark
			}
		}
		inspect := planner.InspectAdoption(desired, world, []spec.Address{test.address})
		if needed := test.action != "" && test.blocked == "" || test.address == stranger && test.owner == ""; (len(inspect) > 0) != needed {
			t.Errorf("%s: to be read: %v", name, inspect)
		}
		if test.address == declared {
			detail(t, world, desired, inspect)
		}
		plan, err := planner.Adoption(desired, world, []spec.Address{test.address}, planner.Options{Mode: planner.Apply})
		if err != nil {
			t.Fatal(err)
		}
		if test.action == "" {
			if len(plan.Changes) > 0 {
				t.Errorf("%s: %s", name, outline(plan))
			}
			continue
		}
		change := changeOf(t, plan, test.address.String())
		got := ""
		if change.Blocked != nil {
			got = change.Blocked.Message
		}
		if change.Action != test.action || got != test.blocked || change.MarkOnly != (test.blocked == "") {
			t.Errorf("%s: %s, only the mark: %t, blocked by %q", name, change.Action, change.MarkOnly, got)
		}
	}
}

// Drift is shown from what was applied to what the account has, opposite to a
// plan.
func TestDriftsDirection(t *testing.T) {
	uploaded, written := applied, applied.Add(time.Hour)
	mark := spec.NewMark("c0de", "5e771465", uploaded)
	fields := []planner.FieldChange{
		{Path: "/a", Op: planner.FieldAdd, After: "of the file"},
		{Path: "/b", Op: planner.FieldRemove, Before: "of the account"},
		{Path: "/c", Op: planner.FieldReplace, Before: "of the account", After: "of the file"},
		{Path: "/d", Op: planner.FieldWrite},
	}
	turned := []planner.FieldChange{
		{Path: "/a", Op: planner.FieldRemove, Before: "of the file"},
		{Path: "/b", Op: planner.FieldAdd, After: "of the account"},
		{Path: "/c", Op: planner.FieldReplace, Before: "of the file", After: "of the account"},
	}
	worker, route := spec.Address{Kind: spec.KindWorker, Name: "w"}, spec.Address{Kind: spec.KindRoute, Parent: "z", Name: "p"}
	prior := &spec.Revision{ModifiedOn: written, Mark: &mark, Owner: "s"}
	for _, test := range []struct {
		change planner.Change
		want   planner.DriftKind // "" for a change that is only pending
	}{
		{planner.Change{Address: worker, Reason: planner.ReasonDrifted, Prior: prior, Fields: fields}, planner.DriftChanged},
		{planner.Change{Address: worker, Reason: planner.ReasonUnmarked, Prior: prior, Fields: fields}, planner.DriftUnmarked},
		{planner.Change{Address: worker, Reason: planner.ReasonUnmanaged, Prior: prior, Fields: fields}, planner.DriftUnmarked},
		{planner.Change{Address: worker, Reason: planner.ReasonMissing, Fields: fields}, planner.DriftMissing},
		{planner.Change{Address: worker, Reason: planner.ReasonChanged, Prior: prior, Fields: fields}, ""},
		{planner.Change{Address: worker, Reason: planner.ReasonTemplate, Prior: prior, Fields: fields}, ""},
		{planner.Change{Address: worker, Reason: planner.ReasonRemoved, Prior: prior}, ""},
		{planner.Change{Address: route, Reason: planner.ReasonChanged, Prior: &spec.Revision{}, Fields: fields}, planner.DriftDiffers},
		{planner.Change{Address: route, Reason: planner.ReasonRemoved, Prior: &spec.Revision{}, Fields: fields}, planner.DriftAdded},
		{planner.Change{Address: route, Reason: planner.ReasonRemoved, Prior: &spec.Revision{Owner: "s"}, Fields: fields}, ""},
		{planner.Change{Address: route, Reason: planner.ReasonUnproven, Prior: &spec.Revision{}}, ""},
	} {
		drift := planner.NewDrift(&planner.Plan{Stack: "s", Changes: []planner.Change{test.change}})
		if test.want == "" {
			if len(drift.Changes) != 0 || drift.Pending != 1 {
				t.Errorf("%s of %s: %+v", test.change.Reason, test.change.Address, drift)
			}
			continue
		}
		want := planner.Drifted{Address: test.change.Address, What: test.want, Fields: turned}
		if test.want == planner.DriftMissing {
			want.Fields = nil
		}
		if test.change.Prior == prior {
			want.WrittenAt, want.AppliedAt = written, uploaded
		}
		if diff := cmp.Diff([]planner.Drifted{want}, drift.Changes); diff != "" || drift.Pending != 0 {
			t.Errorf("%s of %s, pending %d (-want +got):\n%s", test.change.Reason, test.change.Address, drift.Pending, diff)
		}
	}
}

// A misspelt acknowledgement is an error.
func TestCheckGuards(t *testing.T) {
	for name, want := range map[string]string{
		planner.GuardMaxDelete: "",
		"max_delete":           `did you mean "max-delete"?`,
		"namespace-deletes":    `did you mean "namespace-delete"?`,
		"policy/no-deletes":    "no flag acknowledges what a policy denies: change the policy, or what it denies",
		"everything":           "a plan that a guard refuses says which one to acknowledge",
	} {
		err := planner.CheckGuards([]string{planner.GuardStoreDelete, name})
		var unknown *planner.UnknownGuard
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case want != "" && (!errors.As(err, &unknown) || unknown.Name != name || unknown.Hint() != want):
			t.Errorf("%s: %v, %+v", name, err, unknown)
		case want != "" && !strings.Contains(err.Error(), name):
			t.Errorf("%s is not named: %v", name, err)
		}
	}
}

// Replan returns some changes of a plan as they would be now, regardless of
// guards.
func TestAgain(t *testing.T) {
	was := parse(t, everyOwner)
	wanted := parse(t, strings.Replace(everyOwner, "tenant.js", "other.js", 1))
	world := live(t, was)
	plan := planOn(t, world, was, wanted, planner.Options{})
	acme := spec.Address{Kind: spec.KindUserWorker, Parent: "customers", Name: "acme"}

	moved := live(t, was)
	delete(moved.Resources, acme)
	moved.Collections = append(moved.Collections, plan.Desired().Scope()...)
	again, err := planner.Replan(plan, moved, []spec.Address{acme}, planner.Options{Mode: planner.Apply})
	if err != nil {
		t.Fatal(err)
	}
	if len(again.Changes) != 1 {
		t.Fatalf("want one change:\n%s", outline(again))
	}
	change := again.Changes[0]
	if before := changeOf(t, plan, acme.String()); change.Address != acme || change.Action != planner.Create || change.At != before.At || before.Action != planner.Update {
		t.Errorf("got %s of %s at %s, was %s at %s", change.Action, change.Address, change.At, before.Action, before.At)
	}
	if again.Summary.Add != 1 || again.Digest == "" || again.Digest == plan.Digest {
		t.Errorf("summary %+v, digest %s", again.Summary, again.Digest)
	}
}
