package bundle

import (
	"path"
	"slices"
	"strings"
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
		if d := distance(strings.ToLower(compared), strings.ToLower(name)); d < fewest {
			best, fewest = candidate, d
		}
	}
	return best
}

func stem(name string) string { return strings.TrimSuffix(name, path.Ext(name)) }

// distance is the number of typing errors between a and b: characters left out,
// added, replaced, or two neighbours swapped.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			replaced := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				replaced++
			}
			rows[i][j] = min(replaced, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
