package report

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// safe makes text harmless on one line of a terminal: control characters,
// marks that turn the direction of writing, invisible characters and broken
// UTF-8 are written as escapes.
func safe(s string) string {
	if strings.IndexFunc(s, unsafe) < 0 {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		b.WriteString(safeRune(r, s[:size]))
		s = s[size:]
	}
	return b.String()
}

// safeRune returns a character, or its escape.
func safeRune(r rune, raw string) string {
	if !unsafe(r) {
		return raw
	}
	quoted := strconv.Quote(raw)
	return quoted[1 : len(quoted)-1]
}

// unsafe reports whether a character must not be shown as it is. The joiners
// are invisible, too, but hold emoji and some scripts together, and the
// replacement character is also what broken UTF-8 decodes to.
func unsafe(r rune) bool {
	switch r {
	case '\u200c', '\u200d', '\u3000':
		return false
	case utf8.RuneError:
		return true
	}
	return !unicode.IsPrint(r)
}

// oneLine returns text of several lines, as the messages of joined errors
// are, in one.
func oneLine(s string) string {
	return safe(strings.Join(strings.Split(strings.TrimSpace(s), "\n"), "; "))
}
