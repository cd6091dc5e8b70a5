package diag

import "unicode/utf8"

// maxNearest is the longest text, in bytes, for which [Nearest] looks.
const maxNearest = 100

// Nearest returns the candidate that was most likely meant: at most two typing
// errors away, or one if the text is short. It is "" if none is near.
func Nearest(given string, candidates []string) string {
	best, distance := "", 3
	if len(given) < 4 {
		distance = 2
	}
	if len(given) > maxNearest {
		return ""
	}
	length := utf8.RuneCountInString(given)
	for _, c := range candidates {
		if len(c) > maxNearest || difference(utf8.RuneCountInString(c), length) >= distance { // each additional character is an error
			continue
		}
		if d := EditDistance(given, c); d < min(distance, len(given)) {
			best, distance = c, d
		}
	}
	return best
}

func difference(a, b int) int { return max(a-b, b-a) }

// EditDistance returns the number of typing errors between two texts:
// characters left out, added or replaced, or two neighbours swapped.
func EditDistance(a, b string) int {
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
			replaced := rows[i-1][j-1]
			if s[i-1] != t[j-1] {
				replaced++
			}
			rows[i][j] = min(replaced, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(s)][len(t)]
}
