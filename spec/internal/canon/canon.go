// Package canon brings values as encoding/json decodes them into comparable
// form: it drops what means nothing, and sorts what has no order.
package canon

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// SetIfAny sets a field unless the value is empty: the API returns null, "",
// [], {} and nothing at all for the same thing.
func SetIfAny(o map[string]any, name string, value any) {
	if !isEmpty(value) {
		o[name] = value
	}
}

func isEmpty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case bool:
		return !v
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// SortedStrings returns a list, whose order means nothing, in comparable form.
func SortedStrings(list []string) []any {
	var out []any
	for _, s := range slices.Compact(slices.Sorted(slices.Values(list))) {
		out = append(out, s)
	}
	return out
}

// WithoutDefaults returns a value without empty fields and fields with their
// default value, at every depth that the defaults describe.
func WithoutDefaults(value any, defaults map[string]any) any {
	fields, ok := value.(map[string]any)
	if !ok {
		return value
	}
	out := map[string]any{}
	for name, v := range fields {
		inner, _ := defaults[name].(map[string]any)
		v = WithoutDefaults(v, inner)
		if inner == nil && reflect.DeepEqual(v, defaults[name]) || IsAbsent(v) {
			continue
		}
		out[name] = v
	}
	return out
}

// IsAbsent reports whether a field means the same as a missing one. Unlike at
// the top level, false and "" within an option mean something.
func IsAbsent(value any) bool {
	switch value.(type) {
	case bool, string:
		return false
	}
	return isEmpty(value)
}

// MustJSON encodes a value that was decoded from JSON, or could have been, so
// that encoding cannot fail.
func MustJSON(value any) []byte {
	data, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("canon: value is not JSON: %v", err))
	}
	return data
}

// IsUnset reports whether a binding's property means the same as a missing one:
// the API returns null, "", [] and {} for properties that are not set.
func IsUnset(value any) bool { return value == "" || IsAbsent(value) }

// MergeObjects returns an object with another one's members over its own, at
// every depth.
func MergeObjects(below, above map[string]any) map[string]any {
	out := maps.Clone(below)
	if out == nil {
		out = map[string]any{}
	}
	for name, value := range above {
		inner, ok := value.(map[string]any)
		under, both := out[name].(map[string]any)
		if ok && both {
			value = MergeObjects(under, inner)
		}
		out[name] = value
	}
	return out
}
