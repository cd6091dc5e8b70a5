package planner_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// shops returns a platform of customers with hostnames of their own.
func shops(customers ...string) string {
	var hostnames, workers strings.Builder
	for _, id := range customers {
		fmt.Fprintf(&hostnames, "  %[1]s: { zone_name: example.com, hostname: shop.%[1]s.dev, custom_metadata: { user_worker: %[1]s }, custom_origin_server: origin.example.com }\n", id)
		fmt.Fprintf(&workers, "  %s: { dispatch_namespace: shops, script: 'export default {}' }\n", id)
	}
	return `
version: 1
name: platform
defaults: { compatibility_date: 2026-10-01 }
dispatch_namespaces: { shops: {} }
dns_records:
  origin: { zone_name: example.com, name: origin.example.com }
  all: { zone_name: example.com, name: "*.example.com" }
custom_hostnames:
` + hostnames.String() + "user_workers:\n" + workers.String() + `
workers:
  front:
    script: export default {}
    dispatch_namespaces: [{ binding: SHOPS, namespace: shops }]
    routes: [{ pattern: "*/*", zone_name: example.com }, { pattern: "*.example.com/*", zone_name: example.com }]
`
}

const noShops = "version: 1\nname: platform\ndispatch_namespaces: { shops: {} }\ndns_records: {}\ncustom_hostnames: {}\nworkers: {}\nuser_workers: {}\n"

// owned replaces the owner of everything that carries one.
func owned(s *spec.Snapshot, owner string) {
	for _, l := range s.Resources {
		switch l.Resource.(type) {
		case *spec.DNSRecord, *spec.CustomHostname:
			l.Revision.Owner = owner
		}
	}
}

func TestZones(t *testing.T) {
	for _, tt := range []struct {
		name        string
		was, wanted string
		owner       string
		mode        planner.Mode
		change      func(*spec.Snapshot)
		want        string
	}{
		{
			name: "what leads to Workers comes after them", was: noShops, wanted: shops("acme"),
			want: `
3 create custom_hostname/example.com/shop.acme.dev (missing) after dns_record/example.com/AAAA/origin.example.com, route/example.com/*/*, user_worker/shops/acme
3 create dns_record/example.com/AAAA/*.example.com (missing) after route/example.com/*.example.com/*
0 create dns_record/example.com/AAAA/origin.example.com (missing)
2 create route/example.com/*.example.com/* (missing) after worker/front
2 create route/example.com/*/* (missing) after worker/front
0 create user_worker/shops/acme (missing)
1 create worker/front (missing) after user_worker/shops/acme
`,
		},
		{
			name: "a customer who leaves loses the hostname first", was: shops("acme", "globex"), owner: "platform", wanted: shops("globex"),
			want: `
0 delete custom_hostname/example.com/shop.acme.dev (removed)
1 delete user_worker/shops/acme (removed) after custom_hostname/example.com/shop.acme.dev
`,
		},
		{
			name: "destroying goes the other way", was: shops("acme"), owner: "platform", wanted: shops("acme"), mode: planner.Destroy,
			want: `
0 delete custom_hostname/example.com/shop.acme.dev (destroyed)
4 delete dispatch_namespace/shops (destroyed) after user_worker/shops/acme, worker/front
    blocked by namespace-delete: deleting it cannot be undone
0 delete dns_record/example.com/AAAA/*.example.com (destroyed)
1 delete dns_record/example.com/AAAA/origin.example.com (destroyed) after custom_hostname/example.com/shop.acme.dev
1 delete route/example.com/*.example.com/* (destroyed) after dns_record/example.com/AAAA/*.example.com
1 delete route/example.com/*/* (destroyed) after custom_hostname/example.com/shop.acme.dev
3 delete user_worker/shops/acme (destroyed) after custom_hostname/example.com/shop.acme.dev, worker/front
2 delete worker/front (destroyed) after route/example.com/*.example.com/*, route/example.com/*/*
guard namespace-delete: refused
`,
		},
		{
			name: "what has no mark is not ours, and destroying takes what the file says is", was: shops("acme"), wanted: shops("acme"), mode: planner.Destroy,
			change: func(s *spec.Snapshot) {
				for a := range s.Resources {
					if a.Kind != spec.KindDNSRecord && a.Kind != spec.KindCustomHostname {
						delete(s.Resources, a)
					}
				}
			},
			want: `
0 delete custom_hostname/example.com/shop.acme.dev (destroyed)
unmanaged dns_record/example.com: 2 unowned, 0 foreign
`,
		},
		{
			name: "another stack's are not touched", was: shops("acme"), owner: "other", wanted: shops(),
			change: func(s *spec.Snapshot) {
				delete(s.Resources, spec.Address{Kind: spec.KindUserWorker, Parent: "shops", Name: "acme"})
			},
			want: `
0 update dns_record/example.com/AAAA/*.example.com (unmanaged)
    blocked by ownership: it belongs to the stack "other"
0 update dns_record/example.com/AAAA/origin.example.com (unmanaged)
    blocked by ownership: it belongs to the stack "other"
unmanaged custom_hostname/example.com: 0 unowned, 1 foreign
`,
		},
		{
			name: "without a section for them, others' are not even counted", was: shops("acme"), owner: "other",
			wanted: "version: 1\nname: platform\ndispatch_namespaces: { shops: {} }\nworkers: {}\n",
			change: func(s *spec.Snapshot) {
				for a := range s.Resources {
					if a.Kind == spec.KindWorker || a.Kind == spec.KindRoute || a.Kind == spec.KindUserWorker {
						delete(s.Resources, a)
					}
				}
			},
			want: "\n",
		},
		{
			name: "a CNAME takes the place of an address", was: shops(), owner: "platform",
			wanted: strings.Replace(shops(), `name: "*.example.com"`, `name: "*.example.com", type: CNAME, content: origin.example.com`, 1),
			want: `
0 delete dns_record/example.com/AAAA/*.example.com (removed)
1 create dns_record/example.com/CNAME/*.example.com (missing) after dns_record/example.com/AAAA/*.example.com
`,
		},
		{
			name: "but not another owner's", was: shops(), wanted: strings.Replace(shops(), `name: "*.example.com"`, `name: "*.example.com", type: CNAME, content: origin.example.com`, 1),
			change: func(s *spec.Snapshot) {
				s.Resources[spec.Address{Kind: spec.KindDNSRecord, Parent: "example.com", Name: "AAAA/origin.example.com"}].Revision.Owner = "platform"
			},
			want: `
0 create dns_record/example.com/CNAME/*.example.com (missing)
    blocked by ownership: the name already has a record of type AAAA, and a CNAME must be the only record of its name
unmanaged dns_record/example.com: 1 unowned, 0 foreign
`,
		},
		{
			name: "a record that is not proxied leads nowhere", was: shops(), owner: "platform",
			wanted: strings.Replace(shops(), "  all: { zone_name: example.com, name: \"*.example.com\" }\n", "", 1),
			change: func(s *spec.Snapshot) {
				a := spec.Address{Kind: spec.KindDNSRecord, Parent: "example.com", Name: "AAAA/*.example.com"}
				s.Resources[a].Revision.Owner = ""
				grey := *s.Resources[a].Resource.(*spec.DNSRecord)
				grey.Proxied = false
				s.Resources[a].Resource = &grey
			},
			want: `
unmanaged dns_record/example.com: 1 unowned, 0 foreign
wfpsync.yaml:15:69: warning: the DNS record that leads to the route "*.example.com/*" is not proxied, so that no Worker is asked [WFP405]
`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			was, wanted := parse(t, tt.was), parse(t, tt.wanted)
			s := live(t, was)
			s.Collections = append(s.Collections, wanted.Scope()...)
			owned(s, tt.owner)
			if tt.change != nil {
				tt.change(s)
			}
			if diff := cmp.Diff(strings.TrimPrefix(tt.want, "\n"), outline(planOn(t, s, was, wanted, planner.Options{Mode: tt.mode}))); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
		})
	}
}

// An entry with an empty list still says where to look, and so does a zone that
// the file names elsewhere.
func TestZonesThatAreRead(t *testing.T) {
	const head = "version: 1\nname: platform\nlists: { none: { key: id, items: [] } }\n"
	records := func(zone string) spec.Collection {
		return spec.Collection{Kind: spec.KindDNSRecord, Parent: zone}
	}
	hostnames := spec.Collection{Kind: spec.KindCustomHostname, Parent: "example.com"}
	for text, want := range map[string]struct{ scope, trailing []spec.Collection }{
		"custom_hostnames: { c: { for_each: { i: none }, zone_name: Example.com, hostname: '${i.h}' } }":                                                  {scope: []spec.Collection{hostnames}},
		"variables: { zone: { default: example.com } }\ncustom_hostnames: { c: { for_each: { i: none }, zone_name: '${var.zone}', hostname: '${i.h}' } }": {scope: []spec.Collection{hostnames}},
		"custom_hostnames: { c: { for_each: { i: none }, zone_name: '${i.zone}', hostname: '${i.h}' } }":                                                  {},
		"dns_records: {}\ncustom_hostnames: { c: { for_each: { i: none }, zone_name: example.com } }":                                                     {scope: []spec.Collection{hostnames}, trailing: []spec.Collection{records("example.com")}},
		"dns_records: { a.example.org: { zone_name: example.org } }\nworkers: { w: { script: a, compatibility_date: 2026-10-01, routes: [{ pattern: example.com/*, zone_name: example.com }] } }": {
			scope: []spec.Collection{records("example.org")}, trailing: []spec.Collection{records("example.com")},
		},
		"removed: [dns_record/example.net/A/a.example.net]": {scope: []spec.Collection{records("example.net")}},
		"workers: {}": {},
	} {
		stack := parse(t, head+text)
		var scope []spec.Collection
		for _, c := range stack.Scope() {
			if c.Kind == spec.KindDNSRecord || c.Kind == spec.KindCustomHostname {
				scope = append(scope, c)
			}
		}
		if diff := cmp.Diff(want.scope, scope); diff != "" {
			t.Errorf("%s: read %s", text, diff)
		}
		trailing := planner.LeftoverCollections(stack, spec.NewSnapshot(spec.Account{}), planner.Options{Mode: planner.Apply})
		if diff := cmp.Diff(want.trailing, append([]spec.Collection(nil), trailing...)); diff != "" {
			t.Errorf("%s: read besides %s", text, diff)
		}
	}
}

// Records are read for new wildcard routes only.
func TestRecordsToKnow(t *testing.T) {
	was, wanted := parse(t, shops()), parse(t, strings.Replace(shops(), "routes: [", `routes: [{ pattern: "*.example.org/*", zone_name: example.org }, { pattern: www.example.net/*, zone_name: example.net }, `, 1))
	s := live(t, was)
	got := planner.DNSCollections(wanted, s, planner.Options{Mode: planner.Apply})
	if diff := cmp.Diff([]spec.Collection{{Kind: spec.KindDNSRecord, Parent: "example.org"}}, got); diff != "" {
		t.Error(diff)
	}
}

func BenchmarkTenThousandHostnames(b *testing.B) {
	var customers []string
	for i := range 10_000 {
		customers = append(customers, fmt.Sprintf("c%05d", i))
	}
	was, wanted := parse(b, noShops), parse(b, shops(customers...))
	for b.Loop() {
		s := live(b, was)
		s.Collections = append(s.Collections, wanted.Scope()...)
		planOn(b, s, was, wanted, planner.Options{})
	}
}
