package emulator_test

import (
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/internal/emulator"
)

func TestZones(t *testing.T) {
	a := open(t, emulator.Options{})
	id := a.zone("example.com")
	if a.zone("Example.com") != id {
		t.Error("a zone was created twice")
	}
	a.zone("example.org")
	if err := a.EnsureZone("other", "example.net"); err != nil {
		t.Fatal(err)
	}
	var zone struct {
		ID, Name, Status string
		Account          struct{ ID, Name string }
	}
	a.get("/zones/" + id).ok().into(&zone)
	if zone.ID != id || zone.Name != "example.com" || zone.Status != "active" || zone.Account.ID != a.id || zone.Account.Name != emulator.LocalAccountName {
		t.Errorf("the zone is %+v", zone)
	}
	a.get("/zones/"+strings.Repeat("0", 32)).fails(403, 9109)
	count := func(query string, want int) {
		t.Helper()
		if got := a.get("/zones?" + query).ok().ResultInfo.TotalCount; got != want {
			t.Errorf("%d zones with %q, want %d", got, query, want)
		}
	}
	count("", 3)
	count("name=example.com&account.id="+a.id+"&page=1&per_page=50", 1)
	count("name=example.com&account.id=other", 0)
	count("account.name=Local+account", 2)
	count("status=pending", 0)
	a.get("/zones?per_page=51").fails(400, 7003)
}

func TestRoutes(t *testing.T) {
	a := open(t, emulator.Options{})
	zone := a.zone("example.com")
	routes := "/zones/" + zone + "/workers/routes"
	a.upload(worker("router"), nil).ok()
	post := func(pattern, script string) *answer {
		t.Helper()
		return a.json("POST", routes, object{"pattern": pattern, "script": script})
	}
	created := post("*.example.com/*", "router").object()
	id := created["id"].(string)
	if created["pattern"] != "*.example.com/*" || created["script"] != "router" || len(id) != 32 {
		t.Errorf("created %v", created)
	}
	post("*.example.com/*", "").fails(409, 10020)
	post("example.com/*", "none").fails(400, 10019)
	a.json("POST", routes, "[]").fails(400, 10006)
	for _, pattern := range []string{
		"", "/", "/path", "https://", "other.com/*", "notexample.com/*", "*notexample.com/*", "example.com.evil.net/*", "a*.example.com/*",
		"*.*.example.com/*", "example.com/*/x", "example.com/**", "example.com/a?b", "example.com:80/*", "exa mple.com/*", "ftp://example.com/*",
	} {
		post(pattern, "router").fails(400, 10022)
	}
	for _, pattern := range []string{
		"example.com", "example.com*", "example.com/", "example.com/*", "Example.com/A", "https://example.com/*", "http://a.b.example.com/x*",
		"*example.com/*", "*.a.example.com/x", "*/*", "*",
	} {
		post(pattern, "router").ok()
	}
	excluded := post("example.com/static/*", "").ok()
	if strings.Contains(string(excluded.body), "script") {
		t.Errorf("the route without a Worker is %s", excluded.body)
	}
	a.json("POST", routes, object{"pattern": "example.com/null/*", "script": nil}).ok()

	a.get(routes + "/" + id).ok().is(`{"id":"` + id + `","pattern":"*.example.com/*","script":"router"}`)
	put := func(id, pattern, script string) *answer {
		t.Helper()
		return a.json("PUT", routes+"/"+id, object{"pattern": pattern, "script": script})
	}
	put(id, "*.example.com/new/*", "router").ok().is(`{"id":"` + id + `","pattern":"*.example.com/new/*","script":"router"}`)
	put(id, "example.com/*", "router").fails(409, 10020)
	put(id, "*.example.com/*", "none").fails(400, 10019)
	put(id, "bad", "router").fails(400, 10022)
	var list []struct{ ID, Pattern string }
	a.get(routes).ok().into(&list)
	if len(list) != 14 || list[0].Pattern != "*" {
		t.Errorf("the routes are %v", list)
	}
	a.json("DELETE", routes+"/"+id, nil).ok().is(`{"id":"` + id + `"}`)
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		a.json(method, routes+"/"+id, object{"pattern": "example.com/x"}).fails(404, 10009)
		a.json(method, "/zones/none/workers/routes/"+id, object{"pattern": "example.com/x"}).fails(403, 9109)
	}
	a.get("/zones/none/workers/routes").fails(403, 9109)
	// The Worker of a route is one of the zone's account.
	a.upload("/accounts/other"+worker("theirs"), nil).ok()
	post("example.com/theirs", "theirs").fails(400, 10019)
}
