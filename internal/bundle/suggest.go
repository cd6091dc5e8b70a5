package bundle

import (
	"path"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
)

// nearest is the candidate that someone who wrote name most likely meant, or
// "": the same name with another extension or case, else one a few typing
// errors away.
func nearest(name string, candidates []string) string {
	best, fewest := "", 1+max(1, len(stem(name))/3)
	for _, candidate := range slices.Sorted(slices.Values(candidates)) {
		if strings.EqualFold(stem(candidate), stem(name)) {
			return candidate
		}
		compared := candidate
		if path.Ext(name) == "" {
			compared = stem(candidate)
		}
		if d := diag.EditDistance(strings.ToLower(compared), strings.ToLower(name)); d < fewest {
			best, fewest = candidate, d
		}
	}
	return best
}

func stem(name string) string { return strings.TrimSuffix(name, path.Ext(name)) }
