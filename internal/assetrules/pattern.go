package assetrules

import (
	"fmt"
	"regexp"
	"strings"
)

// A pattern is the path, or the address with https, of a rule. A star matches
// anything, and the rule refers to it as :splat. A placeholder :name matches
// what is between two slashes or, in a host, between two dots.
type pattern struct {
	text string

	// exact is the beginning of every match, up to the first placeholder. The
	// regular expression is only made for a request that begins so: most do
	// not.
	exact string
}

// These find placeholders, and stars as rules have them.
var (
	placeholder = regexp.MustCompile(`:[A-Za-z][0-9A-Za-z_]*`)
	variable    = regexp.MustCompile(`\*|` + placeholder.String())
	anyHost     = regexp.MustCompile(`^https://[^/]*`)
)

func newPattern(text string) pattern {
	p := pattern{text: text, exact: text}
	if !strings.ContainsAny(text, ":*") {
		return p
	}
	if at := variable.FindStringIndex(text); at != nil {
		p.exact = text[:at[0]]
	}
	return p
}

// isStatic reports whether the pattern matches one path only.
func (p pattern) isStatic() bool { return p.exact == p.text }

// twice returns a placeholder that the pattern has twice, or "". With one, it
// matches nothing.
func (p pattern) twice() string {
	if p.isStatic() {
		return ""
	}
	seen := map[string]bool{}
	for _, name := range variable.FindAllString(p.text, -1) {
		group := groupName(name)
		if seen[group] {
			return name
		}
		seen[group] = true
	}
	return ""
}

// groupName returns the name of the value of a star or a placeholder.
func groupName(variable string) string {
	if variable == "*" {
		return "splat"
	}
	return variable[1:]
}

// match reports whether the pattern matches a path of a host, and the values of
// its placeholders. Ports and schemes do not matter.
func (p pattern) match(host, path string) (values map[string]string, ok bool) {
	subject := path
	if strings.HasPrefix(p.text, "https://") {
		subject = "https://" + host + path
	}
	if p.isStatic() {
		return nil, subject == p.text
	}
	if !strings.HasPrefix(subject, p.exact) || p.twice() != "" {
		return nil, false
	}
	expression := regexp.MustCompile(p.expression())
	found := expression.FindStringSubmatch(subject)
	if found == nil {
		return nil, false
	}
	values = map[string]string{}
	for i, name := range expression.SubexpNames() {
		if name != "" {
			values[name] = found[i]
		}
	}
	return values, true
}

func (p pattern) expression() string {
	hostEnds := len(anyHost.FindString(p.text))
	var b strings.Builder
	b.WriteString(`^`)
	last := 0
	for _, at := range variable.FindAllStringIndex(p.text, -1) {
		b.WriteString(regexp.QuoteMeta(p.text[last:at[0]]))
		last = at[1]
		stands := `[^/]+`
		switch {
		case p.text[at[0]] == '*':
			stands = `.*`
		case at[0] < hostEnds:
			stands = `[^/.]+`
		}
		fmt.Fprintf(&b, `(?P<%s>%s)`, groupName(p.text[at[0]:at[1]]), stands)
	}
	b.WriteString(regexp.QuoteMeta(p.text[last:]) + `$`)
	return b.String()
}

// fill replaces the placeholders in text with their values. A placeholder
// without a value stays.
func fill(text string, values map[string]string) string {
	return placeholder.ReplaceAllStringFunc(text, func(name string) string {
		if value, known := values[name[1:]]; known {
			return value
		}
		return name
	})
}
