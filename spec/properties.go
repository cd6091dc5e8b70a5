package spec

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
)

// Properties are a binding's fields except its name and type, sorted by name,
// each one once; [PropertiesOf] makes them. In JSON they are an object. Every
// Worker of a fleet has bindings, most of which have one property, and a slice
// takes a tenth of the memory of a map with one field.
type Properties []Property

// Property is one field of a binding.
type Property struct {
	Name  string
	Value any
}

// PropertiesOf returns the fields of an object as properties.
func PropertiesOf(object Object) Properties {
	var properties Properties
	for _, name := range slices.Sorted(maps.Keys(object)) {
		properties = append(properties, Property{name, object[name]})
	}
	return properties
}

// Object returns the properties as a new object.
func (p Properties) Object() Object {
	object := make(Object, len(p))
	for _, property := range p {
		object[property.Name] = property.Value
	}
	return object
}

// Get returns the value of a property; nil if it is not set.
func (p Properties) Get(name string) any {
	if i, found := p.find(name); found {
		return p[i].Value
	}
	return nil
}

// With returns the properties with one of them set.
func (p Properties) With(name string, value any) Properties {
	i, found := p.find(name)
	if found {
		p = slices.Clone(p)
		p[i].Value = value
		return p
	}
	return slices.Insert(slices.Clip(p), i, Property{name, value})
}

// Without returns the properties without some of them.
func (p Properties) Without(names ...string) Properties {
	return slices.DeleteFunc(slices.Clone(p), func(property Property) bool { return slices.Contains(names, property.Name) })
}

func (p Properties) find(name string) (int, bool) {
	return slices.BinarySearchFunc(p, name, func(property Property, name string) int { return cmp.Compare(property.Name, name) })
}

// MarshalJSON implements [json.Marshaler].
func (p Properties) MarshalJSON() ([]byte, error) { return json.Marshal(p.Object()) }

// UnmarshalJSON implements [json.Unmarshaler].
func (p *Properties) UnmarshalJSON(data []byte) error {
	var object Object
	if err := json.Unmarshal(data, &object); err != nil {
		return err
	}
	*p = PropertiesOf(object)
	return nil
}
