package stackfile_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile"
)

// esModule returns code that a stack file can name.
func esModule(name string) *spec.Code {
	code := new(spec.Code)
	code.Complete(name, []spec.Module{{Name: name, Type: spec.ESModule, Content: []byte("export default {}")}})
	return code
}

func snapshotOf(lives ...*spec.Live) *spec.Snapshot {
	snap := spec.NewSnapshot(spec.Account{ID: "0123456789abcdef0123456789abcdef"})
	for _, live := range lives {
		live.Detailed = true
		snap.Resources[live.Resource.Address()] = live
	}
	return snap
}

func liveWorker(name string, edit func(*spec.Worker, *spec.Revision)) *spec.Live {
	w := &spec.Worker{Name: name, Script: spec.Script{Code: esModule("index.js"), CompatibilityDate: "2026-01-01"}}
	live := &spec.Live{Resource: w}
	if edit != nil {
		edit(w, &live.Revision)
	}
	return live
}

// What no stack file can say is left out, and said.
func TestImportLeavesOut(t *testing.T) {
	code := func(main string, modules ...spec.Module) func(*spec.Worker, *spec.Revision) {
		return func(w *spec.Worker, _ *spec.Revision) {
			w.Code = new(spec.Code)
			w.Code.Complete(main, modules)
		}
	}
	for want, edit := range map[string]func(*spec.Worker, *spec.Revision){
		`it belongs to the stack "other"`:                  func(_ *spec.Worker, r *spec.Revision) { r.Owner = "other" },
		"its tags are":                                     func(w *spec.Worker, _ *spec.Revision) { w.Tags = []string{"a&b"} },
		"it has 7 tags of its own":                         func(w *spec.Worker, _ *spec.Revision) { w.Tags = strings.Split("a b c d e f g", " ") },
		`it has a binding of type "wasm_module"`:           func(w *spec.Worker, _ *spec.Revision) { w.Bindings = []spec.Binding{{Name: "W", Type: "wasm_module"}} },
		`the name of its binding "a-b"`:                    func(w *spec.Worker, _ *spec.Revision) { w.Bindings = []spec.Binding{{Name: "a-b", Type: "ai"}} },
		"its code cannot be read":                          func(w *spec.Worker, _ *spec.Revision) { w.Code = &spec.Code{Digest: "0123456789abcdef"} },
		`its code is of type "application/javascript"`:     code("a.js", spec.Module{Name: "a.js", Type: spec.CommonJS}),
		`its main module is called "main.py"`:              code("main.py", spec.Module{Name: "main.py", Type: "text/x-python"}),
		`its main module is called "src/a.js"`:             code("src/a.js", spec.Module{Name: "src/a.js", Type: spec.ESModule}),
		`its module "a.js.map" is of type`:                 code("a.js", spec.Module{Name: "a.js", Type: spec.ESModule}, spec.Module{Name: "a.js.map", Type: "application/source-map"}),
		`its module "../b.txt" cannot be a file`:           code("a.js", spec.Module{Name: "a.js", Type: spec.ESModule}, spec.Module{Name: "../b.txt", Type: spec.TextModule}),
		`its module "/etc/passwd" cannot be a file`:        code("a.js", spec.Module{Name: "a.js", Type: spec.ESModule}, spec.Module{Name: "/etc/passwd", Type: spec.TextModule}),
		`its module "a*.txt" cannot be a file`:             code("a.js", spec.Module{Name: "a.js", Type: spec.ESModule}, spec.Module{Name: "a*.txt", Type: spec.TextModule}),
		`its module ".hidden/b.txt" cannot be a file`:      code("a.js", spec.Module{Name: "a.js", Type: spec.ESModule}, spec.Module{Name: ".hidden/b.txt", Type: spec.TextModule}),
		`its module "node_modules/b.txt" cannot be a file`: code("a.js", spec.Module{Name: "a.js", Type: spec.ESModule}, spec.Module{Name: "node_modules/b.txt", Type: spec.TextModule}),
	} {
		imported, err := stackfile.Import(snapshotOf(liveWorker("other", edit), liveWorker("fine", nil)), "mine", stackfile.OwnUserWorkers)
		if err != nil {
			t.Fatal(err)
		}
		document := string(imported.Document)
		if !strings.Contains(document, "#   worker/other: "+want) || len(imported.Notes) != 1 || !strings.Contains(imported.Notes[0].Message, want) {
			t.Errorf("want %q in\n%s\n%v", want, document, imported.Notes)
		}
		if stack, list := stackfile.Parse("wfpsync.yaml", imported.Document); list.HasErrors() || len(stack.Resources) != 1 {
			t.Errorf("%q: %v\n%s", want, list, document)
		}
	}
}

// Workers that need each other can only exist because they were created one
// after the other; a file cannot.
func TestImportBreaksCycles(t *testing.T) {
	calls := func(name string) func(*spec.Worker, *spec.Revision) {
		return func(w *spec.Worker, _ *spec.Revision) {
			w.Bindings = []spec.Binding{{Name: "OTHER", Type: spec.BindingService, Properties: spec.PropertiesOf(spec.Object{"service": name})}}
		}
	}
	imported, err := stackfile.Import(snapshotOf(liveWorker("a", calls("b")), liveWorker("b", calls("c")), liveWorker("c", calls("a"))), "mine", stackfile.OwnUserWorkers)
	if err != nil {
		t.Fatal(err)
	}
	stack, list := stackfile.Parse("wfpsync.yaml", imported.Document)
	if list.HasErrors() {
		t.Fatalf("%v\n%s", list, imported.Document)
	}
	inherited := 0
	for _, r := range stack.Resources {
		inherited += len(r.(spec.Scripted).AsScript().CarriedOver())
	}
	if inherited != 1 || len(imported.Notes) != 1 {
		t.Errorf("%d bindings are carried over, want 1\n%s", inherited, imported.Document)
	}
}

// A binding comes back as it was, whatever its type: in the group of its type, or
// in the API's form.
func TestImportKeepsBindings(t *testing.T) {
	object := func(pairs ...any) spec.Object {
		o := spec.Object{}
		for i := 0; i < len(pairs); i += 2 {
			o[pairs[i].(string)] = pairs[i+1]
		}
		return o
	}
	bindings := []spec.Binding{
		{Name: "A01", Type: "plain_text", Properties: spec.PropertiesOf(object("text", "a\n \"${b}\"\t: #"))},
		{Name: "A02", Type: "plain_text", Properties: spec.PropertiesOf(object("text", ""))},
		{Name: "A03", Type: "json", Properties: spec.PropertiesOf(object("json", []any{1.5, nil, "${x}", spec.Object{"a": true}}))},
		{Name: "A04", Type: "json", Properties: spec.PropertiesOf(object("json", "text"))},
		{Name: "A05", Type: "json", Properties: spec.PropertiesOf(object("json", nil))},
		{Name: "A06", Type: "kv_namespace", Properties: spec.PropertiesOf(object("namespace_id", "unknown"))},
		{Name: "A07", Type: "kv_namespace", Properties: spec.PropertiesOf(object("namespace_id", "known"))},
		{Name: "A08", Type: "d1", Properties: spec.PropertiesOf(object("database_id", "d1-unknown"))},
		{Name: "A09", Type: "r2_bucket", Properties: spec.PropertiesOf(object("bucket_name", "other", "jurisdiction", "eu"))},
		{Name: "A10", Type: "queue", Properties: spec.PropertiesOf(object("queue_name", "elsewhere", "delivery_delay", 5.0))},
		{Name: "A11", Type: "service", Properties: spec.PropertiesOf(object("service", "x", "entrypoint", "E", "props", spec.Object{"a": 1.0}))},
		{Name: "A12", Type: "service", Properties: spec.PropertiesOf(object("service", "x", "cross_account_grant", "g"))},
		{Name: "A13", Type: "dispatch_namespace", Properties: spec.PropertiesOf(object("namespace", "ns", "outbound", object("worker", object("service", "o"), "params", []any{"p", object("name", "q")})))},
		{Name: "A14", Type: "dispatch_namespace", Properties: spec.PropertiesOf(object("namespace", "ns", "outbound", object("worker", object("service", "o", "entrypoint", "E"))))},
		{Name: "A15", Type: "durable_object_namespace", Properties: spec.PropertiesOf(object("class_name", "C", "script_name", "x", "namespace_id", "answered"))},
		{Name: "A16", Type: "workflow", Properties: spec.PropertiesOf(object("workflow_name", "w", "class_name", "C"))},
		{Name: "A17", Type: "ai"},
		{Name: "A18", Type: "browser"},
		{Name: "A19", Type: "browser"},
		{Name: "A20", Type: "ratelimit", Properties: spec.PropertiesOf(object("namespace_id", "1", "simple", object("limit", 10.0, "period", 60.0)))},
		{Name: "A21", Type: "send_email", Properties: spec.PropertiesOf(object("allowed_destination_addresses", []any{"b@x", "a@x"}))},
		{Name: "A22", Type: "hyperdrive", Properties: spec.PropertiesOf(object("id", "h"))},
		{Name: "A23", Type: "vectorize", Properties: spec.PropertiesOf(object("index_name", "v"))},
		{Name: "A24", Type: "analytics_engine", Properties: spec.PropertiesOf(object("dataset", "d"))},
		{Name: "A25", Type: "pipelines", Properties: spec.PropertiesOf(object("pipeline", "p"))},
		{Name: "A26", Type: "secrets_store_secret", Properties: spec.PropertiesOf(object("store_id", "s", "secret_name", "n"))},
		{Name: "A27", Type: "mtls_certificate", Properties: spec.PropertiesOf(object("certificate_id", "c"))},
		{Name: "A28", Type: "version_metadata"},
		{Name: "A29", Type: "images"},
		{Name: "A30", Type: "of_tomorrow", Properties: spec.PropertiesOf(object("deep", []any{object("a", "${b}")}))},
	}
	kv := &spec.Live{Resource: &spec.KVNamespace{Title: "Ünïcode: title"}, Revision: spec.Revision{ID: "known"}}
	worker := liveWorker("all", func(w *spec.Worker, _ *spec.Revision) {
		w.Bindings = bindings
		w.Options = spec.Object{"placement": object("mode", "smart", "status", "x"), "limits": object("cpu_ms", 10.0)}
	})
	imported, err := stackfile.Import(snapshotOf(kv, worker), "mine", stackfile.OwnUserWorkers)
	if err != nil {
		t.Fatal(err)
	}
	stack, list := stackfile.Parse("wfpsync.yaml", imported.Document)
	if list.HasErrors() {
		t.Fatalf("%v\n%s", list, imported.Document)
	}
	read, _ := stack.Lookup(spec.Address{Kind: spec.KindWorker, Name: "all"})
	script, complete := read.(spec.Scripted).AsScript().Resolved(func(spec.Address) (string, bool) { return "known", true })
	if want := worker.Resource.(spec.Scripted).AsScript().Digest(); !complete || script.Digest() != want {
		is, was := script.Canonical(), worker.Resource.Canonical()
		for name := range was {
			if fmt.Sprint(is[name]) != fmt.Sprint(was[name]) {
				t.Logf("%s:\n%v\n%v", name, was[name], is[name])
			}
		}
		t.Errorf("the Worker is another one\n%s", imported.Document)
	}
}

// What the account keeps to itself stays what it is, and so do the files of assets: an
// upload from the file would otherwise take them away.
func TestImportKeepsWhatCannotBeRead(t *testing.T) {
	worker := liveWorker("shop", func(w *spec.Worker, _ *spec.Revision) {
		w.Assets = &spec.Assets{Keep: true}
		w.Bindings = []spec.Binding{
			{Name: "ASSETS", Type: spec.BindingAssets},
			{Name: "PASSWORD", Type: spec.BindingSecret, Properties: spec.PropertiesOf(spec.Object{"text": "hunter2"})},
			{Name: "SIGNING", Type: spec.BindingSecretKey, Properties: spec.PropertiesOf(spec.Object{"algorithm": spec.Object{"name": "HMAC"}, "key_base64": "aHVudGVyMg=="})},
		}
	})
	imported, err := stackfile.Import(snapshotOf(worker), "mine", stackfile.OwnUserWorkers)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"hunter2", "aHVudGVyMg"} {
		if strings.Contains(string(imported.Document), secret) {
			t.Errorf("%q is in the file:\n%s", secret, imported.Document)
		}
	}
	for _, want := range []string{"PASSWORD", "SIGNING", "static files"} {
		if !slices.ContainsFunc(imported.Notes, func(n stackfile.ImportNote) bool { return strings.Contains(n.Message, want) }) {
			t.Errorf("nothing is said of %s: %v", want, imported.Notes)
		}
	}
	stack, list := stackfile.Parse("wfpsync.yaml", imported.Document)
	if list.HasErrors() {
		t.Fatalf("%s\n%s", describe(list), imported.Document)
	}
	r, _ := stack.Lookup(worker.Resource.Address())
	script := r.(spec.Scripted).AsScript()
	types := map[string]string{}
	for _, b := range script.Bindings {
		types[b.Name] = b.Type
	}
	want := map[string]string{"ASSETS": spec.BindingAssets, "PASSWORD": spec.BindingInherit, "SIGNING": spec.BindingInherit}
	if !maps.Equal(types, want) || script.Assets == nil || !script.Assets.Keep {
		t.Errorf("bindings %v and assets %v from\n%s", types, script.Assets, imported.Document)
	}
}
