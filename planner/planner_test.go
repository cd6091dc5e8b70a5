package planner_test

import (
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

// nothing is an empty stack.
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

// planCase is an account that a stack was applied to, and another stack to plan
// there.
type planCase struct {
	name        string
	was, wanted string
	options     planner.Options
	change      func(*spec.Snapshot) // what other programs did meanwhile
	want        string
}

// checkPlans checks each plan, and that it survives its encoding.
func checkPlans(t *testing.T, tests []planCase) {
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

// TestNew plans what a stack file says of Workers and namespaces.
func TestNew(t *testing.T) {
	checkPlans(t, []planCase{
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
			name: "drift is looked into",
			was:  platform, wanted: platform,
			change: func(s *spec.Snapshot) { s.Resources[userWorker("a")].Revision.ModifiedOn = applied.Add(time.Hour) },
			want:   "\n",
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
	})
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
