package stackfile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile"
)

// allKinds is a stack file that declares something of each kind.
const allKinds = `version: 1
name: shop
defaults: { compatibility_date: 2026-10-01 }
dispatch_namespaces: { customers: { trusted_workers: false } }
kv_namespaces: { table: {} }
d1_databases: { orders: { jurisdiction: eu }, "2024": {} }
r2_buckets: { files: { location: weur, storage_class: InfrequentAccess }, eu-files: { jurisdiction: eu } }
queues: { mail: { delivery_delay: 5, message_retention_period: 86400 }, dead: {} }
vectorize_indexes: { docs: { dimensions: 768, metric: cosine }, notes: { dimensions: 32, metric: euclidean, description: for people } }
dns_records:
  "*.example.com": { zone_name: example.com, type: AAAA, content: "100::", proxied: true }
  app.example.com: { zone_name: example.com, type: CNAME, content: example.org, proxied: true, comment: say of it }
custom_hostnames:
  shop.acme.com: { zone_name: example.com, ssl: { method: http }, custom_metadata: { customer: acme }, custom_origin_server: origin.example.com }
workers:
  router:
    script: export default {}
    compatibility_flags: [nodejs_compat]
    tags: [front]
    limits: { cpu_ms: 50 }
    logpush: true
    placement: { mode: smart }
    observability: { enabled: true, head_sampling_rate: 0.5 }
    tail_consumers: [{ service: other }]
    routes:
      - { pattern: "*.example.com/*", zone_name: example.com }
      - { pattern: console.example.com, zone_name: example.com, custom_domain: true }
    workers_dev: false
    preview_urls: true
    triggers: { crons: ["0 4 * * *"] }
    vars: { TEXT: text, NUMBER: 7, LIST: [1, { a: b }] }
    secrets: { KEY: { keep: true } }
    kv_namespaces: [{ binding: TABLE, ref: table }]
    d1_databases: [{ binding: ORDERS, ref: orders }]
    r2_buckets: [{ binding: FILES, ref: files }, { binding: EU, ref: eu-files }]
    vectorize: [{ binding: DOCS, ref: docs }, { binding: OTHER, index_name: elsewhere }]
    queues:
      producers: [{ binding: MAIL, ref: mail, delivery_delay: 3 }]
      consumers: [{ queue: mail, max_batch_size: 5, max_batch_timeout: 2, max_retries: 1, max_concurrency: 4, retry_delay: 60, dead_letter_queue: dead }]
    services: [{ binding: OTHER_WORKER, service: other, entrypoint: Named }]
    dispatch_namespaces: [{ binding: CUSTOMERS, namespace: customers, outbound: { service: other, parameters: [customer] } }]
    durable_objects: { bindings: [{ name: ROOMS, class_name: Room, script_name: other }] }
    send_email: [{ name: EMAIL, allowed_destination_addresses: [a@example.com] }]
    analytics_engine_datasets: [{ binding: POINTS, dataset: points }]
    hyperdrive: [{ binding: HYPER, id: 0123456789abcdef0123456789abcdef }]
    ratelimits: [{ name: LIMIT, namespace_id: "1", simple: { limit: 10, period: 60 } }]
    secrets_store_secrets: [{ binding: STORED, store_id: 0123456789abcdef0123456789abcdef, secret_name: s }]
    mtls_certificates: [{ binding: CERTIFICATE, certificate_id: 0123456789abcdef0123456789abcdef }]
    ai: { binding: AI }
    browser: { binding: BROWSER }
    images: { binding: IMAGES }
    version_metadata: { binding: VERSION }
    bindings: [{ name: TELEPORT, type: teleport, where: there }]
  other: { script: "export default {}" }
user_workers:
  acme: { dispatch_namespace: customers, script: "export default {}", vars: { PLAN: pro }, protect: true }
`

// liveOf returns an account that has what a stack file declares, as a run of
// the stack has left it.
func liveOf(t *testing.T, text string, owner string) *spec.Snapshot {
	t.Helper()
	stack, list := stackfile.Load(fstest.MapFS{"wfpsync.yaml": {Data: []byte(text)}}, "wfpsync.yaml", stackfile.Options{})
	if list.HasErrors() {
		t.Fatal(list.Err())
	}
	snap := spec.NewSnapshot(spec.Account{ID: "0123456789abcdef0123456789abcdef"})
	for i, r := range stack.Resources {
		live := &spec.Live{Resource: r, Detailed: true}
		if kind := r.Address().Kind.Info(); kind.Store || kind.Holds != "" {
			live.Revision.ID = fmt.Sprintf("%032x", i)
		}
		if r.Address().Kind.Info().InZones() {
			live.Revision.Owner = owner
		}
		snap.Resources[r.Address()] = live
	}
	for a, live := range snap.Resources {
		r, ok := live.Resource.(spec.Scripted)
		if !ok {
			continue
		}
		script, complete := r.AsScript().Resolved(snap.ID)
		if !complete {
			t.Fatalf("%s refers to what is not there", a)
		}
		script.Code = esModule("index.js")
		for i, b := range script.Bindings {
			if b.IsSecret() || b.Type == spec.BindingInherit {
				script.Bindings[i] = spec.Binding{Name: b.Name, Type: spec.BindingSecret}
				continue
			}
			script.Bindings[i].Ref = spec.Address{}
		}
		mark := spec.NewMark(script.Code.Digest, script.Digest(), live.Revision.ModifiedOn)
		mark.Protected = r.Meta().Protect
		live.Resource, live.Revision.Owner, live.Revision.Mark = r.WithScript(script), owner, &mark
	}
	return snap
}

// reloaded loads an imported stack file with the files that it names.
func reloaded(t *testing.T, imported *stackfile.Imported) *spec.Stack {
	t.Helper()
	files := fstest.MapFS{"wfpsync.yaml": {Data: imported.Document}}
	for _, file := range imported.Files {
		files[file.Path] = &fstest.MapFile{Data: file.Content}
	}
	stack, list := stackfile.Load(files, "wfpsync.yaml", stackfile.Options{})
	if list.HasErrors() {
		t.Fatalf("%v\n%s", list.Err(), imported.Document)
	}
	return stack
}

// unsaid are the fields that an import leaves out, and so leaves as they are, where they have this value: what the platform
// does by itself, and where a bucket was once put.
var unsaid = map[spec.Kind]spec.Object{
	spec.KindDispatchNamespace: {"trusted_workers": false},
	spec.KindR2Bucket:          {"location": "weur"},
	spec.KindWorkerSubdomain:   {"enabled": false},
}

// What is imported means what is there, of each kind and of each type of binding.
func TestImportOfEveryKind(t *testing.T) {
	live := liveOf(t, allKinds, "shop")
	kinds := map[spec.Kind]bool{spec.KindKVPair: true} // which are data, and not imported
	for a := range live.Resources {
		kinds[a.Kind] = true
	}
	for _, kind := range spec.Kinds() {
		if !kinds[kind.Kind] {
			t.Errorf("the file has no %s", kind.Singular)
		}
	}
	imported, err := stackfile.Import(live, "shop", stackfile.LeaveUserWorkers)
	if err != nil {
		t.Fatal(err)
	}
	stack := reloaded(t, imported)
	var missing, more []string
	for _, a := range live.Addresses() {
		if _, found := stack.Lookup(a); !found {
			missing = append(missing, a.String())
		}
	}
	for _, r := range stack.Resources {
		was := live.Resources[r.Address()]
		if was == nil {
			more = append(more, r.Address().String())
			continue
		}
		wanted, there := r.Canonical(), was.Resource.Canonical()
		if script, ok := r.(spec.Scripted); ok {
			resolved, _ := script.AsScript().Resolved(live.ID)
			wanted = resolved.Canonical()
			resolved.IgnoreUnmanaged(there, wanted)
			withoutSecrets(there)
			withoutSecrets(wanted)
		}
		for field, usual := range unsaid[r.Address().Kind] {
			if there[field] == usual && wanted[field] == nil {
				delete(there, field)
			}
		}
		if d := cmp.Diff(there, wanted); d != "" {
			t.Errorf("%s:\n%s", r.Address(), d)
		}
		if r.Meta().Protect != was.Resource.Meta().Protect {
			t.Errorf("%s is protected: %v", r.Address(), r.Meta().Protect)
		}
	}
	if len(missing)+len(more) > 0 {
		t.Errorf("missing %v, and more %v, in\n%s", missing, more, imported.Document)
	}
	for _, ref := range []string{"ref: table", "ref: orders", "ref: files", "ref: eu-files", "ref: docs", "ref: mail"} {
		if !strings.Contains(string(imported.Document), ref) {
			t.Errorf("a binding to what the file declares has no %s", ref)
		}
	}
}

// withoutSecrets takes out the secrets of a canonical form, which a file keeps as they are.
func withoutSecrets(canonical spec.Object) {
	bindings, _ := canonical["bindings"].(spec.Object)
	for name, b := range bindings {
		if properties, _ := b.(spec.Object); properties["type"] == spec.BindingSecret {
			delete(bindings, name)
		}
	}
}

// User Workers that no stack manages are the product's: they are left out, made a template where they are alike, or
// taken into the file.
func TestImportOfUserWorkers(t *testing.T) {
	worker := func(name, plan string) string {
		return "  " + name + ": { dispatch_namespace: customers, script: \"export default {}\", compatibility_date: 2026-10-01, vars: { PLAN: " + plan + " } }\n"
	}
	const head = "version: 1\nname: shop\ndispatch_namespaces: { customers: {} }\nuser_workers:\n"
	alike, different := head+worker("acme", "pro")+worker("globex", "pro"), head+worker("acme", "pro")+strings.Replace(worker("globex", "pro"), "2026-10-01", "2025-10-01", 1)
	for name, test := range map[string]struct {
		text      string
		treatment stackfile.UserWorkers
		workers   int
		discovers bool
		note      string
	}{
		"left":                 {alike, stackfile.LeaveUserWorkers, 0, false, "2 user Workers"},
		"a template":           {alike, stackfile.TemplateUserWorkers, 0, true, ""},
		"a template of two":    {different, stackfile.TemplateUserWorkers, 0, true, ""},
		"taken":                {alike, stackfile.OwnUserWorkers, 2, false, ""},
		"taken, though unlike": {different, stackfile.OwnUserWorkers, 2, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			imported, err := stackfile.Import(liveOf(t, test.text, ""), "shop", test.treatment)
			if err != nil {
				t.Fatal(err)
			}
			stack := reloaded(t, imported)
			workers := 0
			for _, r := range stack.Resources {
				if r.Address().Kind == spec.KindUserWorker {
					workers++
				}
			}
			if workers != test.workers || (len(stack.Discoveries) > 0) != test.discovers {
				t.Errorf("%d user Workers, and lists that look for %v, in\n%s", workers, stack.Discoveries, imported.Document)
			}
			if noted := slices.ContainsFunc(imported.Notes, func(n stackfile.ImportNote) bool { return strings.Contains(n.Message, test.note) }); test.note != "" && !noted {
				t.Errorf("the notes are %v", imported.Notes)
			}
		})
	}
}

// A configuration of wrangler becomes a stack file that takes it over, and what cannot be taken over is said.
func TestImportWrangler(t *testing.T) {
	files := fstest.MapFS{
		"apps/router/wrangler.jsonc": {Data: []byte(`{
			"name": "router", "main": "src/index.ts", "compatibility_date": "2026-10-01",
			"kv_namespaces": [{ "binding": "TABLE", "id": "0123456789abcdef0123456789abcdef" }],
			"dispatch_namespaces": [{ "binding": "CUSTOMERS", "namespace": "customers" }],
			"env": { "staging": { "name": "router-staging" } }
		}`)},
		"apps/router/src/index.ts": {Data: []byte("export default {}")},
		"broken.toml":              {Data: []byte("name = ")},
	}
	for _, test := range []struct {
		file, environment, name, worker, stack string
		bindings                               int
	}{
		{"apps/router/wrangler.jsonc", "", "", "router", "router", 2},
		{"apps/router/wrangler.jsonc", "staging", "shop", "router-staging", "shop", 0}, // which inherits none of the bindings
	} {
		imported, list := stackfile.ImportWrangler(files, test.file, test.environment, test.name)
		if list.HasErrors() {
			t.Fatal(list.Err())
		}
		files["wfpsync.yaml"] = &fstest.MapFile{Data: imported.Document}
		stack, list := stackfile.Load(files, "wfpsync.yaml", stackfile.Options{})
		if list.HasErrors() {
			t.Fatalf("%v\n%s", list.Err(), imported.Document)
		}
		worker, found := stack.Lookup(spec.Address{Kind: spec.KindWorker, Name: test.worker})
		if !found || len(worker.(*spec.Worker).Bindings) != test.bindings || stack.Name != test.stack {
			t.Errorf("stack %s with %v from\n%s", stack.Name, stack.Resources, imported.Document)
		}
	}
	for file, want := range map[string]string{"broken.toml": "broken.toml:1", "none.toml": "none.toml", "apps/router/src/index.ts": "index.ts"} {
		if _, list := stackfile.ImportWrangler(files, file, "", ""); !list.HasErrors() || !strings.Contains(list.Err().Error(), want) {
			t.Errorf("%s: %v", file, list)
		}
	}
}

// Values of variables come from a file of YAML or JSON, and mistakes in it are said at their place.
func TestParseVariables(t *testing.T) {
	values, list := stackfile.ParseVariables("values.yaml", []byte("zone: example.com\ncount: 7\nlist: [a, b]\n"))
	if d := cmp.Diff(map[string]any{"zone": "example.com", "count": 7.0, "list": []any{"a", "b"}}, values); d != "" || list.HasErrors() {
		t.Error(d, list)
	}
	for text, want := range map[string]string{"- a": "values.yaml:1:1", "a: [": "values.yaml:1", "a: 1\na: 2": "values.yaml:2:1"} {
		if _, list := stackfile.ParseVariables("values.yaml", []byte(text)); !list.HasErrors() || !strings.Contains(list.Err().Error(), want) {
			t.Errorf("%q: %v", text, list)
		}
	}
}
