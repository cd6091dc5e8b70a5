package store

import (
	"encoding/json"
	"maps"
)

// A Binding is one entry of a script's bindings as it was uploaded, secret
// values included. Its fields other than name and type are kept as they came,
// because they differ from type to type and the platform adds new ones.
//
// Marshalling a Binding writes the secret too: that is for the disk. The api
// package decides what clients may see, and never marshals a Binding.
type Binding struct {
	Name   string
	Type   string
	Fields map[string]json.RawMessage
}

// Text returns a field that is a string, or "" if it is missing or something
// else.
func (b Binding) Text(field string) string {
	var text string
	if json.Unmarshal(b.Fields[field], &text) != nil {
		return ""
	}
	return text
}

// MarshalJSON implements json.Marshaler.
func (b Binding) MarshalJSON() ([]byte, error) {
	flat := make(map[string]any, len(b.Fields)+2)
	for field, value := range b.Fields {
		flat[field] = value
	}
	flat["name"], flat["type"] = b.Name, b.Type
	return json.Marshal(flat)
}

// UnmarshalJSON implements json.Unmarshaler.
func (b *Binding) UnmarshalJSON(data []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	named := struct{ Name, Type string }{}
	if err := json.Unmarshal(data, &named); err != nil {
		return err
	}
	maps.DeleteFunc(fields, func(field string, _ json.RawMessage) bool { return field == "name" || field == "type" })
	*b = Binding{Name: named.Name, Type: named.Type, Fields: fields}
	return nil
}

// target returns the target of a binding in the index of referrers: an account
// Worker, a queue, or "".
func (b Binding) target() string {
	if t := BindingTypeOf(b.Type); t.target != nil {
		return t.target(b)
	}
	return ""
}
