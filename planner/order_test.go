package planner_test

import (
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// TestOrder checks the order of changes.
func TestOrder(t *testing.T) {
	checkPlans(t, []planCase{
		{
			name: "at once, no dispatcher waits for its user Workers",
			was:  nothing, wanted: platform, options: planner.Options{IgnoreRollouts: true},
			want: `
0 create dispatch_namespace/customers (missing)
0 create kv_namespace/Tenant Data (missing)
2 create route/example.com/*.example.com/* (missing) after worker/router
1 create user_worker/customers/a (missing) after dispatch_namespace/customers
1 create user_worker/customers/b (missing) after dispatch_namespace/customers
0 create worker/outbound (missing)
1 create worker/router (missing) after dispatch_namespace/customers, kv_namespace/Tenant Data, worker/outbound
`,
		},
		{
			name: "a service Worker is deleted after the Worker that no longer needs it, traffic first",
			was:  platform, wanted: edit(t, platform, ", outbound: { service: outbound, parameters: [id] }", "", `  outbound: { script: "export default {}" }`+"\n", ""),
			want: `
1 delete worker/outbound (removed) after worker/router
0 update worker/router (changed)
    remove /bindings/NS/outbound: map[params:[map[name:id]] worker:map[service:outbound]] -> <nil>
    write /bindings/KEY: uploaded
`,
		},
		{
			name: "the route of a removed dispatcher is deleted first",
			was:  platform, wanted: edit(t, platform, platform[strings.Index(platform, "  router:"):], ""),
			options: planner.Options{Allow: []string{planner.GuardDispatcherReplace}},
			want: `
0 delete route/example.com/*.example.com/* (removed)
1 delete worker/router (removed) after route/example.com/*.example.com/*
guard dispatcher-replace: allowed
`,
		},
	})
}

// Additional collections are read only when a Worker is deleted.
func TestTrailing(t *testing.T) {
	was := parse(t, triggers)
	for name, tt := range map[string]struct {
		wanted string
		mode   planner.Mode
		want   int
	}{
		"nothing is deleted":    {wanted: triggers},
		"a Worker is deleted":   {wanted: nothing + "workers: {}\n", want: 2},
		"everything is deleted": {wanted: nothing, mode: planner.Destroy, want: 2},
		"none is mentioned":     {wanted: nothing},
	} {
		s := live(t, was)
		s.Collections = []spec.Collection{{Kind: spec.KindWorker}}
		got := planner.LeftoverCollections(parse(t, tt.wanted), s, planner.Options{Mode: tt.mode})
		if len(got) != tt.want {
			t.Errorf("%s: %v", name, got)
		}
		s.Collections = append(s.Collections, got...)
		if again := planner.LeftoverCollections(parse(t, tt.wanted), s, planner.Options{Mode: tt.mode}); len(again) != 0 {
			t.Errorf("%s: again %v", name, again)
		}
	}
}

// A resource is written after those that it depends on, and deleted before
// them.
func TestDependsOn(t *testing.T) {
	const stack = `
version: 1
name: platform
defaults: { compatibility_date: 2026-10-01 }
dispatch_namespaces: { customers: {} }
lists: { shops: { items: [{ id: a }, { id: b }] } }
queues:
  jobs: { for_each: { shop: shops }, name: "jobs-${shop.id}" }
workers:
  billing: { script: "export default {}", depends_on: [user_worker/customers/a, jobs] }
user_workers:
  shops: { for_each: { shop: shops }, name: "${shop.id}", dispatch_namespace: customers, script: "export default {}", depends_on: [jobs] }
`
	wanted := parse(t, stack)
	got := outline(plan(t, parse(t, "version: 1\nname: platform\n"), wanted, planner.Options{}))
	want := `0 create dispatch_namespace/customers (missing)
0 create queue/jobs-a (missing)
0 create queue/jobs-b (missing)
1 create user_worker/customers/a (missing) after dispatch_namespace/customers, queue/jobs-a
1 create user_worker/customers/b (missing) after dispatch_namespace/customers, queue/jobs-b
2 create worker/billing (missing) after queue/jobs-a, queue/jobs-b, user_worker/customers/a
`
	if got != want {
		t.Errorf("created:\n%s\nwant:\n%s", got, want)
	}
	destroyed := plan(t, wanted, wanted, planner.Options{Mode: planner.Destroy})
	level := map[string]int{}
	for _, c := range destroyed.Changes {
		level[c.Address.String()] = c.Level
	}
	for _, pair := range [][2]string{{"worker/billing", "user_worker/customers/a"}, {"worker/billing", "queue/jobs-b"}, {"user_worker/customers/b", "queue/jobs-b"}} {
		if level[pair[0]] >= level[pair[1]] {
			t.Errorf("%s is deleted at level %d, and %s, which it depends on, at %d", pair[0], level[pair[0]], pair[1], level[pair[1]])
		}
	}
}
