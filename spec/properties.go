package spec

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
)

// Properties are a binding's fields besides its name and type, sorted by name and
// each one once; [PropertiesOf] makes them. In JSON they are an object. Every
// Worker of a fleet has some, most of them one, which takes a tenth of the memory
// that a map of one field does.
type Properties []Property

// Property is one of them.
type Property struct {
	Name  string
	Value any
}

// PropertiesOf are the fields of an object as properties.
func PropertiesOf(object Object) Properties {
	var properties Properties
	for _, name := range slices.Sorted(maps.Keys(object)) {
		properties = append(properties, Property{name, object[name]})
	}
	return properties
}

// Object is the properties as an object of its own.
func (p Properties) Object() Object {
	object := make(Object, len(p))
	for _, property := range p {
		object[property.Name] = property.Value
	}
	return object
}

// Get is the value of a property, nil where there is none.
func (p Properties) Get(name string) any {
	if i, found := p.find(name); found {
		return p[i].Value
	}
	return nil
}

// With is the properties with one more of them, or with another value for it.
func (p Properties) With(name string, value any) Properties {
	i, found := p.find(name)
	if found {
		p = slices.Clone(p)
		p[i].Value = value
		return p
	}
	return slices.Insert(slices.Clip(p), i, Property{name, value})
}

// Without is the properties without some of them.
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
