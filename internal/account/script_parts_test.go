package account

import (
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/spec"
)

// The metadata of an upload is what the platform reads.
func TestUploadMetadata(t *testing.T) {
	var got spec.Object
	var query string
	a := craft(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got, query = metadataOf(r.Header.Get("Content-Type"), body), r.URL.RawQuery
		success(`{"id":"w"}`)(w, r)
	}).Account(testAccount)
	script := func(s *spec.Script) {
		s.CompatibilityFlags = []string{"nodejs_compat"}
		s.Tags = []string{"mine"}
		s.Options = spec.Object{"placement": spec.Object{"mode": "smart"}, "logpush": true}
		s.Bindings = []spec.Binding{
			{Name: "A", Type: "inherit"},
			{Name: "B", Type: spec.BindingText, Properties: spec.PropertiesOf(spec.Object{"text": "b", "name": "not this", "type": "nor this"})},
			{Name: "C", Type: spec.BindingSecret, Secret: &spec.SecretSource{Env: "C"}},
			{Name: "D", Type: spec.BindingKVNamespace, Ref: spec.Address{Kind: spec.KindKVNamespace, Name: "t"}, Properties: spec.PropertiesOf(spec.Object{"namespace_id": "k"})},
		}
	}
	put(t, a, worker("w", script), nil, "C", "value of C")
	want := spec.Object{
		"main_module":         "index.js",
		"compatibility_date":  "2026-01-01",
		"compatibility_flags": []any{"nodejs_compat"},
		"placement":           spec.Object{"mode": "smart"},
		"logpush":             true,
		"bindings": []any{
			spec.Object{"name": "A", "type": "inherit"},
			spec.Object{"name": "B", "type": "plain_text", "text": "b"},
			spec.Object{"name": "C", "type": "secret_text", "text": "value of C"},
			spec.Object{"name": "D", "type": "kv_namespace", "namespace_id": "k"},
		},
	}
	tags := got["tags"].([]any)
	delete(got, "tags")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(tags) != 3 || tags[0] != "mine" || tags[1] != "wfpsync.platform" {
		t.Errorf("tags %v", tags)
	}
	if query != "bindings_inherit=strict" {
		t.Errorf("query %q", query)
	}

	// An update also says which options to turn off.
	put(t, a, worker("w", func(s *spec.Script) { s.Options = spec.Object{"logpush": true} }), &spec.Revision{})
	delete(got, "tags")
	want = spec.Object{
		"main_module":        "index.js",
		"compatibility_date": "2026-01-01",
		"bindings":           []any{},
		"logpush":            true,
		"observability":      spec.Object{"enabled": false},
		"tail_consumers":     []any{},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	// A script in service worker syntax is named by its form field.
	put(t, a, worker("w", func(s *spec.Script) {
		s.Code.Complete("sw.js", []spec.Module{{Name: "sw.js", Type: spec.CommonJS, Content: []byte("x")}})
	}), nil)
	if got["body_part"] != "sw.js" || got["main_module"] != nil {
		t.Errorf("metadata %v", got)
	}
}
