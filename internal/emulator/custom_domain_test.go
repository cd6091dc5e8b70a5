package emulator_test

import (
	"testing"

	"github.com/wfpsync/wfpsync/internal/emulator"
)

func TestCustomDomains(t *testing.T) {
	a := open(t, emulator.Options{})
	zone := a.zone("example.com")
	a.zone("shop.example.com")
	a.upload(worker("site"), nil).ok()
	a.upload(worker("next"), nil).ok()
	const list = "/workers/domains"
	put := func(fields object) *answer {
		t.Helper()
		return a.json("PUT", list, fields)
	}
	created := put(object{"hostname": "app.example.com", "service": "site", "zone_id": zone, "environment": "production"}).object()
	id := created["id"].(string)
	if created["hostname"] != "app.example.com" || created["service"] != "site" || created["zone_id"] != zone ||
		created["zone_name"] != "example.com" || created["environment"] != "production" || len(id) != 32 {
		t.Errorf("created %v", created)
	}
	if again := put(object{"hostname": "app.example.com", "service": "site", "zone_name": "example.com"}).object()["id"]; again != id {
		t.Errorf("the same domain has the ids %s and %v", id, again)
	}

	// Another Worker gets it only when that is meant.
	put(object{"hostname": "app.example.com", "service": "next"}).fails(409, 100116)
	if moved := put(object{"hostname": "app.example.com", "service": "next", "override_existing_origin": true}).object()["id"]; moved != id {
		t.Errorf("the domain had the id %s and has %v", id, moved)
	}
	// Without a zone, it is the longest one.
	if name := put(object{"hostname": "eu.shop.example.com", "service": "site"}).object()["zone_name"]; name != "shop.example.com" {
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
		t.Run(name, func(t *testing.T) { put(tt.fields).fails(tt.status, tt.code) })
	}
	a.json("PUT", list, "[]").fails(400, 10006)

	count := func(query string, want int) {
		t.Helper()
		var domains []object
		a.get(list + "?" + query).ok().into(&domains)
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

	a.get(list + "/" + id).ok()
	a.json("DELETE", list+"/"+id, nil).ok()
	a.json("DELETE", list+"/"+id, nil).fails(404, 100114)
	a.get(list+"/"+id).fails(404, 100114)

	// The rest goes with its Worker.
	a.json("DELETE", worker("site"), nil).ok()
	count("", 0)
}

// wrangler writes all routes of a Worker at once.
func TestRoutesOfAWorker(t *testing.T) {
	a := open(t, emulator.Options{})
	com, shop := a.zone("example.com"), a.zone("shop.example.com")
	a.upload(worker("router"), nil).ok()
	a.upload(worker("other"), nil).ok()
	a.json("POST", "/zones/"+com+"/workers/routes", object{"pattern": "example.com/taken", "script": "other"}).ok()
	a.json("POST", "/zones/"+com+"/workers/routes", object{"pattern": "example.com/old", "script": "router"}).ok()
	routes := worker("router") + "/routes"
	a.json("PUT", routes, []any{
		object{"pattern": "*.example.com/*"}, object{"pattern": "*shop.example.com/*"},
		object{"pattern": "*/*", "zone_name": "example.com"}, object{"pattern": "example.com/x", "zone_id": com},
	}).ok().is(`["*.example.com/*","*shop.example.com/*","*/*","example.com/x"]`)
	patterns := func(zone string, want int) {
		t.Helper()
		var list []object
		a.get("/zones/" + zone + "/workers/routes").ok().into(&list)
		if len(list) != want {
			t.Errorf("%d routes, want %d: %v", len(list), want, list)
		}
	}
	patterns(com, 4)
	patterns(shop, 1)
	a.json("PUT", routes, []any{object{"pattern": "example.com/taken"}}).fails(409, 10020)
	a.json("PUT", routes, []any{object{"pattern": "example.org/*"}}).fails(400, 100112)
	a.json("PUT", routes, []any{object{"pattern": "example.org/*", "zone_id": com}}).fails(400, 10022)
	a.json("PUT", routes, "{}").fails(400, 10006)
	a.json("PUT", worker("none")+"/routes", "[]").fails(404, 10007)
	patterns(com, 4) // what failed changed nothing
	a.json("PUT", routes, "[]").ok().is(`[]`)
	patterns(com, 1)
	patterns(shop, 0)
}

// A host without a zone gets one for its domain.
func TestEnsureZoneOf(t *testing.T) {
	a := open(t, emulator.Options{})
	a.zone("eu.example.com")
	for _, host := range []string{"www.eu.example.com", "www.us.example.com", "deep.us.example.com", "example.org", "www.example.invalid"} {
		if err := a.EnsureZoneOf(a.id, host); err != nil {
			t.Fatal(err)
		}
	}
	var zones []struct{ Name string }
	a.get("/zones").ok().into(&zones)
	if len(zones) != 3 || zones[0].Name != "eu.example.com" || zones[1].Name != "example.com" || zones[2].Name != "example.org" {
		t.Errorf("the zones are %v", zones)
	}
}
