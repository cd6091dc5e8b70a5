package schema

import (
	"maps"
	"slices"
)

// rule is one keyword of a schema, as it was reached for one place of a value.
type rule struct {
	keyword string
	value   any            // of the keyword
	schema  map[string]any // that holds the keyword

	// description is what the schema says of the place, title and all.
	description string

	// ofKey says that the rule is about the key at the place, not its value.
	ofKey bool

	// confidential says that the value must not be repeated: the user may have
	// written a secret where its source belongs.
	confidential bool
}

// follow walks a keyword's location from the root of the schema and returns the
// keyword found there, with the closest description on the way.
func (d *document) follow(location string) rule {
	var r rule
	var at any = d.source
	path := tokens(location)
	for i := 0; i < len(path); i++ {
		schema, ok := at.(map[string]any)
		if !ok {
			return r
		}
		r.schema, r.keyword, r.value = schema, path[i], schema[path[i]]
		if description, ok := schema["description"].(string); ok && !r.ofKey {
			r.description = description
		}
		if schema["writeOnly"] == true {
			r.confidential = true
		}
		at = r.value
		switch r.keyword {
		case "propertyNames":
			r.ofKey = true
		case "properties", "allOf":
			if i++; i < len(path) {
				at = below(r.value, path[i])
			}
		}
	}
	return r
}

// properties returns the keys that the rule's schema names.
func (r rule) properties() []string {
	properties, _ := r.schema["properties"].(map[string]any)
	return slices.Sorted(maps.Keys(properties))
}

// missing returns the required keys that a mapping does not have.
func (r rule) missing(value any) []string {
	mapping, _ := value.(map[string]any)
	required, _ := r.value.([]any)
	var missing []string
	for _, key := range required {
		name, _ := key.(string)
		if _, present := mapping[name]; !present {
			missing = append(missing, name)
		}
	}
	return missing
}

// allowed returns the values of an enumeration.
func (r rule) allowed() []string {
	values, _ := r.value.([]any)
	allowed := make([]string, len(values))
	for i, v := range values {
		allowed[i] = plain(v)
	}
	return allowed
}

// text returns a keyword beside the rule's own.
func (r rule) text(keyword string) string {
	s, _ := r.schema[keyword].(string)
	return s
}
