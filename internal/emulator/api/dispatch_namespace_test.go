package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
)

func TestDispatchNamespaces(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 123456789, time.UTC)
	a := emulatortest.Open(t, emulator.Options{Options: api.Options{Now: func() time.Time { return now }}})
	const list = "/workers/dispatch/namespaces"

	created := a.JSON("POST", list, object{"name": "prod", "trusted_workers": true}).Object()
	if created["namespace_name"] != "prod" || created["script_count"] != 0.0 || created["trusted_workers"] != false ||
		created["created_on"] != "2026-11-21T12:00:00.123456Z" || len(created["namespace_id"].(string)) != 36 {
		t.Errorf("created %v", created)
	}
	a.JSON("POST", list, object{"name": "prod"}).Fails(400, 100120)
	a.JSON("POST", list, object{"name": ""}).Fails(400, 10003)
	a.JSON("POST", list, object{}).Fails(400, 10003)
	a.JSON("POST", list, "{").Fails(400, 10006)
	for _, name := range []string{"Prod", "a b", "-a", strings.Repeat("x", 64), "a/b"} {
		a.JSON("POST", list, object{"name": name}).Fails(400, 10004)
	}
	a.Namespace("other")
	var names []struct {
		Name string `json:"namespace_name"`
	}
	plain := a.Get(list + "?page=1").OK().Into(&names)
	if len(names) != 2 || names[0].Name != "other" || strings.Contains(string(plain.Body), "result_info") {
		t.Errorf("the list is %s", plain.Body)
	}

	for range 3 {
		a.Upload(emulatortest.Script("prod", "acme"), nil).OK()
	}
	a.Upload(emulatortest.Script("prod", "bolt"), nil).OK()
	if got := a.Get(list + "/prod").Field("script_count"); got != "2" {
		t.Errorf("script_count is %s", got)
	}

	// PATCH keeps what it does not mention, PUT resets it.
	patched := a.JSON("PATCH", list+"/prod", object{"trusted_workers": true}).Object()
	if patched["trusted_workers"] != true || patched["namespace_name"] != "prod" || patched["modified_on"] == created["modified_on"] {
		t.Errorf("patched %v", patched)
	}
	renamed := a.JSON("PUT", list+"/prod", object{"name": "live"}).Object()
	if renamed["namespace_name"] != "live" || renamed["trusted_workers"] != false ||
		renamed["namespace_id"] != created["namespace_id"] || renamed["script_count"] != 2.0 {
		t.Errorf("renamed %v", renamed)
	}
	a.Get(list+"/prod").Fails(404, 100119)
	a.Get(emulatortest.Script("live", "acme")).OK()
	a.JSON("PUT", list+"/live", object{"name": "other"}).Fails(400, 100120)
	a.JSON("PUT", list+"/live", object{"trusted_workers": true}).Fails(400, 10003)
	a.JSON("PUT", list+"/live", object{"name": "live", "trusted_workers": true}).OK()
	a.JSON("PATCH", list+"/live", "[]").Fails(400, 10006)
	for _, method := range []string{"GET", "PUT", "PATCH", "DELETE"} {
		a.JSON(method, list+"/none", object{"name": "x"}).Fails(404, 100119)
	}

	a.JSON("DELETE", list+"/live", nil).Fails(400, 10004)
	a.JSON("DELETE", emulatortest.Script("live", "acme"), nil).OK().Is("null")
	a.JSON("DELETE", emulatortest.Script("live", "bolt"), nil).OK()
	a.JSON("DELETE", list+"/live", nil).OK().Is("null")
	a.Get(list+"/live").Fails(404, 100119)
}

func TestCascade(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{Options: api.Options{NonEmptyNamespaceDelete: api.Cascade}})
	a.Namespace("prod")
	a.Upload(emulatortest.Script("prod", "acme"), nil).OK()
	a.JSON("DELETE", "/workers/dispatch/namespaces/prod", nil).OK()
	a.Namespace("prod")
	a.Get(emulatortest.Script("prod", "acme")).Fails(404, 10092)
	if got := a.Get("/workers/dispatch/namespaces/prod").Field("script_count"); got != "0" {
		t.Errorf("script_count is %s", got)
	}
}
