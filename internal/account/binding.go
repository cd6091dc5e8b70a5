package account

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/spec"
)

// bindingsToAPI returns bindings in the form that the metadata of an upload
// has.
func bindingsToAPI(bindings []spec.Binding, secrets map[string]spec.Secret) ([]spec.Object, error) {
	list := []spec.Object{} // an upload's list is never null
	for _, b := range bindings {
		if b.Vacant {
			continue
		}
		object := b.Properties.Object()
		object["name"], object["type"] = b.Name, b.Type
		if b.Type == spec.BindingSecret {
			secret, ok := secrets[b.Name]
			if !ok {
				return nil, fmt.Errorf("the secret %q has no value", b.Name)
			}
			object["text"] = secret.Reveal()
		}
		if id, open := openReference(b); open {
			return nil, fmt.Errorf("binding %q needs the %s of %s, which is not known", b.Name, id, b.Ref)
		}
		list = append(list, object)
	}
	return list, nil
}

// allBindings returns a script's bindings and, for a template, those that stay
// as they are, because an upload names each of them.
func allBindings(script *spec.Script) []spec.Binding {
	all := slices.Clone(script.Bindings)
	for _, name := range script.Inherited {
		all = append(all, spec.Binding{Name: name, Type: spec.BindingInherit})
	}
	return all
}

// openReference returns the property of a binding that still waits for an id.
func openReference(b spec.Binding) (property string, open bool) {
	for name, value := range b.Canonical() {
		if value == spec.Unknown {
			return name, true
		}
	}
	return "", false
}

// bindingsFromAPI returns the bindings that the settings list, sorted by name,
// because the API promises no order.
func bindingsFromAPI(list []spec.Object) ([]spec.Binding, error) {
	var out []spec.Binding
	for _, object := range list {
		name, _ := object["name"].(string)
		kind, _ := object["type"].(string)
		if name == "" || kind == "" {
			return nil, errors.New("the API returned a binding without a name or a type")
		}
		properties := maps.Clone(object)
		for _, field := range append([]string{"name", "type"}, spec.BindingTypeOf(kind).KeyMaterial...) {
			delete(properties, field)
		}
		out = append(out, spec.Binding{Name: name, Type: kind, Properties: spec.PropertiesOf(properties)})
	}
	slices.SortFunc(out, func(a, b spec.Binding) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}
