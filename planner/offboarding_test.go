package planner_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// tenants is a stack of customers, each with its own stores and KV pair.
const tenants = `
version: 1
name: platform
defaults: { compatibility_date: 2026-10-01 }
lists: { tenants: { key: id, items: [{ id: a }, { id: b }] } }
dispatch_namespaces: { customers: {} }
kv_namespaces:
  hosts: { title: Hosts }
  data: { for_each: { t: tenants }, title: "data of ${t.id}" }
r2_buckets: { files: { for_each: { t: tenants }, name: "files-${t.id}" } }
user_workers:
  tenants:
    for_each: { t: tenants }
    dispatch_namespace: customers
    script: "export default {}"
    kv_namespaces: [{ binding: DATA, ref: data }]
    r2_buckets: [{ binding: FILES, ref: files }]
kv_pairs:
  hosts: { for_each: { t: tenants }, kv_namespace: hosts, key: "${t.id}.example.com", value: "${t.id} # v1", user_worker: tenants }
`

func TestOffboarding(t *testing.T) {
	without := edit(t, tenants, "[{ id: a }, { id: b }]", "[{ id: a }]")
	// bound makes a remaining Worker use the other one's store, by its id.
	bound := edit(t, without, "kv_pairs:", "  archive: { dispatch_namespace: customers, script: \"export default {}\", kv_namespaces: [{ binding: OLD, id: \"id of kv_namespace/data of b\" }] }\nkv_pairs:")
	const first = `
0 delete kv_pair/Hosts/b.example.com (removed)
1 delete user_worker/customers/b (removed) after kv_pair/Hosts/b.example.com
`
	tests := []struct{ name, wanted, want string }{
		{"the row, then the Worker, and the stores stay", without, first +
			": warning: 1 KV namespace, 1 R2 bucket of user_worker/customers/b stay: kv_namespace/data of b, r2_bucket/files-b [WFP414]\n"},
		{"all of them", edit(t, tenants, "[{ id: a }, { id: b }]", "[]"), `
0 delete kv_pair/Hosts/a.example.com (removed)
0 delete kv_pair/Hosts/b.example.com (removed)
1 delete user_worker/customers/a (removed) after kv_pair/Hosts/a.example.com
1 delete user_worker/customers/b (removed) after kv_pair/Hosts/b.example.com
: warning: 2 KV namespaces, 2 R2 buckets of 2 user Workers, the first of them user_worker/customers/a, stay: kv_namespace/data of a, kv_namespace/data of b, r2_bucket/files-a, r2_bucket/files-b [WFP414]
`},
		{"what another Worker is bound to is not left behind", bound, `
0 delete kv_pair/Hosts/b.example.com (removed)
0 create user_worker/customers/archive (missing)
1 delete user_worker/customers/b (removed) after kv_pair/Hosts/b.example.com
` +
			": warning: 1 R2 bucket of user_worker/customers/b stays: r2_bucket/files-b [WFP414]\n"},
		{"what the file has a word on", without + "removed: [kv_namespace/data of b]\n", `
2 delete kv_namespace/data of b (unwanted) after user_worker/customers/b
    blocked by namespace-delete: deleting it cannot be undone
` + strings.TrimPrefix(first, "\n") + `guard namespace-delete: refused
: warning: 1 R2 bucket of user_worker/customers/b stays: r2_bucket/files-b [WFP414]
`},
		{"another program's from now on", edit(t, without, "r2_buckets: {", "r2_buckets: { theirs: { name: files-b, external: true },", "kv_namespaces:\n  hosts", "kv_namespaces:\n  old: { title: data of b, external: true }\n  hosts"), first},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := "\n" + outline(plan(t, parse(t, tenants), parse(t, test.wanted), planner.Options{}))
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

func TestKVPairs(t *testing.T) {
	row := spec.Address{Kind: spec.KindKVPair, Parent: "Hosts", Name: "a.example.com"}
	tests := []struct {
		name, wanted string
		options      planner.Options
		change       func(*spec.Snapshot)
		want         string
	}{
		{name: "nothing", wanted: tenants, want: "\n"},
		{name: "values", wanted: edit(t, tenants, "# v1", "# v2"), want: `
0 update kv_pair/Hosts/a.example.com (changed)
    replace /value: a # v1 -> a # v2
0 update kv_pair/Hosts/b.example.com (changed)
    replace /value: b # v1 -> b # v2
`},
		{name: "all but the value", wanted: edit(t, tenants, "user_worker: tenants }", "metadata: { n: 1 }, expiration_ttl: 60 }"), want: `
0 update kv_pair/Hosts/a.example.com (changed)
    add /expiration_ttl: <nil> -> 60
    add /metadata: <nil> -> map[n:1]
    remove /user_worker: user_worker/customers/a -> <nil>
0 update kv_pair/Hosts/b.example.com (changed)
    add /expiration_ttl: <nil> -> 60
    add /metadata: <nil> -> map[n:1]
    remove /user_worker: user_worker/customers/b -> <nil>
`},
		{name: "without an owner", wanted: tenants, change: func(s *spec.Snapshot) { s.Resources[row].Revision.Owner = "" }, want: `
0 adopt kv_pair/Hosts/a.example.com (unmanaged)
    blocked by ownership: it exists already and is not managed by this stack
`},
		{name: "another stack's", wanted: edit(t, tenants, "[{ id: a }, { id: b }]", "[{ id: b }]"), change: func(s *spec.Snapshot) {
			s.Resources[row].Revision.Owner = "rival"
			delete(s.Resources, spec.Address{Kind: spec.KindUserWorker, Parent: "customers", Name: "a"})
		}, want: `
unmanaged kv_pair/Hosts: 0 unowned, 1 foreign
`},
		{name: "tampered with, and read", wanted: tenants, options: planner.Options{Refresh: true}, change: func(s *spec.Snapshot) {
			s.Resources[row].Resource = s.Resources[row].Resource.(*spec.KVPair).WithValue([]byte("theirs"))
			s.Resources[row].Detailed = true
		}, want: `
0 update kv_pair/Hosts/a.example.com (drifted)
    replace /value: theirs -> a # v1
`},
		{name: "an entry that is gone", wanted: edit(t, tenants, "kv_pairs:\n  hosts:", "kv_pairs:\n  others:", "kv_namespace: hosts,", "kv_namespace: data,"), want: `
0 delete kv_pair/Hosts/a.example.com (removed)
0 delete kv_pair/Hosts/b.example.com (removed)
0 create kv_pair/data of a/a.example.com (missing)
0 create kv_pair/data of b/b.example.com (missing)
`},
		{name: "no longer declared at all", wanted: tenants[:strings.Index(tenants, "kv_pairs:")], want: `
: warning: KV pairs in KV namespace "Hosts": 2 managed by stack "platform", but the file declares none, so they are left alone [WFP402]
`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			was, wanted := parse(t, tenants), parse(t, test.wanted)
			s := live(t, was)
			s.Collections = append(s.Collections, wanted.Scope()...)
			if test.change != nil {
				test.change(s)
			}
			p := planOn(t, s, was, wanted, test.options)
			if d := cmp.Diff(test.want, "\n"+outline(p)); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
			roundTrip(t, p)
		})
	}
}

// A table that is rewritten is not read completely for that.
func TestInspectKVPairs(t *testing.T) {
	table := func(value string) *spec.Stack {
		text := "version: 1\nname: platform\nkv_namespaces: { hosts: {} }\nkv_pairs:\n"
		for i := range 150 {
			text += fmt.Sprintf("  k%03d: { kv_namespace: hosts, value: %s }\n", i, value)
		}
		return parse(t, text)
	}
	was, wanted := table("one"), table("two")
	if n := len(planner.Inspect(wanted, live(t, was), planner.Options{})); n != 100 {
		t.Errorf("%d values are to be read", n)
	}
	if n := len(planner.Inspect(was, live(t, was), planner.Options{})); n != 0 {
		t.Errorf("%d values are to be read of what is unchanged", n)
	}
	if n := len(planner.Inspect(was, live(t, was), planner.Options{Refresh: true})); n != 150 {
		t.Errorf("%d values are to be read when nothing is trusted", n)
	}
	p := plan(t, was, wanted, planner.Options{})
	if f := p.Changes[149].Fields[0]; f.Before != "(not read; sha256 7692c3ad3540bb80)" || f.After != "two" {
		t.Errorf("the last one is %+v", f)
	}
}
