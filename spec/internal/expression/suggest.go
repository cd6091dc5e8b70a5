package expression

// didYouMean is a hint with the name a person most likely meant, if any is
// near, and what else there is.
func didYouMean(given string, candidates []string, otherwise string) string {
	if near := nearest(given, candidates); near != "" {
		return "did you mean `" + near + "`? " + otherwise
	}
	return otherwise
}

// maxSuggest is the longest name for which it is worth to look for a near one.
const maxSuggest = 100

// nearest is the candidate that is at most two slips of the finger away, one
// for a short name; "" when there is none.
func nearest(given string, candidates []string) string {
	best, distance := "", 3
	if len(given) < 4 {
		distance = 2
	}
	if len(given) > maxSuggest {
		return ""
	}
	for _, c := range candidates {
		if len(c) > maxSuggest {
			continue
		}
		if d := editDistance(given, c); d < min(distance, len(given)) {
			best, distance = c, d
		}
	}
	return best
}

// editDistance is Levenshtein's, with two swapped neighbours as one edit.
func editDistance(a, b string) int {
	s, t := []rune(a), []rune(b)
	rows := make([][]int, len(s)+1)
	for i := range rows {
		rows[i] = make([]int, len(t)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(s); i++ {
		for j := 1; j <= len(t); j++ {
			substitute := rows[i-1][j-1]
			if s[i-1] != t[j-1] {
				substitute++
			}
			rows[i][j] = min(substitute, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(s)][len(t)]
}
