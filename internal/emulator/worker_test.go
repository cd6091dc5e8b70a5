package emulator_test

import (
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/internal/emulator"
)

func TestWorkers(t *testing.T) {
	a := open(t, emulator.Options{})
	for _, path := range []string{"", "/content/v2", "/settings", "/secrets", "/script-settings", "/subdomain", "/schedules", "/versions", "/versions/x", "/deployments"} {
		a.get(worker("router")+path).fails(404, 10007)
	}
	a.json("DELETE", worker("router"), nil).fails(404, 10007)
	a.get("/workers/services/router").fails(404, 10090)
	a.json("DELETE", "/workers/services/router", nil).fails(404, 10090)
	a.get("/workers/workers/router").fails(404, 10007)

	a.upload(worker("router"), object{"tags": []string{"x"}}).ok()
	a.upload(worker("other"), nil).ok()
	if got := content(t, a.get(worker("router")).ok()); got["index.js"] != hello {
		t.Errorf("the code is %v", got)
	}
	v2 := a.get(worker("router") + "/content/v2").ok()
	if content(t, v2)["index.js"] != hello || v2.header.Get("Cf-Entrypoint") != "index.js" || v2.header.Get("Etag") == "" {
		t.Errorf("content/v2 is %s", v2.body)
	}

	zone := a.zone("example.com")
	a.json("POST", "/zones/"+zone+"/workers/routes", object{"pattern": "example.com/*", "script": "router"}).ok()
	var list []struct {
		ID     string
		Tags   []string
		Routes []struct{ ID, Pattern, Script string }
	}
	raw := a.get("/workers/scripts").ok().into(&list)
	if len(list) != 2 || list[0].ID != "other" || len(list[0].Routes) != 0 || strings.Count(string(raw.body), `"routes"`) != 1 ||
		list[1].Routes[0].Pattern != "example.com/*" || list[1].Routes[0].Script != "router" || len(list[1].Routes[0].ID) != 32 {
		t.Errorf("the list is %s", raw.body)
	}
	a.get("/workers/scripts?tags=x:yes").ok().into(&list)
	if len(list) != 1 || list[0].ID != "router" {
		t.Errorf("with the tag there is %v", list)
	}
	a.get("/workers/scripts?tags=x").fails(400, 10004)

	// The routes go with their Worker.
	a.json("DELETE", worker("router"), nil).ok().is("null")
	a.get("/zones/" + zone + "/workers/routes").ok().is("[]")
	a.get(worker("router")).fails(404, 10007)
}

func TestDeletingAReferencedWorker(t *testing.T) {
	a := open(t, emulator.Options{})
	a.namespace("prod")
	a.upload(worker("base"), object{"bindings": []any{object{"type": "service", "name": "ME", "service": "base"}}}).ok()
	a.upload(worker("router"), object{"bindings": []any{
		object{"type": "service", "name": "BASE", "service": "base"},
		object{"type": "plain_text", "name": "V", "text": "1"},
		object{"type": "dispatch_namespace", "name": "D", "namespace": "prod", "outbound": object{"worker": object{"service": "base"}}},
	}}).ok()
	tenant := script("prod", "acme")
	a.upload(tenant, object{"bindings": []any{object{"type": "service", "name": "BASE", "service": "base"}}}).ok()

	a.json("DELETE", worker("base"), nil).fails(400, 10142)
	a.json("DELETE", "/workers/services/base", nil).fails(400, 10142)

	// A binding that is gone does not hold it any longer, however it went.
	a.upload(tenant, nil).ok()
	a.json("DELETE", worker("base"), nil).fails(400, 10142)
	a.patch(worker("router")+"/settings", object{"bindings": []any{object{"type": "inherit", "name": "D"}, object{"type": "inherit", "name": "V"}}}).ok()
	a.json("DELETE", worker("base"), nil).fails(400, 10142)

	a.upload(tenant, object{"bindings": []any{object{"type": "service", "name": "BASE", "service": "base"}}}).ok()
	a.json("DELETE", worker("base")+"?force=true", nil).ok()
	if got := bindingNames(a, tenant); got != "" {
		t.Errorf("the user Worker is left with %s", got)
	}
	if got := a.get(worker("router") + "/settings").field("bindings"); got != `[{"name":"D","namespace":"prod","type":"dispatch_namespace"},{"name":"V","text":"1","type":"plain_text"}]` {
		t.Errorf("the router is left with %s", got)
	}
	// The names of Workers that begin alike are not mixed up.
	a.upload(worker("base"), nil).ok()
	a.upload(worker("base2"), nil).ok()
	a.upload(tenant, object{"bindings": []any{object{"type": "service", "name": "BASE", "service": "base2"}}}).ok()
	a.json("DELETE", worker("base"), nil).ok()
	a.json("DELETE", tenant, nil).ok()
	a.json("DELETE", worker("base2"), nil).ok()
}

func TestScriptSettings(t *testing.T) {
	a := open(t, emulator.Options{})
	a.upload(worker("router"), object{"tags": []string{"x"}, "compatibility_date": "2026-01-01"}).ok()
	path := worker("router") + "/script-settings"
	a.get(path).ok().is(`{"logpush":false,"tags":["x"],"tail_consumers":null}`)
	a.json("PATCH", path, object{"observability": object{"enabled": true}, "logpush": true, "compatibility_date": "2020-01-01"}).
		ok().is(`{"logpush":true,"tags":["x"],"tail_consumers":null,"observability":{"enabled":true}}`)
	a.json("PATCH", path, object{"tags": []string{}}).ok().is(`{"logpush":true,"tags":[],"tail_consumers":null,"observability":{"enabled":true}}`)
	a.json("PATCH", path, object{"tail_consumers": []any{object{"service": "none"}}}).fails(400, 10143)
	a.json("PATCH", path, "[]").fails(400, 10006)
	a.json("PATCH", worker("none")+"/script-settings", object{}).fails(404, 10007)
	if got := a.get(worker("router") + "/settings").field("compatibility_date"); got != `"2026-01-01"` {
		t.Errorf("the compatibility date is %s", got)
	}
	if got := len(versions(a, "router")); got != 1 {
		t.Errorf("there are %d versions", got)
	}
}

// versions returns the ids of a Worker's versions, newest first.
func versions(a *account, name string) []string {
	a.t.Helper()
	var list struct{ Items []struct{ ID string } }
	a.get(worker(name) + "/versions?per_page=100").ok().into(&list)
	var ids []string
	for _, item := range list.Items {
		ids = append(ids, item.ID)
	}
	return ids
}

func TestVersionsAndDeployments(t *testing.T) {
	a := open(t, emulator.Options{})
	path := worker("router")
	variable := func(value string) object {
		return object{"bindings": []any{object{"type": "plain_text", "name": "V", "text": value}}}
	}
	post := func(query string, metadata object, source string) *answer {
		t.Helper()
		metadata["main_module"] = "index.js"
		contentType, body := form(t, "metadata", metadata, js("index.js", source))
		return a.send("POST", path+"/versions"+query, contentType, body)
	}
	post("", object{}, hello).fails(404, 10007)

	first := a.upload(path, variable("one")).object()
	if ids := versions(a, "router"); len(ids) != 1 || ids[0] != first["deployment_id"] {
		t.Errorf("the versions are %v after the upload %v", ids, first["deployment_id"])
	}
	secondAnswer := post("", object{"bindings": []any{object{"type": "plain_text", "name": "V", "text": "two"}}, "annotations": object{"workers/tag": "v2"}}, "export default {queue(){}}").ok()
	var second struct {
		ID          string
		Number      int
		StartupTime int `json:"startup_time_ms"`
		Annotations map[string]string
		Resources   struct {
			Script struct {
				ETag     string
				Handlers []string
			}
			Bindings []object
		}
	}
	secondAnswer.into(&second)
	if second.Number != 2 || second.StartupTime != 1 || second.Annotations["workers/tag"] != "v2" || second.Resources.Script.ETag == "" ||
		second.Resources.Script.Handlers[0] != "queue" || second.Resources.Bindings[0]["text"] != "two" {
		t.Errorf("the version is %s", secondAnswer.body)
	}
	live := func(want string) {
		t.Helper()
		if got := a.get(path + "/settings").field("bindings"); !strings.Contains(got, `"`+want+`"`) {
			t.Errorf("live is %s, want %s", got, want)
		}
	}
	live("one") // uploading a version deploys nothing

	deploy := func(body object) *answer { t.Helper(); return a.json("POST", path+"/deployments", body) }
	share := func(id any, percentage float64) object { return object{"version_id": id, "percentage": percentage} }
	deployed := deploy(object{"strategy": "percentage", "versions": []any{share(second.ID, 100)}, "annotations": object{"workers/message": "m"}}).object()
	if deployed["strategy"] != "percentage" || deployed["id"] == "" {
		t.Errorf("deployed %v", deployed)
	}
	live("two")
	deploy(object{"strategy": "percentage", "versions": []any{share(second.ID, 10), share(first["deployment_id"], 90)}}).ok()
	live("one")
	if got := content(t, a.get(path)); got["index.js"] != hello {
		t.Errorf("the code is %v", got)
	}
	for _, body := range []object{
		{"strategy": "other", "versions": []any{share(second.ID, 100)}},
		{"strategy": "percentage", "versions": []any{}},
		{"strategy": "percentage", "versions": []any{share(second.ID, 99)}},
		{"strategy": "percentage", "versions": []any{share(second.ID, 50), share(second.ID, 25), share(second.ID, 25)}},
	} {
		deploy(body).fails(400, 10210)
	}
	deploy(object{"strategy": "percentage", "versions": []any{share("none", 100)}}).fails(404, 10071)
	a.json("POST", path+"/deployments", "[]").fails(400, 10006)
	a.json("POST", worker("none")+"/deployments", object{"strategy": "percentage", "versions": []any{share(second.ID, 100)}}).fails(404, 10007)

	var list struct {
		Deployments []struct {
			ID, Source string
			Versions   []object
		}
	}
	a.get(path + "/deployments").ok().into(&list)
	if len(list.Deployments) != 3 || len(list.Deployments[0].Versions) != 2 || list.Deployments[1].ID != deployed["id"] {
		t.Errorf("the deployments are %v", list.Deployments)
	}
	a.get(path + "/versions/" + second.ID).ok()
	a.get(path+"/versions/none").fails(404, 10071)

	// What a version inherits comes from the newest one, deployed or not.
	post("?bindings_inherit=strict", object{"bindings": []any{object{"type": "inherit", "name": "V"}}}, hello).ok()
	if got := a.get(path + "/versions/" + versions(a, "router")[0]).field("resources"); !strings.Contains(got, `"text":"two"`) {
		t.Errorf("the version inherited %s", got)
	}
	// Secrets and settings make versions, script-settings do not.
	before := len(versions(a, "router"))
	a.json("PUT", path+"/secrets", object{"name": "S", "text": "x"}).ok()
	a.patch(path+"/settings", object{"logpush": true}).ok()
	if got := len(versions(a, "router")); got != before+2 {
		t.Errorf("there are %d versions after %d", got, before)
	}
	// A Worker that is created again has no past.
	a.json("DELETE", path, nil).ok()
	a.upload(path, nil).ok()
	if got := len(versions(a, "router")); got != 1 {
		t.Errorf("the new Worker has %d versions", got)
	}
	for range 120 {
		a.upload(path, nil).ok()
	}
	if got := len(versions(a, "router")); got != 100 {
		t.Errorf("%d versions are kept", got)
	}
	a.get(path+"/versions?per_page=1000").fails(400, 10004)
}

func TestSubdomainsAndSchedules(t *testing.T) {
	a := open(t, emulator.Options{})
	a.upload(worker("router"), nil).ok()
	path := worker("router") + "/subdomain"
	a.get(path).ok().is(`{"enabled":false,"previews_enabled":false}`)
	a.json("POST", path, object{"enabled": true}).ok().is(`{"enabled":true,"previews_enabled":true}`)
	a.json("POST", path, object{"enabled": true, "previews_enabled": false}).ok().is(`{"enabled":true,"previews_enabled":false}`)
	a.upload(worker("router"), nil).ok() // an upload has no say in it
	if got := a.get("/workers/workers/router").field("subdomain"); got != `{"enabled":true,"previews_enabled":false}` {
		t.Errorf("the Worker's subdomain is %s", got)
	}
	a.json("DELETE", path, nil).ok().is(`{"enabled":false,"previews_enabled":false}`)
	a.json("POST", path, object{}).fails(400, 10003)
	a.json("POST", path, "1").fails(400, 10006)

	a.get("/workers/subdomain").ok().is(`{"subdomain":"local-10ca1000"}`)
	a.json("PUT", "/workers/subdomain", object{"subdomain": "mine"}).ok().is(`{"subdomain":"mine"}`)
	a.get("/workers/subdomain").ok().is(`{"subdomain":"mine"}`)
	a.json("PUT", "/accounts/other/workers/subdomain", object{"subdomain": "mine"}).fails(409, 10031)
	a.json("PUT", "/workers/subdomain", object{"subdomain": "not valid"}).fails(400, 10032)
	a.json("DELETE", "/workers/subdomain", nil).ok().is("null")
	a.get("/workers/subdomain").fails(404, 10007)

	path = worker("router") + "/schedules"
	a.get(path).ok().is(`{"schedules":[]}`)
	var first, second struct {
		Schedules []struct {
			Cron      string
			CreatedOn string `json:"created_on"`
		}
	}
	a.json("PUT", path, []object{{"cron": "0 * * * *"}}).ok().into(&first)
	a.json("PUT", path, []object{{"cron": "*/5 * * * *"}, {"cron": "0 * * * *"}}).ok().into(&second)
	if len(second.Schedules) != 2 || second.Schedules[1] != first.Schedules[0] {
		t.Errorf("the schedules went from %v to %v", first, second)
	}
	a.json("PUT", path, []object{{"cron": "daily"}}).fails(400, 10004)
	a.json("PUT", path, object{}).fails(400, 10006)
}
