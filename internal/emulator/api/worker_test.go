package api_test

import (
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
)

// object is a JSON object.
type object = map[string]any

func TestWorkers(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	for _, path := range []string{"", "/content/v2", "/settings", "/secrets", "/script-settings", "/subdomain", "/schedules", "/versions", "/versions/x", "/deployments"} {
		a.Get(emulatortest.Worker("router")+path).Fails(404, 10007)
	}
	a.JSON("DELETE", emulatortest.Worker("router"), nil).Fails(404, 10007)
	a.Get("/workers/services/router").Fails(404, 10090)
	a.JSON("DELETE", "/workers/services/router", nil).Fails(404, 10090)
	a.Get("/workers/workers/router").Fails(404, 10007)

	a.Upload(emulatortest.Worker("router"), object{"tags": []string{"x"}}).OK()
	a.Upload(emulatortest.Worker("other"), nil).OK()
	if got := content(t, a.Get(emulatortest.Worker("router")).OK()); got["index.js"] != emulatortest.Hello {
		t.Errorf("the code is %v", got)
	}
	v2 := a.Get(emulatortest.Worker("router") + "/content/v2").OK()
	if content(t, v2)["index.js"] != emulatortest.Hello || v2.Header.Get("Cf-Entrypoint") != "index.js" || v2.Header.Get("Etag") == "" {
		t.Errorf("content/v2 is %s", v2.Body)
	}

	zone := a.Zone("example.com")
	a.JSON("POST", "/zones/"+zone+"/workers/routes", object{"pattern": "example.com/*", "script": "router"}).OK()
	var list []struct {
		ID     string
		Tags   []string
		Routes []struct{ ID, Pattern, Script string }
	}
	raw := a.Get("/workers/scripts").OK().Into(&list)
	if len(list) != 2 || list[0].ID != "other" || len(list[0].Routes) != 0 || strings.Count(string(raw.Body), `"routes"`) != 1 ||
		list[1].Routes[0].Pattern != "example.com/*" || list[1].Routes[0].Script != "router" || len(list[1].Routes[0].ID) != 32 {
		t.Errorf("the list is %s", raw.Body)
	}
	a.Get("/workers/scripts?tags=x:yes").OK().Into(&list)
	if len(list) != 1 || list[0].ID != "router" {
		t.Errorf("with the tag there is %v", list)
	}
	a.Get("/workers/scripts?tags=x").Fails(400, 10004)

	// The routes are deleted with their Worker.
	a.JSON("DELETE", emulatortest.Worker("router"), nil).OK().Is("null")
	a.Get("/zones/" + zone + "/workers/routes").OK().Is("[]")
	a.Get(emulatortest.Worker("router")).Fails(404, 10007)
}

func TestDeletingAReferencedWorker(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	a.Namespace("prod")
	a.Upload(emulatortest.Worker("base"), object{"bindings": []any{object{"type": "service", "name": "ME", "service": "base"}}}).OK()
	a.Upload(emulatortest.Worker("router"), object{"bindings": []any{
		object{"type": "service", "name": "BASE", "service": "base"},
		object{"type": "plain_text", "name": "V", "text": "1"},
		object{"type": "dispatch_namespace", "name": "D", "namespace": "prod", "outbound": object{"worker": object{"service": "base"}}},
	}}).OK()
	tenant := emulatortest.Script("prod", "acme")
	a.Upload(tenant, object{"bindings": []any{object{"type": "service", "name": "BASE", "service": "base"}}}).OK()

	a.JSON("DELETE", emulatortest.Worker("base"), nil).Fails(400, 10142)
	a.JSON("DELETE", "/workers/services/base", nil).Fails(400, 10142)

	// A Worker can be deleted once a binding to it is removed, however that
	// happened.
	a.Upload(tenant, nil).OK()
	a.JSON("DELETE", emulatortest.Worker("base"), nil).Fails(400, 10142)
	a.Patch(emulatortest.Worker("router")+"/settings", object{"bindings": []any{object{"type": "inherit", "name": "D"}, object{"type": "inherit", "name": "V"}}}).OK()
	a.JSON("DELETE", emulatortest.Worker("base"), nil).Fails(400, 10142)

	a.Upload(tenant, object{"bindings": []any{object{"type": "service", "name": "BASE", "service": "base"}}}).OK()
	a.JSON("DELETE", emulatortest.Worker("base")+"?force=true", nil).OK()
	if got := bindingNames(a, tenant); got != "" {
		t.Errorf("the user Worker is left with %s", got)
	}
	if got := a.Get(emulatortest.Worker("router") + "/settings").Field("bindings"); got != `[{"name":"D","namespace":"prod","type":"dispatch_namespace"},{"name":"V","text":"1","type":"plain_text"}]` {
		t.Errorf("the router is left with %s", got)
	}
	// Workers whose names begin alike are not confused.
	a.Upload(emulatortest.Worker("base"), nil).OK()
	a.Upload(emulatortest.Worker("base2"), nil).OK()
	a.Upload(tenant, object{"bindings": []any{object{"type": "service", "name": "BASE", "service": "base2"}}}).OK()
	a.JSON("DELETE", emulatortest.Worker("base"), nil).OK()
	a.JSON("DELETE", tenant, nil).OK()
	a.JSON("DELETE", emulatortest.Worker("base2"), nil).OK()
}

func TestScriptSettings(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	a.Upload(emulatortest.Worker("router"), object{"tags": []string{"x"}, "compatibility_date": "2026-01-01"}).OK()
	path := emulatortest.Worker("router") + "/script-settings"
	a.Get(path).OK().Is(`{"logpush":false,"tags":["x"],"tail_consumers":null}`)
	a.JSON("PATCH", path, object{"observability": object{"enabled": true}, "logpush": true, "compatibility_date": "2020-01-01"}).
		OK().Is(`{"logpush":true,"tags":["x"],"tail_consumers":null,"observability":{"enabled":true}}`)
	a.JSON("PATCH", path, object{"tags": []string{}}).OK().Is(`{"logpush":true,"tags":[],"tail_consumers":null,"observability":{"enabled":true}}`)
	a.JSON("PATCH", path, object{"tail_consumers": []any{object{"service": "none"}}}).Fails(400, 10143)
	a.JSON("PATCH", path, "[]").Fails(400, 10006)
	a.JSON("PATCH", emulatortest.Worker("none")+"/script-settings", object{}).Fails(404, 10007)
	if got := a.Get(emulatortest.Worker("router") + "/settings").Field("compatibility_date"); got != `"2026-01-01"` {
		t.Errorf("the compatibility date is %s", got)
	}
	if got := len(versions(a, "router")); got != 1 {
		t.Errorf("there are %d versions", got)
	}
}

// versions returns the ids of a Worker's versions, newest first.
func versions(a *emulatortest.Account, name string) []string {
	a.T.Helper()
	var list struct{ Items []struct{ ID string } }
	a.Get(emulatortest.Worker(name) + "/versions?per_page=100").OK().Into(&list)
	var ids []string
	for _, item := range list.Items {
		ids = append(ids, item.ID)
	}
	return ids
}

func TestVersionsAndDeployments(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	path := emulatortest.Worker("router")
	variable := func(value string) object {
		return object{"bindings": []any{object{"type": "plain_text", "name": "V", "text": value}}}
	}
	post := func(query string, metadata object, source string) *emulatortest.Response {
		t.Helper()
		metadata["main_module"] = "index.js"
		contentType, body := emulatortest.Form(t, "metadata", metadata, emulatortest.JS("index.js", source))
		return a.Send("POST", path+"/versions"+query, contentType, body)
	}
	post("", object{}, emulatortest.Hello).Fails(404, 10007)

	first := a.Upload(path, variable("one")).Object()
	if ids := versions(a, "router"); len(ids) != 1 || ids[0] != first["deployment_id"] {
		t.Errorf("the versions are %v after the upload %v", ids, first["deployment_id"])
	}
	secondAnswer := post("", object{"bindings": []any{object{"type": "plain_text", "name": "V", "text": "two"}}, "annotations": object{"workers/tag": "v2"}}, "export default {queue(){}}").OK()
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
	secondAnswer.Into(&second)
	if second.Number != 2 || second.StartupTime != 1 || second.Annotations["workers/tag"] != "v2" || second.Resources.Script.ETag == "" ||
		second.Resources.Script.Handlers[0] != "queue" || second.Resources.Bindings[0]["text"] != "two" {
		t.Errorf("the version is %s", secondAnswer.Body)
	}
	live := func(want string) {
		t.Helper()
		if got := a.Get(path + "/settings").Field("bindings"); !strings.Contains(got, `"`+want+`"`) {
			t.Errorf("live is %s, want %s", got, want)
		}
	}
	live("one") // uploading a version deploys nothing

	deploy := func(body object) *emulatortest.Response { t.Helper(); return a.JSON("POST", path+"/deployments", body) }
	share := func(id any, percentage float64) object { return object{"version_id": id, "percentage": percentage} }
	deployed := deploy(object{"strategy": "percentage", "versions": []any{share(second.ID, 100)}, "annotations": object{"workers/message": "m"}}).Object()
	if deployed["strategy"] != "percentage" || deployed["id"] == "" {
		t.Errorf("deployed %v", deployed)
	}
	live("two")
	deploy(object{"strategy": "percentage", "versions": []any{share(second.ID, 10), share(first["deployment_id"], 90)}}).OK()
	live("one")
	if got := content(t, a.Get(path)); got["index.js"] != emulatortest.Hello {
		t.Errorf("the code is %v", got)
	}
	for _, body := range []object{
		{"strategy": "other", "versions": []any{share(second.ID, 100)}},
		{"strategy": "percentage", "versions": []any{}},
		{"strategy": "percentage", "versions": []any{share(second.ID, 99)}},
		{"strategy": "percentage", "versions": []any{share(second.ID, 50), share(second.ID, 25), share(second.ID, 25)}},
	} {
		deploy(body).Fails(400, 10210)
	}
	deploy(object{"strategy": "percentage", "versions": []any{share("none", 100)}}).Fails(404, 10071)
	a.JSON("POST", path+"/deployments", "[]").Fails(400, 10006)
	a.JSON("POST", emulatortest.Worker("none")+"/deployments", object{"strategy": "percentage", "versions": []any{share(second.ID, 100)}}).Fails(404, 10007)

	var list struct {
		Deployments []struct {
			ID, Source string
			Versions   []object
		}
	}
	a.Get(path + "/deployments").OK().Into(&list)
	if len(list.Deployments) != 3 || len(list.Deployments[0].Versions) != 2 || list.Deployments[1].ID != deployed["id"] {
		t.Errorf("the deployments are %v", list.Deployments)
	}
	a.Get(path + "/versions/" + second.ID).OK()
	a.Get(path+"/versions/none").Fails(404, 10071)

	// A version inherits from the newest one, deployed or not.
	post("?bindings_inherit=strict", object{"bindings": []any{object{"type": "inherit", "name": "V"}}}, emulatortest.Hello).OK()
	if got := a.Get(path + "/versions/" + versions(a, "router")[0]).Field("resources"); !strings.Contains(got, `"text":"two"`) {
		t.Errorf("the version inherited %s", got)
	}
	// Secrets and settings make versions, script-settings do not.
	before := len(versions(a, "router"))
	a.JSON("PUT", path+"/secrets", object{"name": "S", "text": "x"}).OK()
	a.Patch(path+"/settings", object{"logpush": true}).OK()
	if got := len(versions(a, "router")); got != before+2 {
		t.Errorf("there are %d versions after %d", got, before)
	}
	// A Worker that is created again has no old versions.
	a.JSON("DELETE", path, nil).OK()
	a.Upload(path, nil).OK()
	if got := len(versions(a, "router")); got != 1 {
		t.Errorf("the new Worker has %d versions", got)
	}
	for range 120 {
		a.Upload(path, nil).OK()
	}
	if got := len(versions(a, "router")); got != 100 {
		t.Errorf("%d versions are kept", got)
	}
	a.Get(path+"/versions?per_page=1000").Fails(400, 10004)
}

func TestSubdomainsAndSchedules(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	a.Upload(emulatortest.Worker("router"), nil).OK()
	path := emulatortest.Worker("router") + "/subdomain"
	a.Get(path).OK().Is(`{"enabled":false,"previews_enabled":false}`)
	a.JSON("POST", path, object{"enabled": true}).OK().Is(`{"enabled":true,"previews_enabled":true}`)
	a.JSON("POST", path, object{"enabled": true, "previews_enabled": false}).OK().Is(`{"enabled":true,"previews_enabled":false}`)
	a.Upload(emulatortest.Worker("router"), nil).OK() // an upload does not change it
	if got := a.Get("/workers/workers/router").Field("subdomain"); got != `{"enabled":true,"previews_enabled":false}` {
		t.Errorf("the Worker's subdomain is %s", got)
	}
	a.JSON("DELETE", path, nil).OK().Is(`{"enabled":false,"previews_enabled":false}`)
	a.JSON("POST", path, object{}).Fails(400, 10003)
	a.JSON("POST", path, "1").Fails(400, 10006)

	a.Get("/workers/subdomain").OK().Is(`{"subdomain":"local-10ca1000"}`)
	a.JSON("PUT", "/workers/subdomain", object{"subdomain": "mine"}).OK().Is(`{"subdomain":"mine"}`)
	a.Get("/workers/subdomain").OK().Is(`{"subdomain":"mine"}`)
	a.JSON("PUT", "/accounts/other/workers/subdomain", object{"subdomain": "mine"}).Fails(409, 10031)
	a.JSON("PUT", "/workers/subdomain", object{"subdomain": "not valid"}).Fails(400, 10032)
	a.JSON("DELETE", "/workers/subdomain", nil).OK().Is("null")
	a.Get("/workers/subdomain").Fails(404, 10007)

	path = emulatortest.Worker("router") + "/schedules"
	a.Get(path).OK().Is(`{"schedules":[]}`)
	var first, second struct {
		Schedules []struct {
			Cron      string
			CreatedOn string `json:"created_on"`
		}
	}
	a.JSON("PUT", path, []object{{"cron": "0 * * * *"}}).OK().Into(&first)
	a.JSON("PUT", path, []object{{"cron": "*/5 * * * *"}, {"cron": "0 * * * *"}}).OK().Into(&second)
	if len(second.Schedules) != 2 || second.Schedules[1] != first.Schedules[0] {
		t.Errorf("the schedules went from %v to %v", first, second)
	}
	a.JSON("PUT", path, []object{{"cron": "daily"}}).Fails(400, 10004)
	a.JSON("PUT", path, object{}).Fails(400, 10006)
}
