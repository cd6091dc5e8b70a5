package api_test

import (
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
)

func TestCustomHostnames(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	zone := a.Zone("example.com")
	hostnames := "/zones/" + zone + "/custom_hostnames"
	ssl := object{"method": "http", "type": "dv"}
	post := func(hostname string, more object) *emulatortest.Response {
		t.Helper()
		body := object{"hostname": hostname, "ssl": ssl}
		for name, value := range more {
			body[name] = value
		}
		return a.JSON("POST", hostnames, body)
	}
	created := post("Shop.acme.dev", object{"custom_metadata": object{"tenant": 7, "beta": true}})
	if created.Status != 201 {
		t.Errorf("status %d", created.Status)
	}
	var view object
	created.Into(&view)
	id, certificate := view["id"].(string), view["ssl"].(object)
	if view["hostname"] != "shop.acme.dev" || view["status"] != "pending" || certificate["status"] != "pending_validation" || certificate["method"] != "http" || len(id) != 36 || len(certificate["id"].(string)) != 36 {
		t.Errorf("created %v", view)
	}
	post("shop.acme.dev", nil).Fails(409, 1406)
	for hostname, code := range map[string]int{
		"": 1407, "192.0.2.1": 1407, "a_b.acme.dev": 1407, "bücher.shop": 1408, "shop.test": 1409, "shop": 1410, "a.example.com": 1411, "example.org": 1411, "*.acme.dev": 1448,
	} {
		post(hostname, nil).Fails(400, code)
	}
	post("b.acme.dev", object{"ssl": object{"method": "dns", "type": "dv"}}).Fails(400, 1432)
	post("b.acme.dev", object{"ssl": object{"method": "http", "type": "ev"}}).Fails(400, 1433)
	post("b.acme.dev", object{"ssl": object{"method": "http"}}).Fails(400, 1440)
	post("b.acme.dev", object{"ssl": nil}).Fails(400, 1434)
	post("b.acme.dev", object{"custom_metadata": object{"x": strings.Repeat("x", 4096)}}).Fails(400, 1401)
	post("b.acme.dev", object{"custom_origin_server": "origin.example.com"}).Fails(400, 1421)
	a.JSON("POST", "/zones/"+zone+"/dns_records", object{"type": "AAAA", "name": "origin", "content": "100::"}).OK()
	if accepted := post("b.acme.dev", object{"custom_origin_server": "origin.example.com"}); accepted.Status != 201 {
		t.Errorf("status %d: %s", accepted.Status, accepted.Body)
	}

	// Metadata is replaced as a whole. A certificate is new only if it is
	// written again.
	one := hostnames + "/" + id
	if patched := a.JSON("PATCH", one, object{}); patched.Status != 202 {
		t.Errorf("status %d", patched.Status)
	}
	patch := func(body object) (view object) {
		t.Helper()
		a.JSON("PATCH", one, body).Into(&view)
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
	a.JSON("PATCH", one, object{"hostname": "other.acme.dev"}).Fails(409, 1439)

	for query, want := range map[string]int{"": 2, "hostname=shop.acme.dev": 1, "hostname.contain=acme": 2, "id=" + id: 1} {
		if got := a.Get(hostnames + "?" + query).OK().ResultInfo.TotalCount; got != want {
			t.Errorf("%d hostnames with %q, want %d", got, query, want)
		}
	}
	a.Get(hostnames+"?id="+id+"&hostname=x").Fails(400, 1438)
	a.Get(hostnames+"?per_page=51").Fails(400, 1400)

	a.ForTests().SetTrouble(api.Trouble{NoMetadata: true})
	a.JSON("PATCH", one, object{"custom_metadata": object{"a": 1}}).Fails(403, 1413)
	a.ForTests().SetTrouble(api.Trouble{NoSaaS: true})
	a.Get(hostnames).Fails(403, 1404)
	a.ForTests().SetTrouble(api.Trouble{})
	if deleted := a.JSON("DELETE", one, nil); deleted.Status != 200 || string(deleted.Body) != `{"id":"`+id+`"}` {
		t.Errorf("deleting it answered %d %s", deleted.Status, deleted.Body)
	}
	a.Get(one).Fails(404, 1436)
}
