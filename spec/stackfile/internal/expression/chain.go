package expression

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// chain is a name and members of it, such as customer.id. It is what nearly
// all expressions are, and needs no virtual machine.
type chain struct {
	source source
	root   string
	steps  []step
}

// step is a member on the way.
type step struct {
	key      string
	of       string // the chain before it, for messages
	from, to int    // the key's place in the source, in characters
}

// parseChain reads an expression that is a chain from a name of the scope; nil
// when it is more, or wrong.
func parseChain(s source, scope Scope) *chain {
	trimmed := strings.TrimSpace(s.text)
	root, rest, more := strings.Cut(trimmed, ".")
	if !isASCIIName(root) || !slices.Contains(scope, root) || isWord(root) {
		return nil
	}
	c := &chain{source: s, root: root}
	at := utf8.RuneCountInString(s.text[:strings.Index(s.text, trimmed)])
	position := len(root)
	for more {
		var key string
		key, rest, more = strings.Cut(rest, ".")
		if !isASCIIName(key) {
			return nil
		}
		of := trimmed[:position]
		position += len(".")
		c.steps = append(c.steps, step{key: key, of: of, from: at + position, to: at + position + len(key)})
		position += len(key)
	}
	return c
}

// check finds a first member that its name is known not to have.
func (c *chain) check(members Members) *Error {
	if len(c.steps) == 0 {
		return nil
	}
	s := c.steps[0]
	if wrong := members.check(c.root, s.key); wrong != nil {
		return c.source.errorAt(s.from, s.to, wrong.message, wrong.hint)
	}
	return nil
}

func isASCIIName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || i > 0 && '0' <= c && c <= '9') {
			return false
		}
	}
	return s != ""
}

// isWord reports whether a name is a word of the language, which means what it
// means there even where a scope declares it.
func isWord(name string) bool {
	switch name {
	case "true", "false", "nil", "not", "in", "and", "or", "let", "if", "else", "matches", "contains", "startsWith", "endsWith":
		return true
	}
	return false
}

func (c *chain) eval(values map[string]any) (any, *Error) {
	value, ok := values[c.root]
	if !ok {
		return nil, c.source.error(noValue(c.root), "")
	}
	for i := range c.steps {
		s := &c.steps[i]
		if of, ok := value.(map[string]any); ok {
			if value, ok = of[s.key]; ok {
				continue
			}
			value = of
		}
		_, fault := member(value, s.key, s.of, required)
		return nil, c.source.errorAt(s.from, s.to, fault.message, fault.hint)
	}
	if plain, ok := plainNumber(value); ok {
		return plain, nil
	}
	return value, nil
}

func noValue(name string) string { return "`" + name + "` has no value here" }
