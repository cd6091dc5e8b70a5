package api_test

import (
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
)

func TestZones(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	id := a.Zone("example.com")
	if a.Zone("Example.com") != id {
		t.Error("a zone was created twice")
	}
	a.Zone("example.org")
	if err := a.EnsureZone("other", "example.net"); err != nil {
		t.Fatal(err)
	}
	var zone struct {
		ID, Name, Status string
		Account          struct{ ID, Name string }
	}
	a.Get("/zones/" + id).OK().Into(&zone)
	if zone.ID != id || zone.Name != "example.com" || zone.Status != "active" || zone.Account.ID != a.ID || zone.Account.Name != emulator.LocalAccountName {
		t.Errorf("the zone is %+v", zone)
	}
	a.Get("/zones/"+strings.Repeat("0", 32)).Fails(403, 9109)
	count := func(query string, want int) {
		t.Helper()
		if got := a.Get("/zones?" + query).OK().ResultInfo.TotalCount; got != want {
			t.Errorf("%d zones with %q, want %d", got, query, want)
		}
	}
	count("", 3)
	count("name=example.com&account.id="+a.ID+"&page=1&per_page=50", 1)
	count("name=example.com&account.id=other", 0)
	count("account.name=Local+account", 2)
	count("status=pending", 0)
	a.Get("/zones?per_page=51").Fails(400, 7003)
}

func TestRoutes(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	zone := a.Zone("example.com")
	routes := "/zones/" + zone + "/workers/routes"
	a.Upload(emulatortest.Worker("router"), nil).OK()
	post := func(pattern, script string) *emulatortest.Response {
		t.Helper()
		return a.JSON("POST", routes, object{"pattern": pattern, "script": script})
	}
	created := post("*.example.com/*", "router").Object()
	id := created["id"].(string)
	if created["pattern"] != "*.example.com/*" || created["script"] != "router" || len(id) != 32 {
		t.Errorf("created %v", created)
	}
	post("*.example.com/*", "").Fails(409, 10020)
	post("example.com/*", "none").Fails(400, 10019)
	a.JSON("POST", routes, "[]").Fails(400, 10006)
	for _, pattern := range []string{
		"", "/", "/path", "https://", "other.com/*", "notexample.com/*", "*notexample.com/*", "example.com.evil.net/*", "a*.example.com/*",
		"*.*.example.com/*", "example.com/*/x", "example.com/**", "example.com/a?b", "example.com:80/*", "exa mple.com/*", "ftp://example.com/*",
	} {
		post(pattern, "router").Fails(400, 10022)
	}
	for _, pattern := range []string{
		"example.com", "example.com*", "example.com/", "example.com/*", "Example.com/A", "https://example.com/*", "http://a.b.example.com/x*",
		"*example.com/*", "*.a.example.com/x", "*/*", "*",
	} {
		post(pattern, "router").OK()
	}
	excluded := post("example.com/static/*", "").OK()
	if strings.Contains(string(excluded.Body), "script") {
		t.Errorf("the route without a Worker is %s", excluded.Body)
	}
	a.JSON("POST", routes, object{"pattern": "example.com/null/*", "script": nil}).OK()

	a.Get(routes + "/" + id).OK().Is(`{"id":"` + id + `","pattern":"*.example.com/*","script":"router"}`)
	put := func(id, pattern, script string) *emulatortest.Response {
		t.Helper()
		return a.JSON("PUT", routes+"/"+id, object{"pattern": pattern, "script": script})
	}
	put(id, "*.example.com/new/*", "router").OK().Is(`{"id":"` + id + `","pattern":"*.example.com/new/*","script":"router"}`)
	put(id, "example.com/*", "router").Fails(409, 10020)
	put(id, "*.example.com/*", "none").Fails(400, 10019)
	put(id, "bad", "router").Fails(400, 10022)
	var list []struct{ ID, Pattern string }
	a.Get(routes).OK().Into(&list)
	if len(list) != 14 || list[0].Pattern != "*" {
		t.Errorf("the routes are %v", list)
	}
	a.JSON("DELETE", routes+"/"+id, nil).OK().Is(`{"id":"` + id + `"}`)
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		a.JSON(method, routes+"/"+id, object{"pattern": "example.com/x"}).Fails(404, 10009)
		a.JSON(method, "/zones/none/workers/routes/"+id, object{"pattern": "example.com/x"}).Fails(403, 9109)
	}
	a.Get("/zones/none/workers/routes").Fails(403, 9109)
	// The Worker of a route belongs to the zone's account.
	a.Upload("/accounts/other"+emulatortest.Worker("theirs"), nil).OK()
	post("example.com/theirs", "theirs").Fails(400, 10019)
}
