package api_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
)

func TestSeed(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	a := emulatortest.Open(t, emulator.Options{Options: api.Options{Now: func() time.Time { return now }}})
	seed := func(namespace string, seeds ...api.Seed) error {
		return a.ForTests().Seed(a.ID, namespace, slices.Values(seeds))
	}
	past := time.Date(2025, 1, 2, 3, 4, 5, 678901234, time.UTC)
	metadata := []byte(`{"tags":["x"],"bindings":[{"type":"secret_text","name":"S","text":"hidden"}]}`)
	if err := seed("prod", api.Seed{
		Name: "acme", Metadata: metadata, ModifiedOn: past, Modules: []api.Module{{Name: "index.js", Content: []byte(emulatortest.Hello)}},
	}, api.Seed{Name: "bolt"}); err != nil {
		t.Fatal(err)
	}
	if got := modifiedOn(a, emulatortest.Script("prod", "acme")); got != "2025-01-02T03:04:05.678901Z" {
		t.Errorf("modified_on is %s", got)
	}
	// A seed and an upload of the same script have the same result.
	seeded := a.Get(emulatortest.Script("prod", "acme") + "/settings").OK()
	a.Upload(emulatortest.Script("prod", "twin"), object{"tags": []string{"x"}, "bindings": []any{object{"type": "secret_text", "name": "S", "text": "hidden"}}}).OK()
	a.Get(emulatortest.Script("prod", "twin") + "/settings").OK().Is(string(seeded.Result))
	var list []struct{ ETag string }
	a.Get("/workers/dispatch/namespaces/prod/scripts").OK().Into(&list)
	if list[0].ETag != list[2].ETag || list[0].ETag == list[1].ETag {
		t.Errorf("the etags are %v", list)
	}

	if err := seed("", api.Seed{Name: "router"}); err != nil {
		t.Fatal(err)
	}
	if got := len(versions(a, "router")); got != 1 {
		t.Errorf("the seeded Worker has %d versions", got)
	}
	for name, err := range map[string]error{
		"metadata":  seed("prod", api.Seed{Name: "x", Metadata: []byte("{")}),
		"binding":   seed("prod", api.Seed{Name: "x", Metadata: []byte(`{"bindings":[{"name":"A","type":"nonsense"}]}`)}),
		"module":    seed("prod", api.Seed{Name: "x", Modules: []api.Module{{Name: "index.js"}}}),
		"namespace": seed("Not Valid", api.Seed{Name: "x"}),
		"name":      seed("", api.Seed{Name: "Not Valid"}),
	} {
		if err == nil {
			t.Errorf("a seed with a bad %s was taken", name)
		}
	}
}

func TestTamper(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	requests := 0
	a := emulatortest.Open(t, emulator.Options{Options: api.Options{Now: func() time.Time { return now }, Observe: func(api.Request) { requests++ }}})
	a.Namespace("prod")
	zone := a.Zone("example.com")
	path := emulatortest.Script("prod", "acme")
	before := a.Upload(path, object{"tags": []string{"x"}}).Object()
	a.Upload(emulatortest.Worker("router"), nil).OK()
	a.JSON("POST", "/zones/"+zone+"/workers/routes", object{"pattern": "*/*", "script": "router"}).OK()
	seen := requests
	tamper := func(namespace, name string, change api.Tampering) {
		t.Helper()
		if err := a.ForTests().Tamper(a.ID, namespace, name, change); err != nil {
			t.Error(err)
		}
	}
	show := func() (etag, modified string) {
		t.Helper()
		var list []struct {
			ETag       string
			ModifiedOn string `json:"modified_on"`
		}
		a.Get("/workers/dispatch/namespaces/prod/scripts").OK().Into(&list)
		return list[0].ETag, list[0].ModifiedOn
	}

	now = now.Add(time.Hour)
	tamper("prod", "acme", api.Tampering{Settings: []byte(`{"bindings":[{"name":"V","type":"plain_text","text":"1"}]}`)})
	if requests != seen {
		t.Error("tampering was observed")
	}
	etag, modified := show()
	if etag != before["etag"] || modified != "2026-11-21T13:00:00.000000Z" || bindingNames(a, path) != "V:plain_text" {
		t.Errorf("etag %s, modified_on %s, bindings %s", etag, modified, bindingNames(a, path))
	}
	// The code changes without a trace in modified_on.
	at := time.Date(2026, 11, 21, 13, 0, 0, 0, time.UTC)
	tamper("prod", "acme", api.Tampering{Modules: []api.Module{{Name: "index.js", Content: []byte("export default {}")}}, ModifiedOn: at})
	if etag, modified := show(); etag == before["etag"] || modified != "2026-11-21T13:00:00.000000Z" {
		t.Errorf("etag %s, modified_on %s", etag, modified)
	}
	tamper("prod", "acme", api.Tampering{Delete: true})
	a.Get(path).Fails(404, 10092)
	tamper("", "router", api.Tampering{Settings: []byte(`{"tags":["y"]}`)})
	if got := a.Get(emulatortest.Worker("router") + "/settings").Field("tags"); got != `["y"]` {
		t.Errorf("the tags are %s", got)
	}
	tamper("", "router", api.Tampering{Delete: true})
	a.Get("/zones/" + zone + "/workers/routes").OK().Is("[]")

	for _, err := range []error{
		a.ForTests().Tamper(a.ID, "prod", "none", api.Tampering{}),
		a.ForTests().Tamper(a.ID, "none", "acme", api.Tampering{}),
		a.ForTests().Tamper(a.ID, "", "none", api.Tampering{Settings: []byte("{")}),
	} {
		if err == nil || strings.Contains(err.Error(), "%!") {
			t.Errorf("tampering with nothing returned %v", err)
		}
	}
}

func BenchmarkSeed(b *testing.B) {
	for b.Loop() {
		a := emulatortest.Open(b, emulator.Options{})
		fleet(b, a, 10_000)
	}
}
