package spec_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

func bindingOf(kind string, properties spec.Object) spec.Binding {
	return spec.Binding{Name: "B", Type: kind, Properties: spec.PropertiesOf(properties)}
}

// A binding refers to the resources that it needs, except those of others.
func TestBindingReferences(t *testing.T) {
	for _, test := range []struct {
		name string
		b    spec.Binding
		want []string
	}{
		{"a queue", bindingOf(spec.BindingQueue, spec.Object{"queue_name": "q"}), []string{"queue/q"}},
		{"a queue without a name", bindingOf(spec.BindingQueue, spec.Object{"queue_name": ""}), nil},
		{"a service", bindingOf(spec.BindingService, spec.Object{"service": "auth"}), []string{"worker/auth"}},
		{"a bucket", bindingOf(spec.BindingR2Bucket, spec.Object{"bucket_name": "b"}), []string{"r2_bucket/b"}},
		{"a bucket of a jurisdiction", bindingOf(spec.BindingR2Bucket, spec.Object{"bucket_name": "b", "jurisdiction": "eu"}), []string{"r2_bucket/eu/b"}},
		{"a bucket of none", bindingOf(spec.BindingR2Bucket, spec.Object{"bucket_name": "b", "jurisdiction": spec.NoJurisdiction}), []string{"r2_bucket/b"}},
		{"a bucket without a name", bindingOf(spec.BindingR2Bucket, nil), nil},
		{"a class of another Worker", bindingOf(spec.BindingDurableObject, spec.Object{"class_name": "C", "script_name": "rooms"}), []string{"worker/rooms"}},
		{"a class of a user Worker", bindingOf(spec.BindingDurableObject, spec.Object{"class_name": "C", "script_name": "acme", "dispatch_namespace": "n"}), nil},
		{"a class of its own", bindingOf(spec.BindingDurableObject, spec.Object{"class_name": "C"}), nil},
		{"a workflow", bindingOf(spec.BindingWorkflow, spec.Object{"class_name": "C", "script_name": "flows"}), []string{"worker/flows"}},
		{"a namespace", bindingOf(spec.BindingDispatchNamespace, spec.Object{"namespace": "n"}), []string{"dispatch_namespace/n"}},
		{"a namespace with an outbound Worker", bindingOf(spec.BindingDispatchNamespace, spec.Object{"namespace": "n", "outbound": spec.Object{"worker": spec.Object{"service": "out"}}}), []string{"dispatch_namespace/n", "worker/out"}},
		{"a KV namespace by ref", spec.Binding{Type: spec.BindingKVNamespace, Ref: address("kv_namespace/table")}, []string{"kv_namespace/table"}},
		{"a KV namespace by id", bindingOf(spec.BindingKVNamespace, spec.Object{"namespace_id": "0123"}), nil},
		{"a variable", bindingOf(spec.BindingText, spec.Object{"text": "worker/auth"}), nil},
		{"a type that nobody knows", bindingOf("teleport", spec.Object{"service": "auth"}), nil},
	} {
		var got []string
		for _, ref := range test.b.References() {
			got = append(got, ref.To.String())
		}
		if d := cmp.Diff(test.want, got); d != "" {
			t.Errorf("%s: %s", test.name, d)
		}
	}
	at := diag.Range{File: "wfpsync.yaml", Line: 7}
	b := bindingOf(spec.BindingDispatchNamespace, spec.Object{"namespace": "n", "outbound": spec.Object{"worker": spec.Object{"service": "out"}}})
	b.OutboundAt = &at
	if refs := b.References(); refs[1].At != at {
		t.Errorf("the outbound Worker is named at %v", refs[1].At)
	}
}

// An id that is not known yet is unknown in the comparison, and filled in
// before the upload.
func TestResolved(t *testing.T) {
	byRef := spec.Binding{Name: "TABLE", Type: spec.BindingKVNamespace, Ref: address("kv_namespace/table")}
	byID := bindingOf(spec.BindingD1, spec.Object{"id": "db-1"})
	if got := byRef.Canonical()["namespace_id"]; got != spec.Unknown {
		t.Errorf("the id is %v", got)
	}
	if data, err := json.Marshal(byRef.Canonical()); err != nil || !strings.Contains(string(data), `"namespace_id":null`) {
		t.Errorf("%s, %v", data, err)
	}
	script := &spec.Script{Bindings: []spec.Binding{byID, byRef}}
	if script.IsResolved() {
		t.Error("a script with a reference is resolved")
	}
	if _, complete := script.Resolved(func(spec.Address) (string, bool) { return "", false }); complete {
		t.Error("an id that nobody knows is filled in")
	}
	resolved, complete := script.Resolved(func(a spec.Address) (string, bool) { return "id of " + a.Name, true })
	if got := resolved.Bindings[1].Properties.Get("namespace_id"); !complete || got != "id of table" {
		t.Errorf("%v, %v", got, complete)
	}
	if script.Bindings[1].Properties != nil {
		t.Error("the script itself was changed")
	}
	if kind, id := resolved.Bindings[1].StoreID(); kind != spec.KindKVNamespace || id != "id of table" {
		t.Errorf("it leads to %s %s", kind, id)
	}
	for _, b := range []spec.Binding{byRef, bindingOf(spec.BindingQueue, spec.Object{"queue_name": "q"})} {
		if kind, id := b.StoreID(); kind != "" || id != "" {
			t.Errorf("%s leads to %s %s", b.Type, kind, id)
		}
	}
	consumers := &spec.Script{Options: spec.Object{"tail_consumers": []any{
		spec.Object{"service": "tail"}, spec.Object{"service": "acme", "namespace": "n"}, spec.Object{}, "odd",
	}}}
	if refs := consumers.References(); len(refs) != 1 || refs[0].To != address("worker/tail") {
		t.Errorf("%v", refs)
	}
}

// Bindings that another program sets are carried over and do not differ.
func TestCarriedOver(t *testing.T) {
	script := &spec.Script{Bindings: []spec.Binding{{Name: "THEIRS", Type: spec.BindingInherit}, {Name: "NEW", Type: spec.BindingInherit}, bindingOf(spec.BindingText, spec.Object{"text": "x"})}}
	live := &spec.Script{MigrationTag: "v3", Bindings: []spec.Binding{{Name: "THEIRS", Type: spec.BindingSecret}, bindingOf(spec.BindingText, spec.Object{"text": "x"})}}
	if d := cmp.Diff([]string{"THEIRS", "NEW"}, script.CarriedOver()); d != "" || script.IsResolved() {
		t.Error(d, script.IsResolved())
	}
	vacant := func(s spec.Script) map[string]bool {
		found := map[string]bool{}
		for _, b := range s.Bindings {
			found[b.Name] = b.Vacant
		}
		return found
	}
	if d := cmp.Diff(map[string]bool{"THEIRS": false, "NEW": true, "B": false}, vacant(script.CarryingOver(live))); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(map[string]bool{"THEIRS": true, "NEW": true, "B": false}, vacant(script.CarryingOver(nil))); d != "" {
		t.Error(d)
	}
	there, wanted := live.Canonical(), script.Canonical()
	script.IgnoreUnmanaged(there, wanted)
	if d := cmp.Diff(there, wanted); d != "" {
		t.Error(d)
	}
	if plain := (&spec.Script{Tags: []string{"t"}}); len(plain.CarryingOver(live).Bindings) > 0 {
		t.Error("a script that carries nothing over got bindings")
	}
}

// A template compares what it manages, and uploads the rest unchanged.
func TestTemplatesKeepTheRest(t *testing.T) {
	live := &spec.Script{
		CompatibilityDate: "2025-01-01", CompatibilityFlags: []string{"theirs"}, Tags: []string{"pro"}, MigrationTag: "v1",
		Bindings: []spec.Binding{
			{Name: "KEY", Type: spec.BindingSecret}, {Name: "PLAN", Type: spec.BindingText, Properties: spec.PropertiesOf(spec.Object{"text": "old"})},
			{Name: "ASSETS", Type: spec.BindingAssets},
		},
		Options: spec.Object{"logpush": true, "placement": spec.Object{"mode": "smart", "status": "SUCCESS"}}, Rest: spec.Object{"usage_model": "standard"},
	}
	template := &spec.Script{
		Manage: []string{spec.FieldCode, spec.FieldVars}, CompatibilityDate: "2026-10-01", Assets: &spec.Assets{Keep: true},
		Bindings: []spec.Binding{{Name: "PLAN", Type: spec.BindingText, Properties: spec.PropertiesOf(spec.Object{"text": "new"})}},
	}
	for field, want := range map[string]bool{spec.FieldCode: true, spec.FieldVars: true, spec.FieldSecrets: false, "logpush": false} {
		if template.Manages(field) != want || !live.Manages(field) {
			t.Errorf("the template manages %s: %v; a script of its own: %v", field, !want, live.Manages(field))
		}
	}
	if !template.ManagesBindings() || (&spec.Script{Manage: []string{spec.FieldCode}}).ManagesBindings() || !live.ManagesBindings() {
		t.Error("only a template of code alone says nothing of bindings")
	}
	there, wanted := live.Canonical(), template.Canonical()
	template.IgnoreUnmanaged(there, wanted)
	want := spec.Object{"bindings": spec.Object{"PLAN": spec.Object{"type": "plain_text", "text": "old"}}}
	if d := cmp.Diff(want, there); d != "" {
		t.Error(d)
	}
	want["bindings"].(spec.Object)["PLAN"].(spec.Object)["text"] = "new"
	if d := cmp.Diff(want, wanted); d != "" {
		t.Error(d)
	}
	got := template.CarryingOver(live)
	if got.CompatibilityDate != "2025-01-01" || got.CompatibilityFlags[0] != "theirs" || got.Tags[0] != "pro" || got.Assets == nil {
		t.Errorf("%+v", got)
	}
	if d := cmp.Diff([]string{"KEY", "ASSETS"}, got.Inherited); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(spec.Object{"logpush": true, "placement": spec.Object{"mode": "smart"}}, got.Options); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(live.Rest, got.Rest); d != "" {
		t.Error(d)
	}
	if got := template.CarryingOver(&spec.Script{}); got.Assets != nil {
		t.Error("a Worker without static files is said to keep some")
	}
	more := &spec.Script{Manage: []string{spec.FieldCode, spec.FieldSecrets, spec.FieldVars}, Bindings: template.Bindings}
	if more.Digest() == template.Digest() {
		t.Error("a template that begins to manage a field is the same as before")
	}
	if tags := template.MarkedTags("shop", spec.NewMark("c", "s", time.Now())); tags[len(tags)-2] != spec.TemplateTag("shop") || spec.TemplateOf(tags) != "shop" {
		t.Errorf("%v", tags)
	}
	owned := live.MarkedTags("shop", spec.NewMark("c", "s", time.Now()))
	if owner, _, rest := spec.Ownership(owned); owner != "shop" || rest[0] != "pro" || spec.TemplateOf(owned) != "" {
		t.Errorf("%v", owned)
	}
	if owner, mark, rest := spec.Ownership(template.MarkedTags("shop", spec.NewMark(strings.Repeat("0", 16), strings.Repeat("1", 16), time.Now()))); owner != "" || mark == nil || len(rest) > 0 {
		t.Errorf("a template's tags make %q the owner, with %v, and leave %v", owner, mark, rest)
	}
}

// A binding to a class needs a migration that creates the class, unless another
// Worker exports it.
func TestUncreatedClasses(t *testing.T) {
	a := address("worker/rooms")
	class := func(name, script string) spec.Binding {
		properties := spec.Object{"class_name": name}
		if script != "" {
			properties["script_name"] = script
		}
		return bindingOf(spec.BindingDurableObject, properties)
	}
	migrations := []spec.Migration{
		{Tag: "v1", Step: spec.Object{"new_classes": []any{"Room", "Old"}, "new_sqlite_classes": []any{"Lobby"}}},
		{Tag: "v2", Step: spec.Object{"renamed_classes": []any{spec.Object{"from": "Room", "to": "Hall"}}, "deleted_classes": []any{"Old"}}},
		{Tag: "v3", Step: spec.Object{"transferred_classes": []any{spec.Object{"from": "Door", "from_script": "doors", "to": "Gate"}}}},
	}
	for name, want := range map[string]bool{"Hall": false, "Lobby": false, "Gate": false, "Room": true, "Old": true, "Door": true} {
		script := &spec.Script{Migrations: migrations, Bindings: []spec.Binding{class(name, "rooms"), class(name, "another")}}
		if got := len(script.UncreatedClasses(a)); (got == 1) != want {
			t.Errorf("%s: %d classes are made by nothing", name, got)
		}
	}
	template := &spec.Script{Manage: []string{spec.FieldCode}, Bindings: []spec.Binding{class("Any", "")}}
	if len(template.UncreatedClasses(a)) > 0 {
		t.Error("a template is asked for migrations")
	}
	if got := class("C", "rooms").RelativeTo(spec.Address{Kind: spec.KindUserWorker, Parent: "n", Name: "rooms"}).Properties.Get("script_name"); got != "rooms" {
		t.Error("a user Worker is taken for the Worker of the same name")
	}
}

// An upload runs the migrations after the remembered one, and none if the file
// does not list that.
func TestPendingMigrations(t *testing.T) {
	steps := []spec.Migration{{Tag: "v1", Step: spec.Object{"new_classes": []any{"A"}}}, {Tag: "v2", Step: spec.Object{"new_classes": []any{"B"}}}}
	for _, test := range []struct {
		migrations []spec.Migration
		remembered string
		want       spec.Object
		known      bool
	}{
		{steps, "", spec.Object{"new_tag": "v2", "steps": []any{steps[0].Step, steps[1].Step}}, true},
		{steps, "v1", spec.Object{"old_tag": "v1", "new_tag": "v2", "steps": []any{steps[1].Step}}, true},
		{steps, "v2", nil, true},
		{steps, "v9", nil, false},
		{nil, "v9", nil, true}, // a file may omit those that have run
		{nil, "", nil, true},
	} {
		got, known := (&spec.Script{Migrations: test.migrations}).PendingMigrations(test.remembered)
		if d := cmp.Diff(test.want, got); d != "" || known != test.known {
			t.Errorf("after %q: known %v, %s", test.remembered, known, d)
		}
	}
	if spec.LastMigrationTag(steps) != "v2" || spec.LastMigrationTag(nil) != "" {
		t.Error("the last tag is that of the last migration")
	}
}

// Code has the same digest in any order of its modules, and another one for any
// other modules.
func TestDigestsOfCode(t *testing.T) {
	module := func(name, content string) spec.Module {
		return spec.Module{Name: name, Type: spec.ESModule, Content: []byte(content)}
	}
	digests := map[string]string{}
	digest := func(what, main string, modules ...spec.Module) string {
		var c spec.Code
		c.Complete(main, modules)
		if other, taken := digests[c.Digest]; taken {
			t.Errorf("%s has the digest of %s", what, other)
		}
		digests[c.Digest] = what
		return c.Digest
	}
	first := digest("two modules", "a.js", module("a.js", "1"), module("b.js", "2"))
	digest("the other main module", "b.js", module("a.js", "1"), module("b.js", "2"))
	digest("other contents", "a.js", module("a.js", "12"), module("b.js", ""))
	digest("another name", "a.js", module("a.js", "1"), module("c.js", "2"))
	digest("another type", "a.js", module("a.js", "1"), spec.Module{Name: "b.js", Type: spec.TextModule, Content: []byte("2")})
	var again spec.Code
	again.Complete("a.js", []spec.Module{module("b.js", "2"), module("a.js", "1")})
	if again.Digest != first || again.Size() != 2 || !again.IsUploaded() {
		t.Errorf("%+v", again)
	}
}

// Options of bundling are a key, so that two Workers share code only if it
// would be the same.
func TestCodeOptionsKey(t *testing.T) {
	keys := map[string]bool{}
	for _, o := range []spec.CodeOptions{
		{}, {Minify: true}, {Define: map[string]string{"A": "1"}}, {Alias: map[string]string{"A": "1"}}, {NoBundle: true}, {FindModules: true},
		{FindModules: true, BaseDir: "src"}, {Rules: []spec.ModuleRule{{Type: spec.TextModule, Globs: []string{"*.txt"}}}},
		{Runtime: spec.Runtime{Date: "2026-10-01"}}, {Runtime: spec.Runtime{Flags: []string{"nodejs_compat"}}},
	} {
		if keys[o.Key()] {
			t.Errorf("%+v has the key %q of others", o, o.Key())
		}
		keys[o.Key()] = true
	}
	if !keys[""] {
		t.Error("no options have a key")
	}
	if r := (spec.Runtime{Flags: []string{"nodejs_compat"}}); !r.HasFlag("nodejs_compat") || r.HasFlag("nodejs_als") {
		t.Error("a flag is set that is not there, or is not set that is")
	}
}

// Properties are an object, sorted by name.
func TestProperties(t *testing.T) {
	p := spec.PropertiesOf(spec.Object{"b": 2.0, "a": "1"})
	more := p.With("aa", true).With("b", 3.0)
	if d := cmp.Diff(spec.Object{"a": "1", "aa": true, "b": 3.0}, more.Object()); d != "" {
		t.Error(d)
	}
	if p.Get("b") != 2.0 || p.Get("aa") != nil || len(more.Without("a", "b", "c")) != 1 {
		t.Errorf("%v, %v", p, more)
	}
	data, err := json.Marshal(more)
	if err != nil {
		t.Fatal(err)
	}
	var back spec.Properties
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(more, back); d != "" {
		t.Error(d)
	}
	if err := json.Unmarshal([]byte(`[]`), &back); err == nil {
		t.Error("a list is read as properties")
	}
}

// Cron expressions that differ only in spaces are equal.
func TestNormalCron(t *testing.T) {
	if got := spec.NormalCron("  0 4\t*  * *"); got != "0 4 * * *" {
		t.Error(got)
	}
}

// A secret's source is printed, and is not part of a Worker's digest.
func TestSecretSources(t *testing.T) {
	for want, s := range map[string]spec.SecretSource{"env KEY": {Env: "KEY"}, "file key.txt": {File: "key.txt"}} {
		if got := s.String(); got != want {
			t.Error(got)
		}
	}
	b := spec.Binding{Name: "KEY", Type: spec.BindingSecret, Secret: &spec.SecretSource{Env: "KEY"}}
	worker := &spec.Worker{Name: "w"}
	copied := worker.WithScript(spec.Script{Bindings: []spec.Binding{b, bindingOf(spec.BindingText, nil)}})
	if got := copied.AsScript().Secrets(); len(got) != 1 || got[0].Name != "KEY" || len(worker.Secrets()) > 0 {
		t.Errorf("%v", got)
	}
	values := &spec.SecretValues{Values: map[spec.SecretSource]spec.Secret{{Env: "KEY"}: spec.NewSecret("v")}}
	if !values.Knows(*b.Secret) || values.Knows(spec.SecretSource{Env: "OTHER"}) {
		t.Error("only the value that is there is known")
	}
	if !b.IsSecret() || bindingOf(spec.BindingText, nil).IsSecret() {
		t.Error("text is a secret, or a secret is not")
	}
	if got := spec.DigestOf(spec.Object{"a": 1.0, "b": 2.0}); got != spec.DigestOf(spec.Object{"b": 2.0, "a": 1.0}) || got == spec.DigestOf(nil) {
		t.Error("the digest depends on the order of keys, or on nothing")
	}
}
