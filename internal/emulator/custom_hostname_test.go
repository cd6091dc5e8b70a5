package emulator_test

import (
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
)

func TestCustomHostnames(t *testing.T) {
	a := open(t, emulator.Options{})
	zone := a.zone("example.com")
	hostnames := "/zones/" + zone + "/custom_hostnames"
	ssl := object{"method": "http", "type": "dv"}
	post := func(hostname string, more object) *answer {
		t.Helper()
		body := object{"hostname": hostname, "ssl": ssl}
		for name, value := range more {
			body[name] = value
		}
		return a.json("POST", hostnames, body)
	}
	created := post("Shop.acme.dev", object{"custom_metadata": object{"tenant": 7, "beta": true}})
	if created.status != 201 {
		t.Errorf("status %d", created.status)
	}
	var view object
	created.into(&view)
	id, certificate := view["id"].(string), view["ssl"].(object)
	if view["hostname"] != "shop.acme.dev" || view["status"] != "pending" || certificate["status"] != "pending_validation" || certificate["method"] != "http" || len(id) != 36 || len(certificate["id"].(string)) != 36 {
		t.Errorf("created %v", view)
	}
	post("shop.acme.dev", nil).fails(409, 1406)
	for hostname, code := range map[string]int{
		"": 1407, "192.0.2.1": 1407, "a_b.acme.dev": 1407, "bücher.shop": 1408, "shop.test": 1409, "shop": 1410, "a.example.com": 1411, "example.org": 1411, "*.acme.dev": 1448,
	} {
		post(hostname, nil).fails(400, code)
	}
	post("b.acme.dev", object{"ssl": object{"method": "dns", "type": "dv"}}).fails(400, 1432)
	post("b.acme.dev", object{"ssl": object{"method": "http", "type": "ev"}}).fails(400, 1433)
	post("b.acme.dev", object{"ssl": object{"method": "http"}}).fails(400, 1440)
	post("b.acme.dev", object{"ssl": nil}).fails(400, 1434)
	post("b.acme.dev", object{"custom_metadata": object{"x": strings.Repeat("x", 4096)}}).fails(400, 1401)
	post("b.acme.dev", object{"custom_origin_server": "origin.example.com"}).fails(400, 1421)
	a.json("POST", "/zones/"+zone+"/dns_records", object{"type": "AAAA", "name": "origin", "content": "100::"}).ok()
	if accepted := post("b.acme.dev", object{"custom_origin_server": "origin.example.com"}); accepted.status != 201 {
		t.Errorf("status %d: %s", accepted.status, accepted.body)
	}

	// Metadata is replaced as a whole, and only a certificate that is written anew is a new one.
	one := hostnames + "/" + id
	if patched := a.json("PATCH", one, object{}); patched.status != 202 {
		t.Errorf("status %d", patched.status)
	}
	patch := func(body object) (view object) {
		t.Helper()
		a.json("PATCH", one, body).into(&view)
		return view
	}
	if view := patch(object{"custom_metadata": object{"tenant": "8"}}); len(view["custom_metadata"].(object)) != 1 || view["ssl"].(object)["id"] != certificate["id"] {
		t.Errorf("patched %v", view)
	}
	if view := patch(object{"ssl": object{"method": "txt", "type": "dv"}}); view["ssl"].(object)["id"] == certificate["id"] || view["ssl"].(object)["method"] != "txt" {
		t.Errorf("patched %v", view)
	}
	if view := patch(object{"custom_metadata": object{}}); view["custom_metadata"] != nil {
		t.Errorf("emptied %v", view)
	}
	a.json("PATCH", one, object{"hostname": "other.acme.dev"}).fails(409, 1439)

	for query, want := range map[string]int{"": 2, "hostname=shop.acme.dev": 1, "hostname.contain=acme": 2, "id=" + id: 1} {
		if got := a.get(hostnames + "?" + query).ok().ResultInfo.TotalCount; got != want {
			t.Errorf("%d hostnames with %q, want %d", got, query, want)
		}
	}
	a.get(hostnames+"?id="+id+"&hostname=x").fails(400, 1438)
	a.get(hostnames+"?per_page=51").fails(400, 1400)

	a.ForTests().SetTrouble(api.Trouble{NoMetadata: true})
	a.json("PATCH", one, object{"custom_metadata": object{"a": 1}}).fails(403, 1413)
	a.ForTests().SetTrouble(api.Trouble{NoSaaS: true})
	a.get(hostnames).fails(403, 1404)
	a.ForTests().SetTrouble(api.Trouble{})
	if deleted := a.json("DELETE", one, nil); deleted.status != 200 || string(deleted.body) != `{"id":"`+id+`"}` {
		t.Errorf("deleting it answered %d %s", deleted.status, deleted.body)
	}
	a.get(one).fails(404, 1436)
}
