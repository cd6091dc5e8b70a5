package api_test

import (
	"testing"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
)

func TestCustomDomains(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	zone := a.Zone("example.com")
	a.Zone("shop.example.com")
	a.Upload(emulatortest.Worker("site"), nil).OK()
	a.Upload(emulatortest.Worker("next"), nil).OK()
	const list = "/workers/domains"
	put := func(fields object) *emulatortest.Response {
		t.Helper()
		return a.JSON("PUT", list, fields)
	}
	created := put(object{"hostname": "app.example.com", "service": "site", "zone_id": zone, "environment": "production"}).Object()
	id := created["id"].(string)
	if created["hostname"] != "app.example.com" || created["service"] != "site" || created["zone_id"] != zone ||
		created["zone_name"] != "example.com" || created["environment"] != "production" || len(id) != 32 {
		t.Errorf("created %v", created)
	}
	if again := put(object{"hostname": "app.example.com", "service": "site", "zone_name": "example.com"}).Object()["id"]; again != id {
		t.Errorf("the same domain has the ids %s and %v", id, again)
	}

	// It moves to another Worker only on request.
	put(object{"hostname": "app.example.com", "service": "next"}).Fails(409, 100116)
	if moved := put(object{"hostname": "app.example.com", "service": "next", "override_existing_origin": true}).Object()["id"]; moved != id {
		t.Errorf("the domain had the id %s and has %v", id, moved)
	}
	// Without a zone, the longest one counts.
	if name := put(object{"hostname": "eu.shop.example.com", "service": "site"}).Object()["zone_name"]; name != "shop.example.com" {
		t.Errorf("the zone is %v", name)
	}
	for name, tt := range map[string]struct {
		fields object
		status int
		code   int
	}{
		"no hostname":    {object{"service": "site", "zone_id": zone}, 400, 100111},
		"a wildcard":     {object{"hostname": "*.example.com", "service": "site", "zone_id": zone}, 400, 100111},
		"another zone's": {object{"hostname": "example.org", "service": "site", "zone_id": zone}, 400, 100111},
		"unknown zone":   {object{"hostname": "example.org", "service": "site"}, 400, 100112},
		"unknown id":     {object{"hostname": "example.com", "service": "site", "zone_id": "none"}, 400, 100112},
		"unknown Worker": {object{"hostname": "example.com", "service": "none"}, 404, 10007},
	} {
		t.Run(name, func(t *testing.T) { put(tt.fields).Fails(tt.status, tt.code) })
	}
	a.JSON("PUT", list, "[]").Fails(400, 10006)

	count := func(query string, want int) {
		t.Helper()
		var domains []object
		a.Get(list + "?" + query).OK().Into(&domains)
		if len(domains) != want {
			t.Errorf("%d domains with %q, want %d", len(domains), query, want)
		}
	}
	count("", 2)
	count("hostname=app.example.com", 1)
	count("service=site&environment=production", 1)
	count("zone_name=example.com", 1)
	count("zone_id="+zone, 1)
	count("service=none", 0)

	a.Get(list + "/" + id).OK()
	a.JSON("DELETE", list+"/"+id, nil).OK()
	a.JSON("DELETE", list+"/"+id, nil).Fails(404, 100114)
	a.Get(list+"/"+id).Fails(404, 100114)

	// The others are deleted with their Worker.
	a.JSON("DELETE", emulatortest.Worker("site"), nil).OK()
	count("", 0)
}

// wrangler writes all routes of a Worker at once.
func TestRoutesOfAWorker(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	com, shop := a.Zone("example.com"), a.Zone("shop.example.com")
	a.Upload(emulatortest.Worker("router"), nil).OK()
	a.Upload(emulatortest.Worker("other"), nil).OK()
	a.JSON("POST", "/zones/"+com+"/workers/routes", object{"pattern": "example.com/taken", "script": "other"}).OK()
	a.JSON("POST", "/zones/"+com+"/workers/routes", object{"pattern": "example.com/old", "script": "router"}).OK()
	routes := emulatortest.Worker("router") + "/routes"
	a.JSON("PUT", routes, []any{
		object{"pattern": "*.example.com/*"}, object{"pattern": "*shop.example.com/*"},
		object{"pattern": "*/*", "zone_name": "example.com"}, object{"pattern": "example.com/x", "zone_id": com},
	}).OK().Is(`["*.example.com/*","*shop.example.com/*","*/*","example.com/x"]`)
	patterns := func(zone string, want int) {
		t.Helper()
		var list []object
		a.Get("/zones/" + zone + "/workers/routes").OK().Into(&list)
		if len(list) != want {
			t.Errorf("%d routes, want %d: %v", len(list), want, list)
		}
	}
	patterns(com, 4)
	patterns(shop, 1)
	a.JSON("PUT", routes, []any{object{"pattern": "example.com/taken"}}).Fails(409, 10020)
	a.JSON("PUT", routes, []any{object{"pattern": "example.org/*"}}).Fails(400, 100112)
	a.JSON("PUT", routes, []any{object{"pattern": "example.org/*", "zone_id": com}}).Fails(400, 10022)
	a.JSON("PUT", routes, "{}").Fails(400, 10006)
	a.JSON("PUT", emulatortest.Worker("none")+"/routes", "[]").Fails(404, 10007)
	patterns(com, 4) // the failed request changed nothing
	a.JSON("PUT", routes, "[]").OK().Is(`[]`)
	patterns(com, 1)
	patterns(shop, 0)
}

// A host without a zone gets one for its domain.
func TestEnsureZoneOf(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	a.Zone("eu.example.com")
	for _, host := range []string{"www.eu.example.com", "www.us.example.com", "deep.us.example.com", "example.org", "www.example.invalid"} {
		if err := a.EnsureZoneOf(a.ID, host); err != nil {
			t.Fatal(err)
		}
	}
	var zones []struct{ Name string }
	a.Get("/zones").OK().Into(&zones)
	if len(zones) != 3 || zones[0].Name != "eu.example.com" || zones[1].Name != "example.com" || zones[2].Name != "example.org" {
		t.Errorf("the zones are %v", zones)
	}
}
