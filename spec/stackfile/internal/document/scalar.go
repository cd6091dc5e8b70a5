package document

import (
	"bytes"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// scalars spells single values as YAML does.
type scalars struct {
	encoder *yaml.Encoder
	text    bytes.Buffer
	known   map[string]string // spellings, of which a document repeats most
	err     error             // the first
}

// maxKnown bounds what is remembered.
const maxKnown = 4096

func newScalars() *scalars {
	s := &scalars{known: map[string]string{}}
	s.encoder = yaml.NewEncoder(&s.text)
	s.encoder.SetIndent(step)
	return s
}

// of returns a value that is neither a map nor a list with something in it. One
// of several lines ends with a line break.
func (s *scalars) of(v *Value) string {
	switch v.Kind {
	case Bool:
		return strconv.FormatBool(v.Bool)
	case Number:
		return v.Text
	case String:
		return s.string(v.Text)
	case List:
		return "[]"
	case Map:
		return "{}"
	}
	return "null"
}

// key returns a member's key, on one line.
func (s *scalars) key(text string) string { return s.spell(text, strings.Contains(text, "\n")) }

// string quotes what yaml.v3 would write as a block or a line and read as
// something else: it loses line breaks at the start of a block, and breaks lines
// at the separators of Unicode.
func (s *scalars) string(text string) string {
	return s.spell(text, strings.Contains(text, "\n") && strings.TrimLeft(text, " \t\n") != text)
}

func (s *scalars) spell(text string, quoted bool) string {
	if isPlain(text) {
		return text
	}
	if spelt, known := s.known[text]; known && !quoted {
		return spelt
	}
	var node yaml.Node
	node.SetString(text)
	if quoted || strings.ContainsAny(text, "\r\u0085\u2028\u2029") {
		node.Style = yaml.DoubleQuotedStyle
	}
	s.text.Reset()
	if err := s.encoder.Encode(&node); err != nil && s.err == nil {
		s.err = err
	}
	spelt := strings.TrimPrefix(strings.TrimPrefix(s.text.String(), "...\n"), "---\n")
	if !strings.Contains(strings.TrimSuffix(spelt, "\n"), "\n") {
		spelt = strings.TrimSuffix(spelt, "\n")
	}
	if !quoted && len(s.known) < maxKnown {
		s.known[text] = spelt
	}
	return spelt
}

// isPlain reports whether text is certain to be read as itself without quotes:
// it begins as names and paths do, has none of the signs that mean something, and
// is longer than the words for true, false and null.
func isPlain(text string) bool {
	if len(text) <= len("false") {
		return false
	}
	if !isLetter(text[0]) && !strings.HasPrefix(text, "./") {
		return false
	}
	for i := range len(text) {
		if c := text[i]; !isLetter(c) && (c < '0' || c > '9') && !strings.ContainsRune("-_./[]", rune(c)) {
			return false
		}
	}
	return true
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
