package api

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

const (
	maxVariables     = 128     // variables and secrets of one script, paid accounts
	maxVariableBytes = 5 << 10 // each
)

// resolveBindings returns the bindings of a script after an upload or a change
// of its settings:
//
//   - those that are named,
//   - with {"type": "inherit"} replaced by the previous binding that it stands
//     for, including a secret value,
//   - and the previous ones of a type in keep_bindings whose names are not taken.
//
// An inherit binding without a predecessor is an error with strict. Otherwise it
// is silently dropped, so a careful client always sends strict.
func resolveBindings(present fields, previous []store.Binding, strict bool) ([]store.Binding, error) {
	uploaded, err := decodeBindings(present["bindings"])
	if err != nil {
		return nil, err
	}
	var keep []string
	if raw := present["keep_bindings"]; raw != nil {
		if err := json.Unmarshal(raw, &keep); err != nil {
			return nil, named(err, "keep_bindings")
		}
	}

	var resolved []store.Binding
	taken := map[string]bool{}
	var unresolved []problem
	for _, binding := range uploaded {
		if taken[binding.Name] {
			return nil, nameTaken(binding.Name)
		}
		taken[binding.Name] = true
		if store.BindingTypeOf(binding.Type).Inherits {
			inherited, why := inherit(binding, previous)
			if why != "" {
				unresolved = append(unresolved, problem{
					Code: workersInheritUnresolved, Message: "inherit binding '" + binding.Name + "' is invalid: " + why,
				})
				continue
			}
			binding = inherited
		}
		resolved = append(resolved, binding)
	}
	if strict && len(unresolved) > 0 {
		return nil, &failure{status: http.StatusBadRequest, problems: unresolved} // all of them, because wrangler lists the names
	}
	for _, binding := range previous {
		if slices.Contains(keep, binding.Type) && !taken[binding.Name] {
			resolved = append(resolved, binding)
		}
	}
	return resolved, checkVariables(resolved)
}

func decodeBindings(raw json.RawMessage) ([]store.Binding, error) {
	if raw == nil {
		return nil, nil
	}
	var bindings []store.Binding
	if err := json.Unmarshal(raw, &bindings); err != nil {
		return nil, named(err, "bindings")
	}
	for _, binding := range bindings {
		if err := checkBinding(binding); err != nil {
			return nil, err
		}
	}
	return bindings, nil
}

// inherit returns the previous binding that an inherit binding stands for, or
// why there is none.
func inherit(binding store.Binding, previous []store.Binding) (inherited store.Binding, why string) {
	if version := binding.Text("version_id"); version != "" && version != "latest" {
		return store.Binding{}, "'version_id' value '" + version + "' is invalid, only the literal 'latest' is supported by this API"
	}
	source := binding.Text("old_name")
	if source == "" {
		source = binding.Name
	}
	for _, candidate := range previous {
		if candidate.Name == source {
			candidate.Name = binding.Name
			return candidate, ""
		}
	}
	return store.Binding{}, "previous version does not have binding named '" + source + "'"
}

// checkVariables enforces the limits on variables and secrets. Kept and
// inherited ones count, too.
func checkVariables(bindings []store.Binding) error {
	count := 0
	for _, binding := range bindings {
		size := store.BindingTypeOf(binding.Type).Size
		if size == nil {
			continue
		}
		if size(binding) > maxVariableBytes {
			return fail(http.StatusBadRequest, workersBindingTextTooLarge,
				"The value of the binding '%s' is larger than 5 KB", binding.Name)
		}
		count++
	}
	if count > maxVariables {
		return fail(http.StatusBadRequest, workersTooManyVariables,
			"A script may have %d variables and secrets, not %d", maxVariables, count)
	}
	return nil
}

// nameTaken returns the failure for two bindings of one name, and for a secret
// that would hide a variable.
func nameTaken(name string) error {
	return fail(http.StatusBadRequest, workersBindingNameTaken,
		"Binding name '%s' already in use. Please use a different name and try again.", name)
}

// unsafePrefix marks types that wrangler passes through unchecked, for features
// that are not public yet.
const unsafePrefix = "unsafe_"

// checkBinding checks what the binding itself shows.
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

// viewBinding returns a binding as responses show it. A client gets stored
// bindings only through it.
func viewBinding(script store.Script, binding store.Binding) map[string]any {
	view := map[string]any{"name": binding.Name, "type": binding.Type}
	described := store.BindingTypeOf(binding.Type)
	for field, value := range binding.Fields {
		if !described.Secret || slices.Contains(described.Shown, field) {
			view[field] = value
		}
	}
	if class := binding.Text("class_name"); described.Leads == store.ToObjectClass && class != "" && view["namespace_id"] == nil {
		// The platform creates a namespace for each class and returns its id,
		// although the upload has none.
		owner := cmp.Or(binding.Text("script_name"), script.Tag)
		view["namespace_id"] = derivedID("durable object " + owner + " " + class)
	}
	return view
}

// ViewBindings returns the bindings of a script without anything confidential.
func ViewBindings(script store.Script) []map[string]any {
	views := make([]map[string]any, 0, len(script.Bindings))
	for _, binding := range script.Bindings {
		views = append(views, viewBinding(script, binding))
	}
	return views
}
