package stackfile_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile"
)

func TestRouteHost(t *testing.T) {
	for pattern, want := range map[string]string{
		"example.com/*":                "example.com",
		"*.platform.example.com/*":     "platform.example.com",
		"*example.com/*":               "example.com",
		"https://shop.example.com/a/b": "shop.example.com",
		"*/*":                          "",
		"example.com":                  "example.com",
		"":                             "",
	} {
		if got := spec.RouteHost(pattern); got != want {
			t.Errorf("RouteHost(%q) = %q, want %q", pattern, got, want)
		}
	}
}

// Zones are given between loading and planning; until then a route is nowhere.
func TestResolveZones(t *testing.T) {
	stack, list := stackfile.Parse("wfpsync.yaml", []byte(`
version: 1
name: s
workers:
  a:
    script: "export default {}"
    compatibility_date: 2026-10-01
    routes:
      - { pattern: "*.example.com/*", zone_name: example.com }
      - www.example.com/*
      - WWW.example.com/shop*
      - { pattern: app.example.com, custom_domain: true }
      - example.org/*
  b:
    script: "export default {}"
    compatibility_date: 2026-10-01
    route: "*.example.com/*"
`[1:]))
	if len(list) > 0 {
		t.Fatal(list)
	}
	hosts := []string{"app.example.com", "example.com", "example.org", "www.example.com"}
	if diff := cmp.Diff(hosts, stack.HostsWithoutZone()); diff != "" {
		t.Error(diff)
	}
	for _, c := range stack.Scope() {
		if c.Kind == spec.KindRoute && c.Parent == "" {
			t.Error("the scope has routes of no zone")
		}
	}
	found := stack.ResolveZones(map[string]string{"app.example.com": "example.com", "example.com": "example.com", "www.example.com": "www.example.com"})
	if len(found) != 1 || found[0].Rule != spec.RuleDuplicateResource || found[0].Range.Line != 16 || len(found[0].Related) != 1 || found[0].Related[0].Range.Line != 8 {
		t.Errorf("%+v", found)
	}
	var addresses []string
	for _, r := range stack.Resources {
		if z, ok := r.(spec.Zoned); ok {
			addresses = append(addresses, r.Address().String()+" in "+z.ZoneOf())
		}
	}
	want := []string{
		"custom_domain/app.example.com in example.com",
		"route/example.org/* in ",
		"route/example.com/*.example.com/* in example.com",
		"route/www.example.com/WWW.example.com/shop* in www.example.com",
		"route/www.example.com/www.example.com/* in www.example.com",
	}
	if diff := cmp.Diff(want, addresses); diff != "" {
		t.Error(diff)
	}
	if left := stack.HostsWithoutZone(); len(left) != 1 || left[0] != "example.org" {
		t.Errorf("left: %v", left)
	}
}

// Addresses of what belongs to a Worker are listed by it, consumers all together.
func TestCollectionsOfAttached(t *testing.T) {
	for text, want := range map[string]spec.Collection{
		"cron_triggers/router":          {Kind: spec.KindCronTriggers, Parent: "router"},
		"worker_subdomain/router":       {Kind: spec.KindWorkerSubdomain, Parent: "router"},
		"custom_domain/app.example.com": {Kind: spec.KindCustomDomain},
		"queue_consumer/events/router":  {Kind: spec.KindQueueConsumer},
	} {
		a, err := spec.ParseAddress(text)
		if err != nil || a.String() != text || a.Collection() != want {
			t.Errorf("%s is %v of %v: %v", text, a, a.Collection(), err)
		}
	}
}
