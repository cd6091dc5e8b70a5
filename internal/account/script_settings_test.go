package account

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wfpsync/wfpsync/spec"
)

func TestSettings(t *testing.T) {
	for name, tt := range map[string]struct {
		response string
		want     spec.Script
	}{
		"nothing set": {`{"bindings":null,"tags":null,"compatibility_flags":[],"limits":{},"logpush":false,"observability":null,"placement":{},"tail_consumers":[],"usage_model":"standard"}`,
			spec.Script{}},
		"everything set": {`{
			"bindings":[
				{"name":"Z","type":"kv_namespace","namespace_id":"k"},
				{"name":"KEY","type":"secret_key","format":"raw","key_base64":"leak","usages":["sign"]},
				{"name":"API","type":"secret_text","text":"leak"},
				{"name":"NEW","type":"of_tomorrow","deep":{"n":1}}],
			"tags":["a","wfpsync.platform","b"],
			"compatibility_date":"2026-01-01","compatibility_flags":["x"],
			"limits":{"cpu_ms":50},"logpush":true,"observability":{"enabled":true},"placement":{"mode":"smart"},"tail_consumers":[{"service":"t"}]}`,
			spec.Script{
				CompatibilityDate: "2026-01-01", CompatibilityFlags: []string{"x"}, Tags: []string{"a", "b"},
				Bindings: []spec.Binding{
					{Name: "API", Type: "secret_text"},
					{Name: "KEY", Type: "secret_key", Properties: spec.PropertiesOf(spec.Object{"format": "raw", "usages": []any{"sign"}})},
					{Name: "NEW", Type: "of_tomorrow", Properties: spec.PropertiesOf(spec.Object{"deep": spec.Object{"n": 1.0}})},
					{Name: "Z", Type: "kv_namespace", Properties: spec.PropertiesOf(spec.Object{"namespace_id": "k"})},
				},
				Options: spec.Object{
					"limits": spec.Object{"cpu_ms": 50.0}, "logpush": true, "observability": spec.Object{"enabled": true},
					"placement": spec.Object{"mode": "smart"}, "tail_consumers": []any{spec.Object{"service": "t"}},
				},
			}},
	} {
		var s settings
		if err := json.Unmarshal([]byte(tt.response), &s); err != nil {
			t.Fatal(err)
		}
		got, err := s.toSpec()
		if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

func TestSettingsThatCannotBeRight(t *testing.T) {
	for name, response := range map[string]string{
		"no settings at all":     `null`,
		"a binding without type": `{"bindings":[{"name":"A"}]}`,
		"a list":                 `[]`,
	} {
		a := craft(t, success(response)).Account(testAccount)
		live := &spec.Live{Resource: worker("w")}
		snap := spec.NewSnapshot(spec.Account{})
		snap.Resources[live.Resource.Address()] = live
		if err := a.Inspect(t.Context(), snap, snap.Addresses()); err == nil {
			t.Errorf("%s: read as %+v", name, snap.Resources[live.Resource.Address()].Resource)
		}
	}
}

// The platform may name a Worker as the script of its own class. The model does
// not, whichever way it was uploaded.
func TestOwnClassesAreRead(t *testing.T) {
	l := openLocal(t)
	counters := worker("counters", func(s *spec.Script) {
		s.Bindings = []spec.Binding{
			{Name: "OWN", Type: spec.BindingDurableObject, Properties: spec.PropertiesOf(spec.Object{"class_name": "C", "script_name": "counters"})},
		}
		s.Migrations = []spec.Migration{{Tag: "v1", Step: spec.Object{"new_sqlite_classes": []any{"C"}}}}
	})
	put(t, l.Account, counters, nil)
	snap := l.read(t, allWorkers)
	l.inspect(t, snap, counters.Address())
	live := snap.Resources[counters.Address()].Resource.(spec.Scripted).AsScript()
	want := spec.Object{"OWN": spec.Object{"type": spec.BindingDurableObject, "class_name": "C"}}
	if diff := cmp.Diff(want, live.Canonical()["bindings"]); diff != "" {
		t.Errorf("bindings differ (-want +got):\n%s", diff)
	}
}
