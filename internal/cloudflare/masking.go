package cloudflare

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Only values of at least this many bytes are masked. Shorter ones give nothing
// away, and would turn a message into masks. A single line of a value is masked
// only if it is longer than the words that every file has.
const (
	shortestMasked     = 4
	shortestMaskedLine = 8
)

// MaskValues returns a function that replaces values in text with a mask. A
// server quotes a value as it was sent, so the function finds it in every form
// that JSON and URLs give it, even in JSON that is quoted in JSON. It finds the
// lines of a value in the same way.
func MaskValues(values ...string) func(string) string {
	var secrets []string
	add := func(value string, shortest int) {
		if len(value) < shortest {
			return
		}
		secrets = append(secrets, value)
		for _, escape := range []escape{jsonEscape, urlEscapes} {
			if plain, _ := unescape(value, escape); plain != value && plain != "" {
				secrets = append(secrets, plain)
			}
		}
	}
	for _, value := range values {
		add(value, shortestMasked)
		for line := range strings.Lines(value) {
			add(strings.TrimSpace(line), shortestMaskedLine)
		}
	}
	return func(text string) string { return maskAll(text, secrets) }
}

// maskAll replaces each stretch of text that consists of secrets with one
// mask.
func maskAll(text string, secrets []string) string {
	if len(secrets) == 0 {
		return text
	}
	type stretch struct{ from, to int }
	var found []stretch
	for _, escape := range []escape{noEscape, jsonEscape, urlEscape, urlEscapes} {
		plain, origin := unescape(text, escape)
		for _, secret := range secrets {
			for at := range indexes(plain, secret) {
				found = append(found, stretch{origin[at], origin[at+len(secret)]})
			}
		}
	}
	slices.SortFunc(found, func(a, b stretch) int { return cmp.Compare(a.from, b.from) })
	var b strings.Builder
	written := 0
	for i, s := range found {
		if i == 0 || s.from > written {
			b.WriteString(text[written:s.from] + "(secret)")
		}
		written = max(written, s.to)
	}
	return b.String() + text[written:]
}

// indexes yields the positions of a part in text.
func indexes(text, part string) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for from := 0; ; {
			at := strings.Index(text[from:], part)
			if at < 0 || !yield(from+at) {
				return
			}
			from += at + 1
		}
	}
}

// An escape returns the characters that the beginning of text stands for, and
// how many bytes of the text they take. The text is not empty.
type escape func(text string) (char string, size int)

// unescape decodes text. It also returns where in the text each byte of the
// result, and its end, came from.
func unescape(text string, one escape) (plain string, origin []int) {
	var b strings.Builder
	for at := 0; at < len(text); {
		char, size := one(text[at:])
		b.WriteString(char)
		for range len(char) {
			origin = append(origin, at)
		}
		at += size
	}
	return b.String(), append(origin, len(text))
}

func noEscape(text string) (char string, size int) { return text[:1], 1 }

func urlEscape(text string) (char string, size int) {
	if text[0] == '%' {
		if code, ok := hexByte(text[1:]); ok {
			return code, 3
		}
	}
	return text[:1], 1
}

// urlEscapes decodes a URL escape, even if its percent sign is escaped itself,
// any number of times.
func urlEscapes(text string) (char string, size int) {
	if text[0] != '%' {
		return text[:1], 1
	}
	for size = 1; strings.HasPrefix(text[size:], "25"); size += 2 {
		if _, ok := hexByte(text[size+2:]); !ok {
			break
		}
	}
	if code, ok := hexByte(text[size:]); ok {
		return code, size + 2
	}
	return text[:1], 1
}

// hexByte returns the byte of two hexadecimal digits.
func hexByte(text string) (string, bool) {
	if len(text) < 2 {
		return "", false
	}
	code, err := strconv.ParseUint(text[:2], 16, 8)
	return string([]byte{byte(code)}), err == nil
}

// shortEscapes are JSON's escapes of one letter.
var shortEscapes = map[byte]string{'n': "\n", 'r': "\r", 't': "\t", 'b': "\b", 'f': "\f", '"': `"`, '/': "/"}

// jsonEscape takes any number of backslashes before a character that JSON
// escapes for one escape, because JSON quoted in JSON doubles them. Backslashes
// that escape nothing are dropped, because they cannot be told from those
// before an escape.
func jsonEscape(text string) (char string, size int) {
	if text[0] != '\\' {
		return text[:1], 1
	}
	rest := strings.TrimLeft(text, `\`)
	size = len(text) - len(rest)
	if rest != "" && shortEscapes[rest[0]] != "" {
		return shortEscapes[rest[0]], size + 1
	}
	unit, ok := hexUnit(rest)
	if !ok {
		return "", size
	}
	size += 5
	if !utf16.IsSurrogate(unit) {
		return string(unit), size
	}
	rest = rest[5:]
	second := strings.TrimLeft(rest, `\`)
	if low, ok := hexUnit(second); ok && len(second) < len(rest) {
		return string(utf16.DecodeRune(unit, low)), size + len(rest) - len(second) + 5
	}
	return string(utf8.RuneError), size
}

// hexUnit returns the code unit of a u and four hexadecimal digits.
func hexUnit(text string) (rune, bool) {
	if len(text) < 5 || text[0] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(text[1:5], 16, 16)
	return rune(unit), err == nil
}
