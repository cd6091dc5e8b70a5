package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/schema"
)

// everywhere are keys that mean something else in each place.
var everywhere = []string{"binding", "id", "key", "name", "title"}

// maxPlaces is how many places a hint names: with more, none of them helps.
const maxPlaces = 3

// rightPlace says where a key belongs that is known, but not at a pointer; ""
// when it is known nowhere, or in too many places to tell.
func rightPlace(pointer, key string) string {
	if slices.Contains(everywhere, key) {
		return ""
	}
	steps := strings.Split(pointer, "/")
	at := steps[1 : len(steps)-1] // without the empty first step, and the key
	var nearest [][]string
	best := 0
	for _, place := range schema.Places(key) {
		switch common := shared(at, place); {
		case len(place) > 0 && place[0] == "profiles": // where `defaults` is as well
		case common > best:
			nearest, best = [][]string{place}, common
		case common == best:
			nearest = append(nearest, place)
		}
	}
	if len(nearest) > maxPlaces {
		shortest := slices.MinFunc(nearest, func(a, b []string) int { return len(a) - len(b) })
		nearest = slices.DeleteFunc(nearest, func(p []string) bool { return len(p) > len(shortest) })
	}
	if len(nearest) == 0 || len(nearest) > maxPlaces {
		return ""
	}
	if len(nearest[0]) == 0 {
		return fmt.Sprintf("`%s` belongs at the top of the file", key)
	}
	names := make([]string, len(nearest))
	for i, place := range nearest {
		names[i] = placeName(place, at[:best])
	}
	return fmt.Sprintf("`%s` belongs under `%s`", key, strings.Join(names, "` or `"))
}

// shared returns how many steps from the file's top two places have in common.
func shared(at, place []string) int {
	n := 0
	for n < len(at) && n < len(place) && (place[n] == at[n] || place[n] == schema.AnyKey || place[n] == schema.AnyItem) {
		n++
	}
	return n
}

// placeName returns a place as one would say it, with the names that are known.
func placeName(place, known []string) string {
	names := slices.Clone(place)
	copy(names, known)
	name := ""
	for i, step := range names {
		switch {
		case place[i] == schema.AnyItem:
			name += "[]"
			continue
		case step == schema.AnyKey:
			step = "NAME"
		}
		name += "." + step
	}
	return strings.TrimPrefix(name, ".")
}
