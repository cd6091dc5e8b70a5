package planner_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

const platform = `
version: 1
name: platform
defaults: { compatibility_date: 2026-10-01 }
dispatch_namespaces: { customers: {} }
kv_namespaces: { tenants: { title: Tenant Data } }
user_workers:
  a: { dispatch_namespace: customers, main: ./tenant.ts, vars: { CONFIG: { id: a, features: [one, two] } } }
  b: { dispatch_namespace: customers, main: ./tenant.ts, vars: { CONFIG: { id: b, features: [one] } } }
workers:
  outbound: { script: "export default {}" }
  router:
    main: ./router.ts
    dispatch_namespaces: [{ binding: NS, namespace: customers, outbound: { service: outbound, parameters: [id] } }]
    kv_namespaces: [{ binding: KV, ref: tenants }]
    secrets: { KEY: { env: ROUTER_KEY } }
    routes: [{ pattern: "*.example.com/*", zone_name: example.com }]
`

// stores is a stack with one of each kind that holds data, and a Worker bound to them.
const stores = `
version: 1
name: platform
defaults: { compatibility_date: 2026-10-01 }
d1_databases: { tenants: {} }
r2_buckets: { uploads: { jurisdiction: eu, location: weur, storage_class: Standard } }
queues: { events: { delivery_delay: 5 } }
workers:
  router:
    main: ./router.ts
    d1_databases: [{ binding: DB, ref: tenants }]
    r2_buckets: [{ binding: FILES, ref: uploads }]
    queues: { producers: [{ binding: EVENTS, ref: events }] }
`

// triggers is a stack with Workers that have everything there is beside an upload.
const triggers = `
version: 1
name: platform
defaults: { compatibility_date: 2026-10-01 }
queues: { events: {}, failed: {} }
workers:
  site:
    main: ./site.ts
    routes: [{ pattern: app.example.com, custom_domain: true, zone_name: example.com }]
    triggers: { crons: ["0 0 * * *"] }
    workers_dev: true
    queues: { consumers: [{ ref: events, dead_letter_queue: failed, max_retries: 5 }] }
  next:
    main: ./next.ts
    routes: []
    queues: { consumers: [] }
`

// nothing is the stack before anything was written into it.
const nothing = "version: 1\nname: platform\n"

func edit(t *testing.T, text string, oldnew ...string) string {
	t.Helper()
	for i := 0; i < len(oldnew); i += 2 {
		if !strings.Contains(text, oldnew[i]) {
			t.Fatalf("the stack file has no %q", oldnew[i])
		}
	}
	return strings.NewReplacer(oldnew...).Replace(text)
}

func TestNew(t *testing.T) {
	tests := []struct {
		name        string
		was, wanted string
		options     planner.Options
		change      func(*spec.Snapshot) // what others did meanwhile
		want        string
	}{
		{
			name: "first apply follows references, dispatcher after its user Workers",
			was:  nothing, wanted: platform,
			want: `
0 create dispatch_namespace/customers (missing)
0 create kv_namespace/Tenant Data (missing)
3 create route/example.com/*.example.com/* (missing) after worker/router
1 create user_worker/customers/a (missing) after dispatch_namespace/customers
1 create user_worker/customers/b (missing) after dispatch_namespace/customers
0 create worker/outbound (missing)
2 create worker/router (missing) after dispatch_namespace/customers, kv_namespace/Tenant Data, user_worker/customers/a, user_worker/customers/b, worker/outbound
`,
		},
		{name: "nothing changed", was: platform, wanted: platform, want: "\n"},
		{
			name: "one field of one tenant",
			was:  platform, wanted: edit(t, platform, "[one, two]", "[one, three]"),
			want: `
0 update user_worker/customers/a (changed)
    replace /bindings/CONFIG/json/features/1: two -> three
`,
		},
		{
			name: "a list that grows is shown whole",
			was:  platform, wanted: edit(t, platform, "id: b, features: [one]", "id: b, features: [zero, one]"),
			want: `
0 update user_worker/customers/b (changed)
    replace /bindings/CONFIG/json/features: [one] -> [zero one]
`,
		},
		{
			name: "the code of a fleet",
			was:  platform, wanted: edit(t, platform, "main: ./tenant.ts", "main: ./tenant2.ts"),
			want: `
0 update user_worker/customers/a (changed)
    replace /code: DIGEST -> DIGEST
0 update user_worker/customers/b (changed)
    replace /code: DIGEST -> DIGEST
`,
		},
		{
			name: "a tenant removed",
			was:  platform, wanted: edit(t, platform, "  b: { dispatch_namespace: customers, main: ./tenant.ts, vars: { CONFIG: { id: b, features: [one] } } }\n", ""),
			want: `
0 delete user_worker/customers/b (removed)
`,
		},
		{
			name: "a binding removed shows",
			was:  platform, wanted: edit(t, platform, "    kv_namespaces: [{ binding: KV, ref: tenants }]\n", ""),
			want: `
0 update worker/router (changed)
    remove /bindings/KV: map[namespace_id:id of kv_namespace/Tenant Data type:kv_namespace] -> <nil>
    write /bindings/KEY: uploaded
`,
		},
		{
			name: "a secret that goes is acknowledged: nobody can read it back",
			was:  platform, wanted: edit(t, platform, "    secrets: { KEY: { env: ROUTER_KEY } }\n", ""),
			want: `
0 update worker/router (changed)
    blocked by binding-removal: a secret that nobody can read back, or a binding that somebody else has set, goes with it
    remove /bindings/KEY: map[type:secret_text] -> <nil>
guard binding-removal: refused
`,
		},
		{
			name: "a secret that becomes a variable goes, too",
			was:  platform, wanted: edit(t, platform, "    secrets: { KEY: { env: ROUTER_KEY } }\n", "    vars: { KEY: open }\n"),
			options: planner.Options{Allow: []string{planner.GuardBindingRemoval}},
			want: `
0 update worker/router (changed)
    replace /bindings/KEY: map[type:secret_text] -> map[text:open type:plain_text]
guard binding-removal: allowed
`,
		},
		{
			name: "what somebody else has bound is acknowledged before it goes",
			was:  edit(t, platform, "    secrets: {", "    d1_databases: [{ binding: THEIRS, database_id: abc }]\n    secrets: {"), wanted: platform,
			change: func(s *spec.Snapshot) {
				s.Resources[spec.Address{Kind: spec.KindWorker, Name: "router"}].Revision.ModifiedOn = applied.Add(time.Hour)
			},
			want: `
0 update worker/router (drifted)
    blocked by binding-removal: a secret that nobody can read back, or a binding that somebody else has set, goes with it
    remove /bindings/THEIRS: map[id:abc type:d1] -> <nil>
    write /bindings/KEY: uploaded
guard binding-removal: refused
`,
		},
		{
			name: "a KV namespace that is still to be made is known after apply",
			was:  platform, wanted: edit(t, platform, "title: Tenant Data", "title: Other"),
			want: `
0 create kv_namespace/Other (missing)
1 update worker/router (changed) after kv_namespace/Other
    replace /bindings/KV/namespace_id: id of kv_namespace/Tenant Data -> (known after apply)
    write /bindings/KEY: uploaded
`,
		},
		{
			name: "a service Worker goes after the Worker that let go of it, traffic first",
			was:  platform, wanted: edit(t, platform, ", outbound: { service: outbound, parameters: [id] }", "", `  outbound: { script: "export default {}" }`+"\n", ""),
			want: `
1 delete worker/outbound (removed) after worker/router
0 update worker/router (changed)
    remove /bindings/NS/outbound: map[params:[map[name:id]] worker:map[service:outbound]] -> <nil>
    write /bindings/KEY: uploaded
`,
		},
		{
			name: "the route of a removed dispatcher goes first",
			was:  platform, wanted: edit(t, platform, platform[strings.Index(platform, "  router:"):], ""),
			options: planner.Options{Allow: []string{planner.GuardDispatcherReplace}},
			want: `
0 delete route/example.com/*.example.com/* (removed)
1 delete worker/router (removed) after route/example.com/*.example.com/*
guard dispatcher-replace: allowed
`,
		},
		{
			name: "a dispatcher that customers are reached through is replaced only on purpose",
			was:  platform, wanted: edit(t, platform, "  router:", "  entrance:"),
			want: `
1 update route/example.com/*.example.com/* (changed) after worker/entrance
    replace /script: router -> entrance
0 create worker/entrance (missing)
2 delete worker/router (removed) after route/example.com/*.example.com/*
    blocked by dispatcher-replace: customers are reached through it: see that something takes its place, and answers as it did
guard dispatcher-replace: refused
`,
		},
		{
			name: "an empty list of routes removes them",
			was:  platform, wanted: edit(t, platform, `routes: [{ pattern: "*.example.com/*", zone_name: example.com }]`, "routes: []"),
			want: `
0 delete route/example.com/*.example.com/* (removed)
`,
		},
		{
			name: "without a list of routes they stay",
			was:  platform, wanted: edit(t, platform, `    routes: [{ pattern: "*.example.com/*", zone_name: example.com }]`+"\n", ""),
			want: `
unmanaged route/example.com: 1 unowned, 0 foreign
`,
		},
		{
			name: "what a Worker has beside its upload comes after it, and after the queues",
			was:  nothing, wanted: triggers,
			want: `
1 create cron_triggers/site (missing) after worker/site
1 create custom_domain/app.example.com (missing) after worker/site
0 create queue/events (missing)
0 create queue/failed (missing)
1 create queue_consumer/events/site (missing) after queue/events, queue/failed, worker/site
0 create worker/next (missing)
0 create worker/site (missing)
1 create worker_subdomain/site (missing) after worker/site
`,
		},
		{name: "nothing changed of it", was: triggers, wanted: triggers, want: "\n"},
		{
			name: "it goes before its Worker",
			was:  triggers, wanted: edit(t, triggers, triggers[strings.Index(triggers, "  site:"):strings.Index(triggers, "  next:")], ""),
			want: `
0 delete cron_triggers/site (removed)
0 delete custom_domain/app.example.com (removed)
0 delete queue_consumer/events/site (removed)
1 delete worker/site (removed) after cron_triggers/site, custom_domain/app.example.com, queue_consumer/events/site, worker_subdomain/site
0 delete worker_subdomain/site (removed)
`,
		},
		{
			name: "destroying takes the traffic away first",
			was:  triggers, wanted: triggers, options: planner.Options{Mode: planner.Destroy, Allow: []string{planner.GuardStoreDelete}},
			want: `
0 delete cron_triggers/site (destroyed)
0 delete custom_domain/app.example.com (destroyed)
1 delete queue/events (destroyed) after queue_consumer/events/site
1 delete queue/failed (destroyed) after queue_consumer/events/site
0 delete queue_consumer/events/site (destroyed)
0 delete worker/next (destroyed)
1 delete worker/site (destroyed) after cron_triggers/site, custom_domain/app.example.com, queue_consumer/events/site, worker_subdomain/site
0 delete worker_subdomain/site (destroyed)
guard store-delete: allowed
`,
		},
		{
			name: "without the keys it stays",
			was:  triggers, wanted: edit(t, triggers, triggers[strings.Index(triggers, "    routes: [{"):strings.Index(triggers, "  next:")], ""),
			want: `
unmanaged custom_domain/: 1 unowned, 0 foreign
unmanaged queue_consumer/: 1 unowned, 0 foreign
`,
		},
		{
			name: "empty lists take it away",
			was:  triggers, wanted: edit(t, triggers, triggers[strings.Index(triggers, "    routes: [{"):strings.Index(triggers, "  next:")], "    routes: []\n    triggers: { crons: [] }\n    queues: { consumers: [] }\n"),
			want: `
0 delete cron_triggers/site (removed)
0 delete custom_domain/app.example.com (removed)
0 delete queue_consumer/events/site (removed)
`,
		},
		{
			name: "a queue goes from one Worker of the stack to another",
			was:  triggers, wanted: edit(t, triggers, "consumers: [{ ref: events, dead_letter_queue: failed, max_retries: 5 }]", "consumers: []", "main: ./next.ts\n    routes: []\n    queues: { consumers: [] }", "main: ./next.ts\n    routes: []\n    queues: { consumers: [{ ref: events }] }"),
			want: `
1 create queue_consumer/events/next (missing) after queue_consumer/events/site
0 delete queue_consumer/events/site (removed)
`,
		},
		{
			name: "a queue that somebody else consumes or pulls from is left to them",
			was:  edit(t, triggers, "consumers: [{ ref: events, dead_letter_queue: failed, max_retries: 5 }]", "consumers: []"), wanted: triggers,
			change: func(s *spec.Snapshot) {
				pulled := &spec.QueueConsumer{Queue: "events"}
				s.Resources[pulled.Address()] = &spec.Live{Resource: pulled, Detailed: true}
			},
			want: `
0 create queue_consumer/events/site (missing)
    blocked by ownership: the queue's messages are pulled over HTTP, and a queue has one consumer at most
`,
		},
		{
			name: "drift of what a Worker has",
			was:  triggers, wanted: triggers,
			change: func(s *spec.Snapshot) {
				a := spec.Address{Kind: spec.KindCronTriggers, Name: "site"}
				s.Resources[a].Resource = &spec.CronTriggers{Worker: "site", Crons: []string{"0 0 * * *", "1 1 * * *"}}
				off := false
				a.Kind = spec.KindWorkerSubdomain
				s.Resources[a].Resource = &spec.WorkerSubdomain{Worker: "site", Enabled: &off, PreviewsEnabled: &off}
			},
			want: `
0 update cron_triggers/site (changed)
    replace /crons: [0 0 * * * 1 1 * * *] -> [0 0 * * *]
0 update worker_subdomain/site (changed)
    replace /enabled: false -> true
`,
		},
		{
			name: "a host that no zone has is an error, and its route is not planned",
			was:  nothing, wanted: edit(t, triggers, "    routes: []\n", "    routes: [www.example.org/*]\n"),
			want: `
1 create cron_triggers/site (missing) after worker/site
1 create custom_domain/app.example.com (missing) after worker/site
0 create queue/events (missing)
0 create queue/failed (missing)
1 create queue_consumer/events/site (missing) after queue/events, queue/failed, worker/site
0 create worker/next (missing)
0 create worker/site (missing)
1 create worker_subdomain/site (missing) after worker/site
wfpsync.yaml:15:14: error: no zone of the account has the hostname "www.example.org", or the credentials cannot see it [WFP404]
`,
		},
		{
			name: "a section that is not there deletes nothing, and says so",
			was:  platform, wanted: edit(t, platform, platform[strings.Index(platform, "workers:\n  outbound"):], ""),
			want: `
: warning: Workers in the account: 2 managed by stack "platform", but the file declares none, so they are left alone [WFP402]
`,
		},
		{
			name: "drift is looked into",
			was:  platform, wanted: platform,
			change: func(s *spec.Snapshot) { s.Resources[userWorker("a")].Revision.ModifiedOn = applied.Add(time.Hour) },
			want:   "\n",
		},
		{
			name: "a foreign Worker is refused, and the others are counted",
			was:  platform, wanted: platform,
			change: func(s *spec.Snapshot) {
				s.Resources[userWorker("a")].Revision.Owner = "someone"
				s.Resources[userWorker("x")] = &spec.Live{Resource: &spec.UserWorker{DispatchNamespace: "customers", Name: "x"}}
				s.Resources[userWorker("y")] = &spec.Live{Resource: &spec.UserWorker{DispatchNamespace: "customers", Name: "y"}, Revision: spec.Revision{Owner: "someone"}}
			},
			want: `
0 update user_worker/customers/a (unmanaged)
    blocked by ownership: it belongs to the stack "someone"
unmanaged user_worker/customers: 1 unowned, 1 foreign
`,
		},
		{
			name: "an unowned Worker is not overwritten",
			was:  platform, wanted: platform,
			change: func(s *spec.Snapshot) {
				s.Resources[userWorker("a")].Revision.Owner, s.Resources[userWorker("a")].Revision.Mark = "", nil
			},
			want: `
0 adopt user_worker/customers/a (unmanaged)
    blocked by ownership: it exists already and is not managed by this stack
`,
		},
		{
			name: "adopt takes an unowned Worker over, and shows the difference",
			was:  platform, wanted: edit(t, platform, "a: { dispatch_namespace", "a: { adopt: true, dispatch_namespace", "[one, two]", "[one, three]"),
			change: func(s *spec.Snapshot) {
				s.Resources[userWorker("a")].Revision.Owner, s.Resources[userWorker("a")].Revision.Mark = "", nil
			},
			want: `
0 adopt user_worker/customers/a (unmanaged)
    replace /bindings/CONFIG/json/features/1: two -> three
`,
		},
		{
			name: "a route to somebody else's Worker is refused",
			was:  platform, wanted: platform,
			change: func(s *spec.Snapshot) {
				a := spec.Address{Kind: spec.KindRoute, Parent: "example.com", Name: "*.example.com/*"}
				s.Resources[a].Resource = &spec.Route{Zone: "example.com", Pattern: "*.example.com/*", Worker: "legacy"}
			},
			want: `
0 adopt route/example.com/*.example.com/* (unmanaged)
    blocked by ownership: it belongs to the Worker "legacy", which this stack does not manage
    replace /script: legacy -> router
`,
		},
		{
			name: "a reference to nothing",
			was:  platform, wanted: edit(t, platform, "service: outbound", "service: outbond"),
			want: `
0 update worker/router (changed)
    replace /bindings/NS/outbound/worker/service: outbound -> outbond
    write /bindings/KEY: uploaded
wfpsync.yaml:14:85: error: worker/router refers to worker/outbond, which is neither in this file nor in the account [WFP401]
`,
		},
		{
			name: "destroy is refused without its acknowledgement",
			was:  platform, wanted: platform, options: planner.Options{Mode: planner.Destroy},
			want: `
3 delete dispatch_namespace/customers (destroyed) after user_worker/customers/a, user_worker/customers/b, worker/router
    blocked by namespace-delete: deleting it cannot be undone
2 delete kv_namespace/Tenant Data (destroyed) after worker/router
    blocked by namespace-delete: deleting it cannot be undone
0 delete route/example.com/*.example.com/* (destroyed)
2 delete user_worker/customers/a (destroyed) after worker/router
2 delete user_worker/customers/b (destroyed) after worker/router
2 delete worker/outbound (destroyed) after worker/router
1 delete worker/router (destroyed) after route/example.com/*.example.com/*
guard namespace-delete: refused
`,
		},
		{
			name: "stores come before what is bound to them",
			was:  nothing, wanted: stores,
			want: `
0 create d1_database/tenants (missing)
0 create queue/events (missing)
0 create r2_bucket/eu/uploads (missing)
1 create worker/router (missing) after d1_database/tenants, queue/events, r2_bucket/eu/uploads
`,
		},
		{name: "stores that did not change", was: stores, wanted: stores, want: "\n"},
		{
			name: "settings of stores are changed, and a bucket is not moved",
			was:  stores, wanted: edit(t, stores, "delivery_delay: 5", "delivery_delay: 0, message_retention_period: 60", "weur", "enam", "Standard", "InfrequentAccess"),
			want: `
0 update queue/events (changed)
    replace /delivery_delay: 5 -> 0
    add /message_retention_period: <nil> -> 60
0 update r2_bucket/eu/uploads (changed)
    replace /storage_class: Standard -> InfrequentAccess
wfpsync.yaml:6:15: warning: r2_bucket/eu/uploads is in the location "weur" and stays there; "enam" would only be asked for when it is created [WFP403]
`,
		},
		{
			name: "what the file does not say of a store stays",
			was:  stores, wanted: edit(t, stores, "delivery_delay: 5", "", ", location: weur, storage_class: Standard", ""),
			want: "\n",
		},
		{
			name: "a bucket of the same name elsewhere is another one",
			was:  stores, wanted: edit(t, stores, "jurisdiction: eu", "jurisdiction: us"),
			want: `
0 create r2_bucket/us/uploads (missing)
1 update worker/router (changed) after r2_bucket/us/uploads
    replace /bindings/FILES/jurisdiction: eu -> us
`,
		},
		{
			name: "stores are never deleted by absence",
			was:  stores, wanted: "version: 1\nname: platform\nd1_databases:\nr2_buckets:\nqueues:\nworkers:\n",
			want: `
0 delete worker/router (removed)
`,
		},
		{
			name: "a queue that nobody has",
			was:  stores, wanted: edit(t, stores, "ref: events", "queue: event"),
			want: `
0 update worker/router (changed)
    replace /bindings/EVENTS/queue_name: events -> event
wfpsync.yaml:13:53: error: worker/router refers to queue/event, which is neither in this file nor in the account [WFP401]
`,
		},
		{
			name: "destroying stores has an acknowledgement of its own",
			was:  stores, wanted: stores, options: planner.Options{Mode: planner.Destroy, Allow: []string{planner.GuardNamespaceDelete}},
			want: `
1 delete d1_database/tenants (destroyed) after worker/router
    blocked by store-delete: deleting it cannot be undone
1 delete queue/events (destroyed) after worker/router
    blocked by store-delete: deleting it cannot be undone
1 delete r2_bucket/eu/uploads (destroyed) after worker/router
    blocked by store-delete: deleting it cannot be undone
0 delete worker/router (destroyed)
guard store-delete: refused
`,
		},
		{
			name: "destroying stores",
			was:  stores, wanted: stores, options: planner.Options{Mode: planner.Destroy, Allow: []string{planner.GuardStoreDelete}},
			want: `
1 delete d1_database/tenants (destroyed) after worker/router
1 delete queue/events (destroyed) after worker/router
1 delete r2_bucket/eu/uploads (destroyed) after worker/router
0 delete worker/router (destroyed)
guard store-delete: allowed
`,
		},
		{
			name: "destroy leaves a namespace with somebody else's Worker in it",
			was:  platform, wanted: platform, options: planner.Options{Mode: planner.Destroy, Allow: []string{planner.GuardNamespaceDelete}},
			change: func(s *spec.Snapshot) {
				s.Resources[userWorker("x")] = &spec.Live{Resource: &spec.UserWorker{DispatchNamespace: "customers", Name: "x"}}
			},
			want: `
2 delete kv_namespace/Tenant Data (destroyed) after worker/router
0 delete route/example.com/*.example.com/* (destroyed)
2 delete user_worker/customers/a (destroyed) after worker/router
2 delete user_worker/customers/b (destroyed) after worker/router
2 delete worker/outbound (destroyed) after worker/router
1 delete worker/router (destroyed) after route/example.com/*.example.com/*
unmanaged dispatch_namespace/: 1 unowned, 0 foreign
unmanaged user_worker/customers: 1 unowned, 0 foreign
guard namespace-delete: allowed
`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			was, wanted := parse(t, test.was), parse(t, test.wanted)
			s := live(t, was)
			s.Collections = append(s.Collections, wanted.Scope()...)
			if test.change != nil {
				test.change(s)
			}
			got := planOn(t, s, was, wanted, test.options)
			if d := cmp.Diff(strings.TrimPrefix(test.want, "\n"), hideDigests(outline(got))); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
			roundTrip(t, got)
		})
	}
}

// TestInspectBuckets asks for a bucket that a list did not show whole, if the
// file says something of it.
func TestInspectBuckets(t *testing.T) {
	for text, want := range map[string]int{stores: 1, edit(t, stores, ", location: weur, storage_class: Standard", ""): 0} {
		stack := parse(t, text)
		s := live(t, stack)
		a := spec.Address{Kind: spec.KindR2Bucket, Parent: "eu", Name: "uploads"}
		s.Resources[a].Detailed = false
		if got := planner.Inspect(stack, s, planner.Options{}); len(got) != want || want == 1 && got[0] != a {
			t.Errorf("inspects %v, want %d", got, want)
		}
	}
}

// TestGuards holds shares and numbers against what a plan would do to a fleet.
func TestGuards(t *testing.T) {
	fleet := func(guards string, n int, value string) *spec.Stack {
		text := "version: 1\nname: fleet\ndefaults: { compatibility_date: 2026-10-01 }\ndispatch_namespaces: { ns: {} }\n" + guards + "user_workers:\n"
		for i := range n {
			text += fmt.Sprintf("  w%02d: { dispatch_namespace: ns, script: x, vars: { A: %s } }\n", i, value)
		}
		return parse(t, text)
	}
	tests := []struct {
		name         string
		guards       string
		was, wanted  int
		value        string
		allow        []string
		want         string
		wantBlocked  int
		destroyEvery bool
	}{
		{name: "three of ten may go", was: 10, wanted: 7},
		{name: "four of ten may not", was: 10, wanted: 6, want: "max-delete refused: 4 of 10 user Workers in ns would be deleted, and at most 30% may be; acknowledge it with --allow max-delete", wantBlocked: 4},
		{name: "unless it is said", was: 10, wanted: 6, allow: []string{"max-delete"}, want: "max-delete allowed: 4 of 10 user Workers in ns would be deleted, and at most 30% may be; acknowledged by --allow max-delete"},
		{name: "an empty list", was: 20, wanted: 0, want: "max-delete refused: 20 of 20 user Workers in ns would be deleted, and at most 30% may be; acknowledge it with --allow max-delete", wantBlocked: 20},
		{name: "few say nothing", was: 9, wanted: 0},
		{name: "a number", guards: "guards: { max_delete: 2 }\n", was: 20, wanted: 17, want: "max-delete refused: 3 of 20 user Workers in ns would be deleted, and at most 2 may be; acknowledge it with --allow max-delete", wantBlocked: 3},
		{name: "none at all", guards: "guards: { max_delete: 0, min_existing: 1 }\n", was: 1, wanted: 0, want: "max-delete refused: 1 of 1 user Workers in ns would be deleted, and at most 0 may be; acknowledge it with --allow max-delete", wantBlocked: 1},
		{name: "updates are free", was: 20, wanted: 20, value: "2"},
		{name: "unless limited", guards: "guards: { max_update: 10% }\n", was: 20, wanted: 20, value: "2", want: "max-update refused: 20 of 20 user Workers in ns would be changed, and at most 10% may be; acknowledge it with --allow max-update", wantBlocked: 20},
		{name: "destroy means it", was: 20, wanted: 20, destroyEvery: true, allow: []string{"namespace-delete"}, want: "namespace-delete allowed: 1 to be deleted with everything in it, acknowledged by --allow namespace-delete"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.value == "" {
				test.value = "1"
			}
			options := planner.Options{Allow: test.allow}
			if test.destroyEvery {
				options.Mode = planner.Destroy
			}
			p := plan(t, fleet("", test.was, "1"), fleet(test.guards, test.wanted, test.value), options)
			var got []string
			for _, v := range p.Guards {
				got = append(got, fmt.Sprintf("%s %s: %s", v.Guard, v.Result, v.Message))
			}
			if strings.Join(got, "\n") != test.want || p.Summary.Blocked != test.wantBlocked {
				t.Errorf("got %d blocked and\n%s\nwant %d and\n%s", p.Summary.Blocked, strings.Join(got, "\n"), test.wantBlocked, test.want)
			}
		})
	}
}

func userWorker(name string) spec.Address {
	return spec.Address{Kind: spec.KindUserWorker, Parent: "customers", Name: name}
}

// hideDigests replaces the short digests of code, which tests do not know.
func hideDigests(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "    replace /code: ") {
			lines[i] = "    replace /code: DIGEST -> DIGEST"
		}
	}
	return strings.Join(lines, "\n")
}

// roundTrip encodes a plan, decodes it, and expects an equal value and equal bytes.
func roundTrip(t *testing.T, p *planner.Plan) {
	t.Helper()
	data, err := planner.Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := planner.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	again, err := planner.Encode(decoded)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(data), string(again)); d != "" {
		t.Errorf("a plan does not survive its own encoding (-before +after):\n%s", d)
	}
	// What a plan does not carry is where code and bindings stood in the file.
	ignore := cmp.FilterPath(func(path cmp.Path) bool {
		switch path.Last().String() {
		case ".At", ".OutboundAt", ".Body", ".Entrypoint", ".Inline":
			return true
		}
		return false
	}, cmp.Ignore())
	if d := cmp.Diff(p, decoded, ignore); d != "" {
		t.Errorf("a decoded plan is another one (-before +after):\n%s", d)
	}
}

func TestSameInputsGiveSameBytes(t *testing.T) {
	var first []byte
	for range 20 {
		data, err := planner.Encode(plan(t, parse(t, nothing), parse(t, platform), planner.Options{}))
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = data
		}
		if string(data) != string(first) {
			t.Fatal("two plans of the same worlds differ")
		}
	}
}

// TestDigestIsOfWhatIsDone holds for edits of the stack file that change nothing.
func TestDigestIsOfWhatIsDone(t *testing.T) {
	was := parse(t, nothing)
	before := plan(t, was, parse(t, platform), planner.Options{Tool: "wfpsync/1"})
	after := plan(t, was, parse(t, "# a comment\n\n"+platform), planner.Options{Tool: "wfpsync/2"})
	if before.Digest != after.Digest {
		t.Error("a comment and another version of the tool gave another digest")
	}
	other := plan(t, was, parse(t, edit(t, platform, "[one, two]", "[one]")), planner.Options{Tool: "wfpsync/1"})
	if before.Digest == other.Digest {
		t.Error("another variable gave the same digest")
	}
}

func TestDecodeRefusesEditedPlans(t *testing.T) {
	data, err := planner.Encode(plan(t, parse(t, nothing), parse(t, platform), planner.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, before, after string
		want                planner.Tampered
	}{
		{"the account", `"id": "0123456789abcdef0123456789abcdef"`, `"id": "ffffffffffffffffffffffffffffffff"`, planner.Tampered{What: "its head or the list of its changes"}},
		{"a name", `"name": "outbound"`, `"name": "inbound"`, planner.Tampered{Address: spec.Address{Kind: spec.KindWorker, Name: "outbound"}}},
		{"the code", `"content": "`, `"content": "AAAA`, planner.Tampered{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			edited := strings.Replace(string(data), test.before, test.after, 1)
			if edited == string(data) {
				t.Fatalf("the plan has no %s", test.before)
			}
			_, err := planner.Decode([]byte(edited))
			var tampered *planner.Tampered
			if !errors.As(err, &tampered) {
				t.Fatalf("got %v, want a Tampered", err)
			}
			if test.want != (planner.Tampered{}) && *tampered != test.want {
				t.Errorf("got %+v, want %+v", *tampered, test.want)
			}
		})
	}
}

func TestDecodeRefusesOtherVersions(t *testing.T) {
	for _, text := range []string{"", "null", "[]", "{}", `{"format_version":"2.0"}`, `{"format_version":"1.0","changes":[{"address":"x"}]}`} {
		if _, err := planner.Decode([]byte(text)); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}

func FuzzDecode(f *testing.F) {
	saved, err := planner.Encode(plan(f, parse(f, "version: 1\nname: sites"), serve(f, website, folder{"/a": "1", "/b": ""}), planner.Options{}))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(saved)
	data, err := planner.Encode(plan(f, parse(f, nothing), parse(f, platform), planner.Options{}))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"format_version":"1.0","changes":[{"address":"worker/x","desired":{}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := planner.Decode(data)
		if err != nil {
			return
		}
		if _, err := planner.Encode(p); err != nil {
			t.Error(err)
		}
	})
}

// What is read besides is read only when a Worker goes.
func TestTrailing(t *testing.T) {
	was := parse(t, triggers)
	for name, tt := range map[string]struct {
		wanted string
		mode   planner.Mode
		want   int
	}{
		"nothing goes":         {wanted: triggers},
		"a Worker goes":        {wanted: nothing + "workers: {}\n", want: 2},
		"everything goes":      {wanted: nothing, mode: planner.Destroy, want: 2},
		"none goes in silence": {wanted: nothing},
	} {
		s := live(t, was)
		s.Collections = []spec.Collection{{Kind: spec.KindWorker}}
		got := planner.Trailing(parse(t, tt.wanted), s, planner.Options{Mode: tt.mode})
		if len(got) != tt.want {
			t.Errorf("%s: %v", name, got)
		}
		s.Collections = append(s.Collections, got...)
		if again := planner.Trailing(parse(t, tt.wanted), s, planner.Options{Mode: tt.mode}); len(again) != 0 {
			t.Errorf("%s: again %v", name, again)
		}
	}
}

// What depends on something comes after it when it is written, and before it
// when both go.
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
