package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

const boundary = "b"

func multipartSeed(parts ...string) []byte {
	return []byte("--" + boundary + "\r\n" + strings.Join(parts, "\r\n--"+boundary+"\r\n") + "\r\n--" + boundary + "--\r\n")
}

// FuzzUpload sends bodies through everything that happens before a script is
// stored.
func FuzzUpload(f *testing.F) {
	metadata := func(json string) string { return "Content-Disposition: form-data; name=\"metadata\"\r\n\r\n" + json }
	module := func(name, content string) string {
		return "Content-Disposition: form-data; name=\"" + name + "\"; filename=\"" + name + "\"\r\nContent-Type: application/javascript+module\r\n\r\n" + content
	}
	f.Add(multipartSeed(metadata(`{"main_module":"a.js"}`), module("a.js", "export default { fetch() {} }")))
	f.Add(multipartSeed(metadata(`{"body_part":"a.js","bindings":[{"type":"inherit","name":"A","old_name":"S"}]}`), module("a.js", "x")))
	f.Add(multipartSeed(metadata(`{"main_module":"../a.js","keep_bindings":["secret_text"],"bindings":[{"type":"json","name":"J","json":null}]}`), module("../a.js", "x")))
	f.Add(multipartSeed(metadata(`{"bindings":[{"type":"dispatch_namespace","name":"D","namespace":"n","outbound":{"params":["a",{"name":"b"}]}}]}`)))
	f.Add(multipartSeed(metadata(`{"tags":null,"limits":{"cpu_ms":1e999},"placement":[],"tail_consumers":{},"compatibility_date":"2026-13-01"}`)))
	f.Add(multipartSeed(metadata(`null`), "Content-Disposition: attachment\r\n\r\n"))
	f.Add([]byte("--b\r\n\r\n"))
	f.Add([]byte{})

	st, err := store.Open(f.TempDir()+"/account.db", store.Options{NoSync: true})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = st.Close() })
	server, err := New(Parts{Store: st}, Options{})
	if err != nil {
		f.Fatal(err)
	}
	previous := []store.Binding{
		{Name: "S", Type: "secret_text", Fields: map[string]json.RawMessage{"text": json.RawMessage(`"hidden-value"`)}},
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		parts, err := readParts(bytes.NewReader(body), boundary)
		if err != nil {
			return
		}
		up, err := parseUpload(parts, http.Header{})
		if err != nil {
			return
		}
		if len(up.code.modules) == 0 || up.code.entryPoint == "" {
			t.Errorf("accepted code without a module: %q", body)
		}
		old := store.Script{Body: store.Body{Bindings: previous}}
		var script store.Script
		err = st.View(func(tx *store.Tx) error { // nothing is stored: other tests are about Put
			if err := server.apply(tx, "account", "", &script, up.metadata); err != nil {
				return err
			}
			script.Bindings, err = resolveBindings(up.metadata, old.Bindings, false)
			if err != nil {
				return err
			}
			script.MigrationTag, script.Classes, err = migrate(&old, up.metadata["migrations"])
			return err
		})
		if err != nil {
			return
		}
		for _, view := range []any{viewSettings(script), viewUpload(script), viewSecrets(script)} {
			shown, err := json.Marshal(view)
			if err != nil {
				t.Errorf("cannot be shown: %v", err)
			}
			if bytes.Contains(shown, []byte("hidden-value")) {
				t.Errorf("the secret is shown: %s", shown)
			}
		}
		for _, binding := range script.Bindings {
			raw, err := json.Marshal(binding)
			var again store.Binding
			if err != nil || json.Unmarshal(raw, &again) != nil || again.Name != binding.Name || again.Type != binding.Type {
				t.Errorf("the binding %v does not survive the disk: %s, %v", binding, raw, err)
			}
		}
	})
}

func FuzzTagFilter(f *testing.F) {
	for _, text := range []string{"", "a:yes", "a:no,b:yes", "a:b:yes", ":yes", "a:", ",", "a:yes,", "a:maybe", "\x00:no"} {
		f.Add(text, "a")
	}
	f.Fuzz(func(t *testing.T, text, tag string) {
		filter, err := parseTagFilter(text)
		if err != nil {
			return
		}
		for _, condition := range filter {
			if condition.tag == "" || strings.Contains(condition.tag, ",") {
				t.Errorf("%q has the condition %+v", text, condition)
			}
		}
		if len(filter) == 1 && filter.matches([]string{tag}) == filter.matches(nil) && filter[0].tag == tag {
			t.Errorf("%q makes no difference to %q", text, tag)
		}
	})
}

func FuzzRoutePattern(f *testing.F) {
	for _, pattern := range []string{"*/*", "example.com", "*.example.com/*", "https://a.example.com/b*", "evil.com/example.com", "*", "//", "a*b/"} {
		f.Add(pattern)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		if checkRoutePattern(pattern, "example.com") != nil {
			return
		}
		host, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(pattern, "https://"), "http://"), "/")
		host = strings.ToLower(strings.Trim(host, "*"))
		if host != "" && !strings.HasSuffix(host, "example.com") {
			t.Errorf("%q is accepted", pattern)
		}
	})
}
