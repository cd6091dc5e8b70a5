package spec

import "strings"

// nearest is the candidate a person most likely meant, or "" when none is near.
func nearest(given string, candidates []string) string {
	best, distance := "", 3 // two slips of the finger are a typo, three another word
	if len(given) < 4 {
		distance = 2
	}
	for _, c := range candidates {
		if d := editDistance(given, c); d < distance {
			best, distance = c, d
		}
	}
	return best
}

// editDistance is Levenshtein's.
func editDistance(a, b string) int {
	s, t := []rune(a), []rune(b)
	row := make([]int, len(t)+1)
	for j := range row {
		row[j] = j
	}
	for i := range s {
		diagonal := row[0]
		row[0] = i + 1
		for j := range t {
			substitute := diagonal
			if s[i] != t[j] {
				substitute++
			}
			diagonal = row[j+1]
			row[j+1] = min(substitute, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(t)]
}

// joinKeys lists keys in a message.
func joinKeys(keys []string) string { return strings.Join(keys, ", ") }
