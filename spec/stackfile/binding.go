package stackfile

import (
	"fmt"
	"strings"

	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/internal/canon"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// A bindingGroup is how the file spells bindings of one type: mostly as wrangler
// does, under a key for a list of them or for a single one.
type bindingGroup struct {
	// key is the group's key, with a slash where wrangler wraps the list:
	// durable_objects/bindings. It is "" for types that are not in a group of their own.
	key string

	// byName is the key of a Worker that holds values of the type by their names:
	// vars or secrets; "" for types in lists.
	byName string

	// of is the API's binding type; "" for those that no other group has.
	of string

	// name is the field that an import gives a binding's name in; "" for "binding".
	name string

	// single says that the key is for one binding, and not for a list.
	single bool

	// fields are those that the file spells as the API does.
	fields []string

	// id is the field that names a store by the platform's id, where `ref` names one
	// of the file by its key.
	id string

	// load reads an item in another way than by its fields. It returns false after
	// a complaint.
	load func(l *loader, item *document.Value) (spec.Binding, bool)

	// write writes an imported binding in another way than by its fields, and
	// returns false for one that can only be written in the API's form. It gets the
	// canonical properties.
	write func(w *bindingWriter, g *bindingGroup, b spec.Binding, properties spec.Object) bool

	// refused says what to write instead of the API's form; nil for types that may
	// stand under `bindings`.
	refused *refusal
}

// refusal is what is wrong with a binding under `bindings`. The hint may have a verb
// for the binding's name.
type refusal struct{ rule, message, hint string }

// bindingGroups are the types of bindings that the file has a form of its own for.
// A new type is a line here, and functions beside its kind if it refers to a
// resource of the file. All other types are under `bindings`, in the API's form.
var bindingGroups = []bindingGroup{
	{key: "kv_namespaces", of: spec.BindingKVNamespace, id: "id"},
	{key: "d1_databases", of: spec.BindingD1, id: "database_id"},
	{key: "r2_buckets", of: spec.BindingR2Bucket, load: (*loader).r2BucketBinding, write: (*bindingWriter).r2Bucket},
	{key: "queues/producers", of: spec.BindingQueue, load: (*loader).queueBinding, write: (*bindingWriter).queue},
	{key: "dispatch_namespaces", of: spec.BindingDispatchNamespace, load: (*loader).dispatchNamespaceBinding, write: (*bindingWriter).dispatchNamespace},
	{key: "services", of: spec.BindingService, fields: []string{"service", "environment", "entrypoint", "props"}, load: (*loader).serviceBinding},
	{key: "durable_objects/bindings", of: spec.BindingDurableObject, name: "name", fields: []string{"class_name", "script_name", "environment"}, load: (*loader).durableObjectBinding},
	{key: "workflows", of: spec.BindingWorkflow, load: (*loader).workflowBinding, write: (*bindingWriter).workflow},
	{key: "hyperdrive", of: "hyperdrive", fields: []string{"id"}},
	{key: "vectorize", of: "vectorize", fields: []string{"index_name"}},
	{key: "analytics_engine_datasets", of: "analytics_engine", fields: []string{"dataset"}, load: (*loader).analyticsEngineBinding},
	{key: "pipelines", of: "pipelines", fields: []string{"pipeline"}},
	{key: "ratelimits", of: "ratelimit", name: "name", fields: []string{"namespace_id", "simple"}},
	{key: "send_email", of: spec.BindingSendEmail, name: "name", fields: []string{"destination_address", "allowed_destination_addresses", "allowed_sender_addresses"}, load: (*loader).sendEmailBinding},
	{key: "secrets_store_secrets", of: "secrets_store_secret", fields: []string{"store_id", "secret_name"}},
	{key: "mtls_certificates", of: "mtls_certificate", fields: []string{"certificate_id"}},
	{key: "ai", of: "ai", single: true},
	{key: "browser", of: "browser", single: true},
	{key: "images", of: "images", single: true},
	{key: "version_metadata", of: "version_metadata", single: true},
	{key: "assets", of: spec.BindingAssets, load: (*loader).assetsBinding, write: (*bindingWriter).leave, refused: &refusal{spec.RuleRawBinding,
		"the binding to the Worker's own assets belongs under `assets`", "write assets: { directory: ./public, binding: %[1]s }"}},
	{key: "bindings", load: (*loader).rawBinding},

	// Those under `vars`, `secrets` and `carry_over`, and those of other uploads.
	{byName: "vars", of: spec.BindingText, write: (*bindingWriter).text},
	{byName: "vars", of: spec.BindingJSON, write: (*bindingWriter).json},
	{byName: "secrets", of: spec.BindingSecret, write: (*bindingWriter).secret, refused: &refusal{spec.RuleSecretSource,
		"a secret cannot be given under `bindings`", "write secrets: { %[1]s: { env: %[1]s } } and set that variable where wfpsync runs"}},
	{of: spec.BindingSecretKey, write: (*bindingWriter).carryOver, refused: &refusal{spec.RuleSecretSource,
		"a key cannot be given under `bindings`: the file would contain it", "give the Worker the key as text, and let it import the key: secrets: { %[1]s: { env: %[1]s } }"}},
	{of: spec.BindingInherit, refused: &refusal{spec.RuleRawBinding,
		"the type \"inherit\" does not say what the Worker should have", "to keep what another program has set: `carry_over: [%[1]s]`"}},
	{of: "data_blob", refused: partOfUpload},
	{of: "text_blob", refused: partOfUpload},
	{of: "wasm_module", refused: partOfUpload},
}

var partOfUpload = &refusal{spec.RuleRawBinding,
	"bindings to parts of the upload are for service-worker scripts, which wfpsync does not upload",
	"import the file in the Worker's code: it becomes a module"}

// groupByType finds the row of a type.
var groupByType map[string]*bindingGroup

func init() { // not where it is declared, because functions in the table look into it
	groupByType = map[string]*bindingGroup{}
	for i := range bindingGroups {
		groupByType[bindingGroups[i].of] = &bindingGroups[i]
	}
}

// groupOf returns how the file spells a binding type: under `bindings` unless the
// type has a row.
func groupOf(bindingType string) *bindingGroup {
	if g := groupByType[bindingType]; g != nil {
		return g
	}
	return groupByType[""]
}

// topKey returns the key of a Worker that the group is under.
func (g *bindingGroup) topKey() string {
	key, _, _ := strings.Cut(g.key, "/")
	return key
}

// items returns the bindings that a Worker has of the group.
func (g *bindingGroup) items(worker *document.Value) []*document.Value {
	if g.key == "" {
		return nil
	}
	v := worker
	for key := range strings.SplitSeq(g.key, "/") {
		v = v.Get(key)
	}
	switch {
	case v == nil:
		return nil
	case v.Kind == document.Map:
		return []*document.Value{v}
	default:
		return v.Items
	}
}

// read reads an item of the group. It returns false after a complaint.
func (g *bindingGroup) read(l *loader, item *document.Value) (spec.Binding, bool) {
	switch {
	case g.load != nil:
		return g.load(l, item)
	case g.id != "":
		return l.storeBinding(g, item)
	}
	b, t := copyFields(spec.Binding{Type: g.of, At: item.Range()}, item, g.fields...), spec.BindingTypeOf(g.of)
	if t.Kind == "" {
		return b, true
	}
	return l.namedBinding(b, t, item)
}

// namedBinding completes a binding to a resource that has either the field with its name or `ref`, for one of this file.
func (l *loader) namedBinding(b spec.Binding, t spec.BindingType, item *document.Value) (spec.Binding, bool) {
	ref := item.Get("ref")
	if !l.checkOneOf(item, "ref", t.NameBy) {
		return b, false
	}
	if b.At = item.Get(t.NameBy).Range(); ref == nil {
		return b, true
	}
	declared, ok := l.refer(t.Kind, t.Kind.Info().Section, ref)
	b.Properties, b.At = b.Properties.With(t.NameBy, declared.Name), ref.Range()
	return b, ok
}

// storeBinding reads a binding to a store: by `ref`, one of this file; by the
// platform's id, any. Other keys that wrangler has there are for readers of the
// file.
func (l *loader) storeBinding(g *bindingGroup, item *document.Value) (spec.Binding, bool) {
	b := spec.Binding{Type: g.of, At: item.Range()}
	ref, id := item.Get("ref"), item.Get(g.id)
	if !l.checkOneOf(item, "ref", g.id) {
		return b, false
	}
	t := spec.BindingTypeOf(g.of)
	if id != nil {
		b.Properties, b.At = spec.Properties{{Name: t.ID, Value: id.String()}}, id.Range()
		return b, true
	}
	b.At = ref.Range()
	var ok bool
	b.Ref, ok = l.refer(t.Kind, t.Kind.Info().Section, ref)
	return b, ok
}

// copyFields takes fields of an item over as properties.
func copyFields(b spec.Binding, item *document.Value, fields ...string) spec.Binding {
	for _, field := range fields {
		if value := item.Get(field).JSON(); !canon.IsUnset(value) {
			b.Properties = b.Properties.With(field, value)
		}
	}
	return b
}

// analyticsEngineBinding reads an item of `analytics_engine_datasets`. wrangler
// leaves a missing dataset to the platform, which then takes the binding's name;
// naming it here keeps what was asked for and what is answered alike.
func (l *loader) analyticsEngineBinding(item *document.Value) (spec.Binding, bool) {
	b := copyFields(spec.Binding{Type: "analytics_engine", At: item.Range()}, item, "dataset")
	if b.Properties == nil {
		b.Properties = spec.Properties{{Name: "dataset", Value: item.Get("binding").String()}}
	}
	return b, true
}

// sendEmailBinding reads an item of `send_email`.
func (l *loader) sendEmailBinding(item *document.Value) (spec.Binding, bool) {
	if !l.checkNotBoth(item, "destination_address", "allowed_destination_addresses") {
		return spec.Binding{}, false
	}
	return copyFields(spec.Binding{Type: spec.BindingSendEmail, At: item.Range()}, item,
		"destination_address", "allowed_destination_addresses", "allowed_sender_addresses"), true
}

// rawBinding reads an item of `bindings`, which is in the API's form already.
func (l *loader) rawBinding(item *document.Value) (spec.Binding, bool) {
	kind := item.Get("type")
	if advice := groupOf(kind.String()).refused; advice != nil {
		hint := advice.hint
		if strings.Contains(hint, "%") {
			hint = fmt.Sprintf(hint, item.Get("name").String())
		}
		l.Report(advice.rule, kind.Range(), advice.message, hint)
		return spec.Binding{}, false
	}
	b := spec.Binding{Type: kind.String(), At: item.Range()}
	for _, m := range item.Members {
		if m.Key != "name" && m.Key != "type" {
			b.Properties = b.Properties.With(m.Key, m.Value.JSON())
		}
	}
	return b, true
}
