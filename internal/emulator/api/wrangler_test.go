package api_test

import (
	"fmt"
	"testing"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
)

// The tests in this file send what wrangler 4.164.0 sends, and check what it
// needs in the responses.

var sourceMap = emulatortest.Part("index.js.map", "index.js.map", "application/source-map", `{"version":3}`)

// wranglerUpload sends wrangler's form: a plain metadata field, the bundle and
// its source map.
func wranglerUpload(a *emulatortest.Account, method, path string, more object) *emulatortest.Response {
	a.T.Helper()
	metadata := object{
		"main_module": "index.js", "bindings": []any{}, "compatibility_date": "2026-01-01", "compatibility_flags": []string{},
		"code_update_strategy": object{"mode": "deferred", "max_delay": 300}, "keep_bindings": []string{"secret_text", "secret_key"},
	}
	for name, value := range more {
		metadata[name] = value
	}
	contentType, body := emulatortest.Form(a.T, "metadata", metadata, emulatortest.JS("index.js", emulatortest.Hello), sourceMap)
	return a.Send(method, path, contentType, body, "User-Agent", "wrangler/4.164.0")
}

func TestWranglerDeployIntoNamespace(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	a.Get(emulatortest.Script("prod", "tenant-a")).Fails(404, 100119)
	if got := a.JSON("POST", "/workers/dispatch/namespaces", object{"name": "prod"}).Field("namespace_id"); len(got) != 38 {
		t.Errorf("namespace_id is %s", got)
	}
	a.Get(emulatortest.Script("prod", "tenant-a")).Fails(404, 10092)
	for range 2 {
		a.Get("/workers/scripts/tenant-a/secrets").Fails(404, 10007)
		a.Get("/workers/scripts/tenant-a/settings").Fails(404, 10007)
		response := wranglerUpload(a, "PUT", emulatortest.Script("prod", "tenant-a")+"?excludeScript=true&bindings_inherit=strict", object{
			"limits": object{"cpu_ms": 50}, "annotations": object{"workers/message": "hello", "workers/tag": "v1"},
		}).Object()
		if response["deployment_id"] == "" || response["startup_time_ms"] == 0.0 {
			t.Errorf("the answer is %v", response)
		}
		a.Get(emulatortest.Script("prod", "tenant-a")).OK()
	}
	a.JSON("PUT", "/workers/dispatch/namespaces/prod", object{"name": "prod2"}).OK()
	a.JSON("PUT", "/workers/dispatch/namespaces/prod2", object{"name": "prod"}).OK()
}

func TestWranglerDeployDispatcher(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	a.Namespace("prod")
	a.Upload(emulatortest.Worker("outb"), nil).OK()
	path := emulatortest.Worker("dispatcher")
	bindings := object{"bindings": []any{object{
		"name": "DISPATCHER", "type": "dispatch_namespace", "namespace": "prod",
		"outbound": object{"worker": object{"service": "outb"}, "params": []any{object{"name": "customer"}, object{"name": "url"}}},
	}}}

	// This is the first deploy.
	a.Get("/workers/services/dispatcher").Fails(404, 10090)
	for _, more := range []string{"/secrets", "/deployments", "/settings"} {
		a.Get(path+more).Fails(404, 10007)
	}
	a.Get("/workers/dispatch/namespaces?page=1").OK()
	wranglerUpload(a, "PUT", path+"?excludeScript=true&bindings_inherit=strict", bindings).OK()
	if got := a.Get("/workers/workers/dispatcher").Field("subdomain"); got != `{"enabled":false,"previews_enabled":false}` {
		t.Errorf("the subdomain is %s", got)
	}
	a.JSON("POST", path+"/subdomain", object{"enabled": false}).OK()

	// This is the second deploy.
	var service struct {
		DefaultEnvironment struct {
			Script struct {
				Tag, ETag        string
				Tags             []string
				LastDeployedFrom string `json:"last_deployed_from"`
			}
		} `json:"default_environment"`
	}
	a.Get("/workers/services/dispatcher").OK().Into(&service)
	if s := service.DefaultEnvironment.Script; s.Tag == "" || s.ETag == "" || s.LastDeployedFrom != "wrangler" {
		t.Errorf("the service's script is %+v", s)
	}
	a.Get(path + "/secrets").OK().Is("[]")
	var deployments struct{ Deployments []struct{ Versions []object } }
	a.Get(path + "/deployments").OK().Into(&deployments)
	if len(deployments.Deployments) != 1 || len(deployments.Deployments[0].Versions) != 1 {
		t.Errorf("the deployments are %+v", deployments)
	}
	a.Get(path + "/settings").OK()
	version := wranglerUpload(a, "POST", path+"/versions?bindings_inherit=strict", bindings).Object()
	if etag := version["resources"].(object)["script"].(object)["etag"]; etag != service.DefaultEnvironment.Script.ETag {
		t.Errorf("the version's etag is %v", etag)
	}
	a.JSON("POST", path+"/deployments", object{
		"strategy": "percentage", "versions": []any{object{"version_id": version["id"], "percentage": 100}},
		"annotations": object{}, "code_update_strategy": object{"mode": "deferred", "max_delay": 300},
	}).OK()
	a.JSON("PATCH", path+"/script-settings", object{"observability": object{"enabled": false}, "tags": []any{}}).OK()
	a.Get("/workers/workers/dispatcher").OK()
	a.JSON("POST", path+"/subdomain", object{"enabled": false}).OK()

	// wrangler delete also reads these if something fails.
	a.Get("/workers/durable_objects/namespaces?per_page=1000&page=1").OK().Is("[]")
	a.JSON("DELETE", "/workers/services/dispatcher?force=true", nil).OK()
	a.JSON("DELETE", "/workers/dispatch/namespaces/prod", nil).OK()
	for _, path := range []string{"/user/tokens/verify", "/user", "/accounts?page=1", "/memberships?page=1"} {
		a.Get(path).OK()
	}
}

func TestWranglerCustomDomains(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	a.Zone("example.com")
	a.Upload(emulatortest.Worker("site"), nil).OK()
	a.Upload(emulatortest.Worker("other"), nil).OK()
	a.JSON("PUT", "/workers/domains", object{"hostname": "taken.example.com", "service": "other"}).OK()
	path := emulatortest.Worker("site") + "/domains"
	put := func(override bool, hostnames ...string) *emulatortest.Response {
		t.Helper()
		origins := []any{}
		for _, hostname := range hostnames {
			origins = append(origins, object{"hostname": hostname})
		}
		return a.JSON("PUT", path+"/records", object{
			"override_scope": true, "override_existing_origin": override, "override_existing_dns_record": override, "origins": origins,
		})
	}
	attached := func(want string) {
		t.Helper()
		var domains []struct{ Hostname, Service string }
		a.Get("/workers/domains").OK().Into(&domains)
		if got := fmt.Sprint(domains); got != want {
			t.Errorf("the custom domains are %s, want %s", got, want)
		}
	}
	type change struct {
		Hostname, Service string
		Modified          bool
	}
	var changes struct{ Added, Removed, Updated, Conflicting []change }

	put(false, "old.example.com").OK()
	attached("[{old.example.com site} {taken.example.com other}]")
	a.JSON("POST", path+"/changeset?replace_state=true", []any{object{"hostname": "new.example.com"}, object{"hostname": "taken.example.com"}}).OK().Into(&changes)
	if got := fmt.Sprint(changes); got != "{[{new.example.com site false}] [{old.example.com site false}] [{taken.example.com other true}] []}" {
		t.Errorf("the changes are %s", got)
	}

	// A hostname of another Worker moves only on request.
	put(false, "new.example.com", "taken.example.com").Fails(409, 100116)
	attached("[{old.example.com site} {taken.example.com other}]")
	put(true, "new.example.com", "taken.example.com").OK()
	attached("[{new.example.com site} {taken.example.com site}]")

	put(true, "www.example.org").Fails(400, 100112)
	a.JSON("PUT", path+"/records", object{"origins": []any{object{"hostname": "new.example.com", "enabled": false}}}).Fails(501, 100111)
	a.JSON("PUT", emulatortest.Worker("none")+"/domains/records", object{"origins": []any{}}).Fails(404, 10007)
	a.JSON("POST", emulatortest.Worker("none")+"/domains/changeset", []any{}).Fails(404, 10007)
	attached("[{new.example.com site} {taken.example.com site}]")
}
