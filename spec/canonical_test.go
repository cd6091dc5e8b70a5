package spec_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/spec"
)

// TestEqualSettingsAreEqual compares settings that mean the same in the
// spellings of the stack file, the older API and the newer API.
func TestEqualSettingsAreEqual(t *testing.T) {
	tests := []struct{ name, a, b string }{
		{"order of flags", `{"compatibility_flags":["b","a"]}`, `{"compatibility_flags":["a","b"]}`},
		{"order of tags", `{"tags":["b","a"]}`, `{"tags":["a","b","a"]}`},
		{"order of bindings", `{"bindings":[{"name":"A","type":"ai"},{"name":"B","type":"ai"}]}`, `{"bindings":[{"name":"B","type":"ai"},{"name":"A","type":"ai"}]}`},
		{"no observability", `{}`, `{"options":{"observability":{"enabled":false}}}`},
		{"observability filled in", `{"options":{"observability":{"enabled":true}}}`,
			`{"options":{"observability":{"enabled":true,"head_sampling_rate":1,"logs":{"enabled":true,"invocation_logs":true,"head_sampling_rate":1,"persist":true,"destinations":[]},"traces":{"enabled":false,"propagation_policy":"authenticated"},"issues":{"enabled":false},"redact_query_string":false}}}`},
		{"empty placement", `{}`, `{"options":{"placement":{},"tail_consumers":null,"logpush":false,"limits":{}}}`},
		{"order of tail consumers", `{"options":{"tail_consumers":[{"service":"a"},{"service":"b","environment":"production"}]}}`, `{"options":{"tail_consumers":[{"service":"b"},{"service":"a"}]}}`},
		{"default environment", `{"bindings":[{"name":"S","type":"service","properties":{"service":"x","environment":"production"}}]}`, `{"bindings":[{"name":"S","type":"service","properties":{"service":"x"}}]}`},
		{"outbound parameters as strings", `{"bindings":[{"name":"D","type":"dispatch_namespace","properties":{"namespace":"n","outbound":{"worker":{"service":"o"},"params":["a","b"]}}}]}`,
			`{"bindings":[{"name":"D","type":"dispatch_namespace","properties":{"namespace":"n","outbound":{"worker":{"service":"o","environment":"production"},"params":[{"name":"a"},{"name":"b"}]}}}]}`},
		{"no outbound", `{"bindings":[{"name":"D","type":"dispatch_namespace","properties":{"namespace":"n","outbound":null}}]}`, `{"bindings":[{"name":"D","type":"dispatch_namespace","properties":{"namespace":"n"}}]}`},
		{"the id of a database", `{"bindings":[{"name":"D","type":"d1","properties":{"id":"x"}}]}`, `{"bindings":[{"name":"D","type":"d1","properties":{"database_id":"x"}}]}`},
		{"the id of a database twice", `{"bindings":[{"name":"D","type":"d1","properties":{"id":"x"}}]}`, `{"bindings":[{"name":"D","type":"d1","properties":{"id":"x","database_id":"x"}}]}`},
		{"no jurisdiction", `{"bindings":[{"name":"B","type":"r2_bucket","properties":{"bucket_name":"x"}}]}`, `{"bindings":[{"name":"B","type":"r2_bucket","properties":{"bucket_name":"x","jurisdiction":"default"}}]}`},
		{"smart placement as it is analysed", `{"options":{"placement":{"mode":"smart"}}}`, `{"options":{"placement":{"mode":"smart","status":"SUCCESS","last_analyzed_at":"2026-11-01T00:00:00Z"}}}`},
		{"placement switched off", `{}`, `{"options":{"placement":{"mode":"off"}}}`},
		{"a target implies its mode", `{"options":{"placement":{"mode":"targeted","region":"aws:us-east-1"}}}`, `{"options":{"placement":{"region":"aws:us-east-1"}}}`},
		{"a target in a list", `{"options":{"placement":{"mode":"targeted","host":"db:5432"}}}`, `{"options":{"placement":{"mode":"targeted","target":[{"host":"db:5432"}],"status":"SUCCESS"}}}`},
		{"a class's namespace", `{"bindings":[{"name":"D","type":"durable_object_namespace","properties":{"class_name":"C"}}]}`,
			`{"bindings":[{"name":"D","type":"durable_object_namespace","properties":{"class_name":"C","namespace_id":"0123","environment":"production","script_name":null}}]}`},
		{"addresses are sets", `{"bindings":[{"name":"M","type":"send_email","properties":{"allowed_destination_addresses":["b","a"],"allowed_sender_addresses":["c"]}}]}`,
			`{"bindings":[{"name":"M","type":"send_email","properties":{"destination_address":"","allowed_destination_addresses":["a","b"],"allowed_sender_addresses":["c"]}}]}`},
		{"properties that are not set", `{"bindings":[{"name":"S","type":"service","properties":{"service":"x"}}]}`,
			`{"bindings":[{"name":"S","type":"service","properties":{"service":"x","entrypoint":null,"props":{},"cross_account_grant":""}}]}`},
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

// TestDifferentSettingsDiffer compares settings that must not be taken for
// equal.
func TestDifferentSettingsDiffer(t *testing.T) {
	tests := []struct{ name, a, b string }{
		{"null in a variable", `{"bindings":[{"name":"V","type":"json","properties":{"json":{"a":null}}}]}`, `{"bindings":[{"name":"V","type":"json","properties":{"json":{}}}]}`},
		{"empty list in a variable", `{"bindings":[{"name":"V","type":"json","properties":{"json":{"a":[]}}}]}`, `{"bindings":[{"name":"V","type":"json","properties":{"json":{}}}]}`},
		{"order in a variable", `{"bindings":[{"name":"V","type":"json","properties":{"json":[1,2]}}]}`, `{"bindings":[{"name":"V","type":"json","properties":{"json":[2,1]}}]}`},
		{"text and number", `{"bindings":[{"name":"V","type":"json","properties":{"json":"1"}}]}`, `{"bindings":[{"name":"V","type":"json","properties":{"json":1}}]}`},
		{"text and secret", `{"bindings":[{"name":"V","type":"plain_text","properties":{"text":""}}]}`, `{"bindings":[{"name":"V","type":"secret_text"}]}`},
		{"sampling", `{"options":{"observability":{"enabled":true,"head_sampling_rate":0.1}}}`, `{"options":{"observability":{"enabled":true}}}`},
		{"query strings", `{"options":{"observability":{"enabled":true,"redact_query_string":true}}}`, `{"options":{"observability":{"enabled":true}}}`},
		{"issues", `{"options":{"observability":{"issues":{"enabled":true}}}}`, `{}`},
		{"another database", `{"bindings":[{"name":"D","type":"d1","properties":{"id":"x"}}]}`, `{"bindings":[{"name":"D","type":"d1","properties":{"database_id":"y"}}]}`},
		{"a bucket elsewhere", `{"bindings":[{"name":"B","type":"r2_bucket","properties":{"bucket_name":"x","jurisdiction":"eu"}}]}`, `{"bindings":[{"name":"B","type":"r2_bucket","properties":{"bucket_name":"x"}}]}`},
		{"empty text", `{"bindings":[{"name":"V","type":"plain_text","properties":{"text":""}}]}`, `{"bindings":[{"name":"V","type":"json","properties":{"json":""}}]}`},
		{"another class", `{"bindings":[{"name":"D","type":"durable_object_namespace","properties":{"class_name":"C"}}]}`, `{"bindings":[{"name":"D","type":"durable_object_namespace","properties":{"class_name":"E"}}]}`},
		{"a class by namespace", `{"bindings":[{"name":"D","type":"durable_object_namespace","properties":{"namespace_id":"1"}}]}`, `{"bindings":[{"name":"D","type":"durable_object_namespace","properties":{"namespace_id":"2"}}]}`},
		{"false", `{"bindings":[{"name":"X","type":"later","properties":{"on":false}}]}`, `{"bindings":[{"name":"X","type":"later"}]}`},
		{"smart and targeted", `{"options":{"placement":{"mode":"smart"}}}`, `{"options":{"placement":{"mode":"targeted","region":"aws:us-east-1"}}}`},
		{"null in props", `{"bindings":[{"name":"S","type":"service","properties":{"service":"x","props":{"a":null}}}]}`, `{"bindings":[{"name":"S","type":"service","properties":{"service":"x","props":{"b":null}}}]}`},
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

// TestLocalBindings checks that only the name of the script that a class is
// bound in is dropped.
func TestLocalBindings(t *testing.T) {
	worker := spec.Address{Kind: spec.KindWorker, Name: "a"}
	user := spec.Address{Kind: spec.KindUserWorker, Parent: "n", Name: "a"}
	tests := []struct {
		name       string
		at         spec.Address
		kind       string
		properties spec.Object
		local      bool
	}{
		{"itself", worker, spec.BindingDurableObject, spec.Object{"script_name": "a"}, true},
		{"its own workflow", worker, spec.BindingWorkflow, spec.Object{"script_name": "a"}, true},
		{"another", worker, spec.BindingDurableObject, spec.Object{"script_name": "b"}, false},
		{"a user Worker of the name", worker, spec.BindingDurableObject, spec.Object{"script_name": "a", "dispatch_namespace": "n"}, false},
		{"itself in its namespace", user, spec.BindingDurableObject, spec.Object{"script_name": "a", "dispatch_namespace": "n"}, true},
		{"a Worker of the name", user, spec.BindingDurableObject, spec.Object{"script_name": "a"}, false},
		{"another type", worker, spec.BindingService, spec.Object{"script_name": "a"}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			named := spec.Binding{Name: "B", Type: test.kind, Properties: spec.PropertiesOf(test.properties)}.RelativeTo(test.at).Properties.Get("script_name")
			if (named != nil) == test.local {
				t.Errorf("the script is named: %v", named)
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
