package planner_test

import (
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// triggers is a stack whose Workers have everything that is not part of an
// upload.
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

// TestAttached plans what a Worker has in addition to its upload.
func TestAttached(t *testing.T) {
	checkPlans(t, []planCase{
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
			name: "it is deleted before its Worker",
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
			name: "a queue moves from one Worker of the stack to another",
			was:  triggers, wanted: edit(t, triggers, "consumers: [{ ref: events, dead_letter_queue: failed, max_retries: 5 }]", "consumers: []", "main: ./next.ts\n    routes: []\n    queues: { consumers: [] }", "main: ./next.ts\n    routes: []\n    queues: { consumers: [{ ref: events }] }"),
			want: `
1 create queue_consumer/events/next (missing) after queue_consumer/events/site
0 delete queue_consumer/events/site (removed)
`,
		},
		{
			name: "a queue that another program consumes or pulls from is left to them",
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
	})
}
