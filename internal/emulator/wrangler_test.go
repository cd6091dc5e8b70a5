package emulator_test

import (
	"fmt"
	"testing"

	"github.com/wfpsync/wfpsync/internal/emulator"
)

// The tests in this file send what wrangler 4.164.0 was seen to send and look at what it needs to find in the answers.

var sourceMap = filePart{"index.js.map", "index.js.map", "application/source-map", `{"version":3}`}

// wranglerUpload is wrangler's form: a plain metadata field, the bundle and its source map.
func wranglerUpload(a *account, method, path string, more object) *answer {
	a.t.Helper()
	metadata := object{
		"main_module": "index.js", "bindings": []any{}, "compatibility_date": "2026-01-01", "compatibility_flags": []string{},
		"code_update_strategy": object{"mode": "deferred", "max_delay": 300}, "keep_bindings": []string{"secret_text", "secret_key"},
	}
	for name, value := range more {
		metadata[name] = value
	}
	contentType, body := form(a.t, "metadata", metadata, js("index.js", hello), sourceMap)
	return a.send(method, path, contentType, body, "User-Agent", "wrangler/4.164.0")
}

func TestWranglerDeployIntoNamespace(t *testing.T) {
	a := open(t, emulator.Options{})
	a.get(script("prod", "tenant-a")).fails(404, 100119)
	if got := a.json("POST", "/workers/dispatch/namespaces", object{"name": "prod"}).field("namespace_id"); len(got) != 38 {
		t.Errorf("namespace_id is %s", got)
	}
	a.get(script("prod", "tenant-a")).fails(404, 10092)
	for range 2 {
		a.get("/workers/scripts/tenant-a/secrets").fails(404, 10007)
		a.get("/workers/scripts/tenant-a/settings").fails(404, 10007)
		answer := wranglerUpload(a, "PUT", script("prod", "tenant-a")+"?excludeScript=true&bindings_inherit=strict", object{
			"limits": object{"cpu_ms": 50}, "annotations": object{"workers/message": "hello", "workers/tag": "v1"},
		}).object()
		if answer["deployment_id"] == "" || answer["startup_time_ms"] == 0.0 {
			t.Errorf("the answer is %v", answer)
		}
		a.get(script("prod", "tenant-a")).ok()
	}
	a.json("PUT", "/workers/dispatch/namespaces/prod", object{"name": "prod2"}).ok()
	a.json("PUT", "/workers/dispatch/namespaces/prod2", object{"name": "prod"}).ok()
}

func TestWranglerDeployDispatcher(t *testing.T) {
	a := open(t, emulator.Options{})
	a.namespace("prod")
	a.upload(worker("outb"), nil).ok()
	path := worker("dispatcher")
	bindings := object{"bindings": []any{object{
		"name": "DISPATCHER", "type": "dispatch_namespace", "namespace": "prod",
		"outbound": object{"worker": object{"service": "outb"}, "params": []any{object{"name": "customer"}, object{"name": "url"}}},
	}}}

	// The first time.
	a.get("/workers/services/dispatcher").fails(404, 10090)
	for _, more := range []string{"/secrets", "/deployments", "/settings"} {
		a.get(path+more).fails(404, 10007)
	}
	a.get("/workers/dispatch/namespaces?page=1").ok()
	wranglerUpload(a, "PUT", path+"?excludeScript=true&bindings_inherit=strict", bindings).ok()
	if got := a.get("/workers/workers/dispatcher").field("subdomain"); got != `{"enabled":false,"previews_enabled":false}` {
		t.Errorf("the subdomain is %s", got)
	}
	a.json("POST", path+"/subdomain", object{"enabled": false}).ok()

	// The second time.
	var service struct {
		DefaultEnvironment struct {
			Script struct {
				Tag, ETag        string
				Tags             []string
				LastDeployedFrom string `json:"last_deployed_from"`
			}
		} `json:"default_environment"`
	}
	a.get("/workers/services/dispatcher").ok().into(&service)
	if s := service.DefaultEnvironment.Script; s.Tag == "" || s.ETag == "" || s.LastDeployedFrom != "wrangler" {
		t.Errorf("the service's script is %+v", s)
	}
	a.get(path + "/secrets").ok().is("[]")
	var deployments struct{ Deployments []struct{ Versions []object } }
	a.get(path + "/deployments").ok().into(&deployments)
	if len(deployments.Deployments) != 1 || len(deployments.Deployments[0].Versions) != 1 {
		t.Errorf("the deployments are %+v", deployments)
	}
	a.get(path + "/settings").ok()
	version := wranglerUpload(a, "POST", path+"/versions?bindings_inherit=strict", bindings).object()
	if etag := version["resources"].(object)["script"].(object)["etag"]; etag != service.DefaultEnvironment.Script.ETag {
		t.Errorf("the version's etag is %v", etag)
	}
	a.json("POST", path+"/deployments", object{
		"strategy": "percentage", "versions": []any{object{"version_id": version["id"], "percentage": 100}},
		"annotations": object{}, "code_update_strategy": object{"mode": "deferred", "max_delay": 300},
	}).ok()
	a.json("PATCH", path+"/script-settings", object{"observability": object{"enabled": false}, "tags": []any{}}).ok()
	a.get("/workers/workers/dispatcher").ok()
	a.json("POST", path+"/subdomain", object{"enabled": false}).ok()

	// wrangler delete, and what it looks at when something fails.
	a.get("/workers/durable_objects/namespaces?per_page=1000&page=1").ok().is("[]")
	a.json("DELETE", "/workers/services/dispatcher?force=true", nil).ok()
	a.json("DELETE", "/workers/dispatch/namespaces/prod", nil).ok()
	for _, path := range []string{"/user/tokens/verify", "/user", "/accounts?page=1", "/memberships?page=1"} {
		a.get(path).ok()
	}
}

func TestWranglerCustomDomains(t *testing.T) {
	a := open(t, emulator.Options{})
	a.zone("example.com")
	a.upload(worker("site"), nil).ok()
	a.upload(worker("other"), nil).ok()
	a.json("PUT", "/workers/domains", object{"hostname": "taken.example.com", "service": "other"}).ok()
	path := worker("site") + "/domains"
	put := func(override bool, hostnames ...string) *answer {
		t.Helper()
		origins := []any{}
		for _, hostname := range hostnames {
			origins = append(origins, object{"hostname": hostname})
		}
		return a.json("PUT", path+"/records", object{
			"override_scope": true, "override_existing_origin": override, "override_existing_dns_record": override, "origins": origins,
		})
	}
	attached := func(want string) {
		t.Helper()
		var domains []struct{ Hostname, Service string }
		a.get("/workers/domains").ok().into(&domains)
		if got := fmt.Sprint(domains); got != want {
			t.Errorf("the custom domains are %s, want %s", got, want)
		}
	}
	type change struct {
		Hostname, Service string
		Modified          bool
	}
	var changes struct{ Added, Removed, Updated, Conflicting []change }

	put(false, "old.example.com").ok()
	attached("[{old.example.com site} {taken.example.com other}]")
	a.json("POST", path+"/changeset?replace_state=true", []any{object{"hostname": "new.example.com"}, object{"hostname": "taken.example.com"}}).ok().into(&changes)
	if got := fmt.Sprint(changes); got != "{[{new.example.com site false}] [{old.example.com site false}] [{taken.example.com other true}] []}" {
		t.Errorf("the changes are %s", got)
	}

	// What another Worker has is taken when that is meant, and nothing happens otherwise.
	put(false, "new.example.com", "taken.example.com").fails(409, 100116)
	attached("[{old.example.com site} {taken.example.com other}]")
	put(true, "new.example.com", "taken.example.com").ok()
	attached("[{new.example.com site} {taken.example.com site}]")

	put(true, "www.example.org").fails(400, 100112)
	a.json("PUT", path+"/records", object{"origins": []any{object{"hostname": "new.example.com", "enabled": false}}}).fails(501, 100111)
	a.json("PUT", worker("none")+"/domains/records", object{"origins": []any{}}).fails(404, 10007)
	a.json("POST", worker("none")+"/domains/changeset", []any{}).fails(404, 10007)
	attached("[{new.example.com site} {taken.example.com site}]")
}
