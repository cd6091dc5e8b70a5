package stackfile

import (
	"fmt"
	"strings"

	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/internal/canon"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// plainBinding reads bindings whose fields wrangler spells as the API does.
func plainBinding(kind string, fields ...string) func(*loader, *document.Value) (spec.Binding, bool) {
	return func(_ *loader, item *document.Value) (spec.Binding, bool) {
		return copyFields(spec.Binding{Type: kind, At: item.Range()}, item, fields...), true
	}
}

// copyFields takes fields of an item over as properties.
func copyFields(b spec.Binding, item *document.Value, fields ...string) spec.Binding {
	for _, field := range fields {
		if value := item.Get(field).JSON(); !canon.IsVacant(value) {
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

// rawBindingAdvice is what to write instead of a raw binding that cannot be
// uploaded from a stack file, by type.
var rawBindingAdvice = map[string]struct{ rule, message, hint string }{
	spec.BindingSecret: {spec.RuleSecretSource, "a secret cannot stand under `bindings`",
		"write secrets: { %[1]s: { env: %[1]s } } and set that variable where wfpsync runs"},
	spec.BindingSecretKey: {spec.RuleSecretSource, "a key cannot stand under `bindings`: the file would hold it",
		"give the Worker the key as text, and let it import the key: secrets: { %[1]s: { env: %[1]s } }"},
	spec.BindingInherit: {spec.RuleRawBinding, "the type \"inherit\" says nothing of what the Worker is to have",
		"to leave what is there now to somebody else: `carry_over: [%[1]s]`"},
	spec.BindingAssets: {spec.RuleRawBinding, "a binding to the Worker's own assets belongs to them", "write assets: { directory: ./public, binding: %[1]s }"},
	"data_blob":        blobAdvice,
	"text_blob":        blobAdvice,
	"wasm_module":      blobAdvice,
}

var blobAdvice = struct{ rule, message, hint string }{spec.RuleRawBinding,
	"bindings to parts of the upload are for scripts that are no modules, which wfpsync does not upload",
	"import the file in the Worker's code: it becomes a module"}

// rawBinding reads an item of `bindings`, which is in the API's form already.
func (l *loader) rawBinding(item *document.Value) (spec.Binding, bool) {
	kind := item.Get("type")
	if advice, refused := rawBindingAdvice[kind.String()]; refused {
		hint := advice.hint
		if strings.Contains(hint, "%") {
			hint = fmt.Sprintf(hint, item.Get("name").String())
		}
		l.report(advice.rule, kind.Range(), advice.message, hint)
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
