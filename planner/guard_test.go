package planner_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// TestLosses checks that what cannot be restored is refused until it is
// acknowledged.
func TestLosses(t *testing.T) {
	checkPlans(t, []planCase{
		{
			name: "removing a secret is acknowledged: it cannot be read back",
			was:  platform, wanted: edit(t, platform, "    secrets: { KEY: { env: ROUTER_KEY } }\n", ""),
			want: `
0 update worker/router (changed)
    blocked by binding-removal: it loses a secret, which cannot be read back, or a binding that another program has set
    remove /bindings/KEY: map[type:secret_text] -> <nil>
guard binding-removal: refused
`,
		},
		{
			name: "a secret that becomes a variable is removed, too",
			was:  platform, wanted: edit(t, platform, "    secrets: { KEY: { env: ROUTER_KEY } }\n", "    vars: { KEY: open }\n"),
			options: planner.Options{Allow: []string{planner.GuardBindingRemoval}},
			want: `
0 update worker/router (changed)
    replace /bindings/KEY: map[type:secret_text] -> map[text:open type:plain_text]
guard binding-removal: allowed
`,
		},
		{
			name: "removing what another program has bound is acknowledged",
			was:  edit(t, platform, "    secrets: {", "    d1_databases: [{ binding: THEIRS, database_id: abc }]\n    secrets: {"), wanted: platform,
			change: func(s *spec.Snapshot) {
				s.Resources[spec.Address{Kind: spec.KindWorker, Name: "router"}].Revision.ModifiedOn = applied.Add(time.Hour)
			},
			want: `
0 update worker/router (drifted)
    blocked by binding-removal: it loses a secret, which cannot be read back, or a binding that another program has set
    remove /bindings/THEIRS: map[id:abc type:d1] -> <nil>
    write /bindings/KEY: uploaded
guard binding-removal: refused
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
    blocked by dispatcher-replace: customers are reached through it: make sure that another Worker takes over
guard dispatcher-replace: refused
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
	})
}

// TestGuardOfAdoptions checks that writing unowned Workers counts as an update,
// and only marking them does not.
func TestGuardOfAdoptions(t *testing.T) {
	text := "version: 1\nname: fleet\ndefaults: { compatibility_date: 2026-10-01 }\ndispatch_namespaces: { ns: {} }\nguards: { max_update: 2 }\nuser_workers:\n"
	for i := range 12 {
		text += fmt.Sprintf("  w%02d: { adopt: true, dispatch_namespace: ns, script: x, vars: { A: 1 } }\n", i)
	}
	for rewritten, want := range map[int]string{
		0: "",
		2: "",
		3: "3 of 12 user Workers in ns would be changed, and at most 2 may be; acknowledge it with --allow max-update",
	} {
		wanted := text
		for i := range rewritten {
			wanted = strings.Replace(wanted, "A: 1", fmt.Sprintf("A: %d", i+2), 1)
		}
		stack := parse(t, wanted)
		world := live(t, parse(t, text))
		for a, found := range world.Resources {
			if a.Kind == spec.KindUserWorker {
				found.Revision.Owner, found.Revision.Mark = "", nil
			}
		}
		p := planOn(t, world, parse(t, text), stack, planner.Options{})
		got := ""
		for _, v := range p.Guards {
			got += v.Message
		}
		if got != want || p.Summary.Change != rewritten || p.Summary.Adopt != 12-rewritten {
			t.Errorf("%d rewritten: %q, want %q; %d to change and %d to adopt", rewritten, got, want, p.Summary.Change, p.Summary.Adopt)
		}
	}
}

// TestGuards compares shares and numbers with the changes of a fleet.
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
