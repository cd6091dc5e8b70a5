package spec_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/spec"
)

// TestEqualSettingsAreEqual compares pairs of settings that mean the same, in
// the spellings of stack file, older API and newer API.
func TestEqualSettingsAreEqual(t *testing.T) {
	tests := []struct{ name, a, b string }{
		{"order of flags", `{"compatibility_flags":["b","a"]}`, `{"compatibility_flags":["a","b"]}`},
		{"order of tags", `{"tags":["b","a"]}`, `{"tags":["a","b","a"]}`},
		{"order of bindings", `{"bindings":[{"name":"A","type":"ai"},{"name":"B","type":"ai"}]}`, `{"bindings":[{"name":"B","type":"ai"},{"name":"A","type":"ai"}]}`},
		{"no observability", `{}`, `{"options":{"observability":{"enabled":false}}}`},
		{"observability filled in", `{"options":{"observability":{"enabled":true}}}`,
			`{"options":{"observability":{"enabled":true,"head_sampling_rate":1,"logs":{"enabled":true,"invocation_logs":true,"head_sampling_rate":1,"persist":true,"destinations":[]},"traces":{"enabled":false}}}}`},
		{"empty placement", `{}`, `{"options":{"placement":{},"tail_consumers":null,"logpush":false,"limits":{}}}`},
		{"order of tail consumers", `{"options":{"tail_consumers":[{"service":"a"},{"service":"b","environment":"production"}]}}`, `{"options":{"tail_consumers":[{"service":"b"},{"service":"a"}]}}`},
		{"default environment", `{"bindings":[{"name":"S","type":"service","properties":{"service":"x","environment":"production"}}]}`, `{"bindings":[{"name":"S","type":"service","properties":{"service":"x"}}]}`},
		{"outbound parameters as strings", `{"bindings":[{"name":"D","type":"dispatch_namespace","properties":{"namespace":"n","outbound":{"worker":{"service":"o"},"params":["a","b"]}}}]}`,
			`{"bindings":[{"name":"D","type":"dispatch_namespace","properties":{"namespace":"n","outbound":{"worker":{"service":"o","environment":"production"},"params":[{"name":"a"},{"name":"b"}]}}}]}`},
		{"no outbound", `{"bindings":[{"name":"D","type":"dispatch_namespace","properties":{"namespace":"n","outbound":null}}]}`, `{"bindings":[{"name":"D","type":"dispatch_namespace","properties":{"namespace":"n"}}]}`},
		{"a secret's source", `{"bindings":[{"name":"S","type":"secret_text","secret":{"env":"X"}}]}`, `{"bindings":[{"name":"S","type":"secret_text"}]}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a, b := script(t, test.a), script(t, test.b)
			if d := cmp.Diff(a.Canonical(), b.Canonical()); d != "" {
				t.Error(d)
			}
			if a.Digest() != b.Digest() {
				t.Error("the digests differ")
			}
		})
	}
}

// TestDifferentSettingsDiffer compares pairs that must not be taken for equal.
func TestDifferentSettingsDiffer(t *testing.T) {
	tests := []struct{ name, a, b string }{
		{"null in a variable", `{"bindings":[{"name":"V","type":"json","properties":{"json":{"a":null}}}]}`, `{"bindings":[{"name":"V","type":"json","properties":{"json":{}}}]}`},
		{"empty list in a variable", `{"bindings":[{"name":"V","type":"json","properties":{"json":{"a":[]}}}]}`, `{"bindings":[{"name":"V","type":"json","properties":{"json":{}}}]}`},
		{"order in a variable", `{"bindings":[{"name":"V","type":"json","properties":{"json":[1,2]}}]}`, `{"bindings":[{"name":"V","type":"json","properties":{"json":[2,1]}}]}`},
		{"text and number", `{"bindings":[{"name":"V","type":"json","properties":{"json":"1"}}]}`, `{"bindings":[{"name":"V","type":"json","properties":{"json":1}}]}`},
		{"text and secret", `{"bindings":[{"name":"V","type":"plain_text","properties":{"text":""}}]}`, `{"bindings":[{"name":"V","type":"secret_text"}]}`},
		{"sampling", `{"options":{"observability":{"enabled":true,"head_sampling_rate":0.1}}}`, `{"options":{"observability":{"enabled":true}}}`},
		{"a staging service", `{"bindings":[{"name":"S","type":"service","properties":{"service":"x","environment":"staging"}}]}`, `{"bindings":[{"name":"S","type":"service","properties":{"service":"x"}}]}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a, b := script(t, test.a), script(t, test.b)
			if a.Digest() == b.Digest() {
				t.Errorf("equal: %v", a.Canonical())
			}
		})
	}
}

func script(t *testing.T, text string) *spec.Script {
	t.Helper()
	var s spec.Script
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	return &s
}
