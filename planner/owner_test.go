package planner_test

import (
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// TestOwners checks that a plan leaves alone what others own.
func TestOwners(t *testing.T) {
	checkPlans(t, []planCase{
		{
			name: "a section that is not there deletes nothing, and says so",
			was:  platform, wanted: edit(t, platform, platform[strings.Index(platform, "workers:\n  outbound"):], ""),
			want: `
: warning: Workers in the account: 2 managed by stack "platform", but the file declares none, so they are left alone [WFP402]
`,
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
0 update user_worker/customers/a (unmanaged)
    replace /bindings/CONFIG/json/features/1: two -> three
`,
		},
		{
			name: "a route to another owner's Worker is refused",
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
			name: "destroy leaves a namespace with another owner's Worker in it",
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
	})
}
