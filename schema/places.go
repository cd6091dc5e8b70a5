package schema

import (
	"maps"
	"slices"
)

// The steps of a place that stand for many.
const (
	AnyKey  = "*"  // a key that the file chooses
	AnyItem = "[]" // an item of a list
)

// Places are where a stack file may have a key: the steps to what it stands in,
// none for the file itself. They are sorted.
func Places(key string) [][]string {
	var places [][]string
	var walk func(part map[string]any, steps []string)
	walk = func(part map[string]any, steps []string) {
		properties, _ := part["properties"].(map[string]any)
		if _, here := properties[key]; here {
			places = append(places, slices.Clone(steps))
		}
		for _, name := range slices.Sorted(maps.Keys(properties)) {
			if property, ok := properties[name].(map[string]any); ok {
				walk(property, append(steps, name))
			}
		}
		if rest, ok := part["additionalProperties"].(map[string]any); ok {
			walk(rest, append(steps, AnyKey))
		}
		if items, ok := part["items"].(map[string]any); ok {
			walk(items, append(steps, AnyItem))
		}
	}
	walk(stackSchema().source, nil)
	slices.SortFunc(places, slices.Compare)
	return places
}
