package emulator_test

import (
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
)

func TestDispatchNamespaces(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 123456789, time.UTC)
	a := open(t, emulator.Options{Options: api.Options{Now: func() time.Time { return now }}})
	const list = "/workers/dispatch/namespaces"

	created := a.json("POST", list, object{"name": "prod", "trusted_workers": true}).object()
	if created["namespace_name"] != "prod" || created["script_count"] != 0.0 || created["trusted_workers"] != false ||
		created["created_on"] != "2026-11-21T12:00:00.123456Z" || len(created["namespace_id"].(string)) != 36 {
		t.Errorf("created %v", created)
	}
	a.json("POST", list, object{"name": "prod"}).fails(400, 100120)
	a.json("POST", list, object{"name": ""}).fails(400, 10003)
	a.json("POST", list, object{}).fails(400, 10003)
	a.json("POST", list, "{").fails(400, 10006)
	for _, name := range []string{"Prod", "a b", "-a", strings.Repeat("x", 64), "a/b"} {
		a.json("POST", list, object{"name": name}).fails(400, 10004)
	}
	a.namespace("other")
	var names []struct {
		Name string `json:"namespace_name"`
	}
	plain := a.get(list + "?page=1").ok().into(&names)
	if len(names) != 2 || names[0].Name != "other" || strings.Contains(string(plain.body), "result_info") {
		t.Errorf("the list is %s", plain.body)
	}

	for range 3 {
		a.upload(script("prod", "acme"), nil).ok()
	}
	a.upload(script("prod", "bolt"), nil).ok()
	if got := a.get(list + "/prod").field("script_count"); got != "2" {
		t.Errorf("script_count is %s", got)
	}

	// PATCH leaves alone what it does not mention, PUT resets it.
	patched := a.json("PATCH", list+"/prod", object{"trusted_workers": true}).object()
	if patched["trusted_workers"] != true || patched["namespace_name"] != "prod" || patched["modified_on"] == created["modified_on"] {
		t.Errorf("patched %v", patched)
	}
	renamed := a.json("PUT", list+"/prod", object{"name": "live"}).object()
	if renamed["namespace_name"] != "live" || renamed["trusted_workers"] != false ||
		renamed["namespace_id"] != created["namespace_id"] || renamed["script_count"] != 2.0 {
		t.Errorf("renamed %v", renamed)
	}
	a.get(list+"/prod").fails(404, 100119)
	a.get(script("live", "acme")).ok()
	a.json("PUT", list+"/live", object{"name": "other"}).fails(400, 100120)
	a.json("PUT", list+"/live", object{"trusted_workers": true}).fails(400, 10003)
	a.json("PUT", list+"/live", object{"name": "live", "trusted_workers": true}).ok()
	a.json("PATCH", list+"/live", "[]").fails(400, 10006)
	for _, method := range []string{"GET", "PUT", "PATCH", "DELETE"} {
		a.json(method, list+"/none", object{"name": "x"}).fails(404, 100119)
	}

	a.json("DELETE", list+"/live", nil).fails(400, 10004)
	a.json("DELETE", script("live", "acme"), nil).ok().is("null")
	a.json("DELETE", script("live", "bolt"), nil).ok()
	a.json("DELETE", list+"/live", nil).ok().is("null")
	a.get(list+"/live").fails(404, 100119)
}

func TestCascade(t *testing.T) {
	a := open(t, emulator.Options{Options: api.Options{NonEmptyNamespaceDelete: api.Cascade}})
	a.namespace("prod")
	a.upload(script("prod", "acme"), nil).ok()
	a.json("DELETE", "/workers/dispatch/namespaces/prod", nil).ok()
	a.namespace("prod")
	a.get(script("prod", "acme")).fails(404, 10092)
	if got := a.get("/workers/dispatch/namespaces/prod").field("script_count"); got != "0" {
		t.Errorf("script_count is %s", got)
	}
}
