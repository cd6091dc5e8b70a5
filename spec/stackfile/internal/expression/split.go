package expression

import (
	"strings"
	"unicode/utf8"
)

// source is an expression's text and its place in the template, in characters.
type source struct {
	text   string
	offset int
}

// error returns a fault of the expression as a whole.
func (s source) error(message, hint string) *Error {
	return &Error{Message: message, Hint: hint, Offset: s.offset, Length: utf8.RuneCountInString(s.text)}
}

// errorAt returns a fault in a part of the expression, which never points
// beyond it.
func (s source) errorAt(from, to int, message, hint string) *Error {
	end := utf8.RuneCountInString(s.text)
	from = min(max(from, 0), end)
	return &Error{Message: message, Hint: hint, Offset: s.offset + from, Length: min(max(to, from), end) - from}
}

// maxShort is how many characters of an expression a message can hold.
const maxShort = 60

// short returns the expression as a message shows it.
func (s source) short() string { return shorten(strings.TrimSpace(s.text)) }

func shorten(text string) string {
	if utf8.RuneCountInString(text) <= maxShort {
		return text
	}
	return string([]rune(text)[:maxShort]) + "…"
}

// maxSource is the longest expression, in bytes. What is longer is no
// expression that a person wrote.
const maxSource = 10_000

// split takes text apart. The tail is what follows the last expression.
func split(text string) (parts []part, tail string, err *Error) {
	var before strings.Builder
	offset := 0 // of the rest of the text, in characters
	take := func(n int) string {
		taken := text[:n]
		text = text[n:]
		offset += utf8.RuneCountInString(taken)
		return taken
	}
	for {
		dollar := strings.Index(text, "${")
		switch {
		case dollar < 0:
			before.WriteString(text)
			return parts, before.String(), nil
		case dollar > 0 && text[dollar-1] == '$':
			before.WriteString(take(dollar - 1))
			take(len("$"))
			before.WriteString(take(len("${")))
			continue
		}
		before.WriteString(take(dollar))
		length, why := lengthOf(text[len("${"):])
		if length < 0 {
			return nil, "", &Error{Message: "this `${` is not closed" + why, Hint: "close it with `}`, or write `$${` for a literal `${`", Offset: offset, Length: len("${"), Unclosed: true}
		}
		take(len("${"))
		s := source{offset: offset}
		s.text = take(length)
		switch {
		case strings.TrimSpace(s.text) == "":
			return nil, "", &Error{Message: "`${" + s.text + "}` is empty", Hint: "name a value, or write `$${` for a literal `${`", Offset: s.offset - len("${"), Length: len("${}") + utf8.RuneCountInString(s.text)}
		case len(s.text) > maxSource:
			return nil, "", &Error{Message: "this expression is longer than 10,000 characters", Offset: s.offset, Length: 1}
		}
		take(len("}"))
		parts = append(parts, part{before: before.String(), source: s})
		before.Reset()
	}
}

// lengthOf returns how long the expression is that text begins with, up to
// the brace that closes it. Without one it is -1, and why says what hides it.
// Braces in strings and comments do not count.
func lengthOf(text string) (length int, why string) {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '{':
			depth++
		case c == '}' && depth == 0:
			return i, ""
		case c == '}':
			depth--
		case c == '"' || c == '\'' || c == '`':
			n := quotedLength(text[i:])
			if n == 0 {
				return -1, ": the string that begins with " + string(c) + " has no end"
			}
			i += n - 1
		case c == '/' && strings.HasPrefix(text[i:], "/*"):
			n := strings.Index(text[i+2:], "*/")
			if n < 0 {
				return -1, ": the comment that begins with /* has no end"
			}
			i += n + 3
		case c == '/' && strings.HasPrefix(text[i:], "//"):
			n := strings.IndexByte(text[i:], '\n')
			if n < 0 {
				return -1, ": // makes the rest of the line a comment"
			}
			i += n
		}
	}
	if depth > 0 {
		return -1, ": a `{` in it has no `}`"
	}
	return -1, ""
}

// quotedLength returns the length of the string literal that text begins
// with; 0 when it has no end. A backtick in a raw string is doubled, which
// reads as two strings side by side and comes to the same length.
func quotedLength(text string) int {
	quote := text[0]
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quote != '`':
			i++
		case text[i] == quote:
			return i + 1
		}
	}
	return 0
}
