package api

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// unsafePrefix marks types that wrangler passes through unseen, for features that are not public yet.
const unsafePrefix = "unsafe_"

// checkBinding checks what can be seen in the binding itself.
func checkBinding(binding store.Binding) error {
	if binding.Name == "" {
		return fail(http.StatusBadRequest, workersBindingNameMissing, "A binding of type '%s' has no name", binding.Type)
	}
	described := store.BindingTypeOf(binding.Type)
	if described.Name == "" && !strings.HasPrefix(binding.Type, unsafePrefix) {
		return fail(http.StatusBadRequest, workersUnknownBindingType,
			"The binding '%s' has the unknown type '%s'", binding.Name, binding.Type)
	}
	required := described.Required
	if required == "" {
		return nil
	}
	value, present := binding.Fields[required]
	if !present {
		return invalid("The binding '%s' of type %s has no %s", binding.Name, binding.Type, required)
	}
	if text := new(string); !described.AnyJSON && (json.Unmarshal(value, text) != nil || string(value) == "null") {
		return invalid("The binding '%s' of type %s needs a string as its %s", binding.Name, binding.Type, required)
	}
	if described.Fault == nil {
		return nil
	}
	if fault := described.Fault(binding); fault != "" {
		return invalid("%s", fault)
	}
	return nil
}

// viewBinding is a binding as answers show it. This is the only way from a stored binding to a client.
func viewBinding(script store.Script, binding store.Binding) map[string]any {
	view := map[string]any{"name": binding.Name, "type": binding.Type}
	described := store.BindingTypeOf(binding.Type)
	for field, value := range binding.Fields {
		if !described.Secret || slices.Contains(described.Shown, field) {
			view[field] = value
		}
	}
	if class := binding.Text("class_name"); described.Leads == store.ToObjectClass && class != "" && view["namespace_id"] == nil {
		// The platform creates a namespace for each class and names it here, though nobody sent one.
		owner := cmp.Or(binding.Text("script_name"), script.Tag)
		view["namespace_id"] = derivedID("durable object " + owner + " " + class)
	}
	return view
}

// ViewBindings are the bindings of a script as anybody may see them: nothing confidential is among them.
func ViewBindings(script store.Script) []map[string]any {
	views := make([]map[string]any, 0, len(script.Bindings))
	for _, binding := range script.Bindings {
		views = append(views, viewBinding(script, binding))
	}
	return views
}
