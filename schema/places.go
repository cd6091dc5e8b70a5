package schema

import (
	"maps"
	"slices"
	"sync"
)

// The steps of a place that stand for many.
const (
	AnyKey  = "*"  // a key that the file chooses
	AnyItem = "[]" // an item of a list
)

// Places returns where a stack file may have a key: the steps to what it stands
// in, none for the file itself. They are sorted.
func Places(key string) [][]string { return allPlaces()[key] }

// allPlaces are the places of every key: a file may have a hundred thousand keys
// that stand nowhere.
var allPlaces = sync.OnceValue(func() map[string][][]string {
	places := map[string][][]string{}
	var walk func(part map[string]any, steps []string)
	walk = func(part map[string]any, steps []string) {
		properties, _ := part["properties"].(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(properties)) {
			places[name] = append(places[name], slices.Clone(steps))
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
	for _, list := range places {
		slices.SortFunc(list, slices.Compare)
	}
	return places
})
