package assetrules

import (
	"fmt"
	"regexp"
	"strings"
)

// A pattern is the path, or the address with https, that a rule is for. A star
// stands for anything, and is :splat in what the rule says; :name stands for
// what is between two slashes, and in a host between two dots.
type pattern struct {
	text string

	// exact is what every match begins with, up to the first placeholder.
	// Expressions are only made for the requests that get so far: most do not.
	exact string
}

// Placeholders as they are read, and a star as what it is to a rule.
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

// isStatic reports whether the pattern is one path.
func (p pattern) isStatic() bool { return p.exact == p.text }

// twice is the placeholder that the pattern has two of, with which it matches
// nothing: "" for none.
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

// groupName is the name of what a star or a placeholder stands for.
func groupName(variable string) string {
	if variable == "*" {
		return "splat"
	}
	return variable[1:]
}

// match reports whether the pattern matches a path of a host, and what its
// placeholders stand for. Ports and schemes do not matter.
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

// fill puts what placeholders stand for into a text. One that stands for nothing
// stays.
func fill(text string, values map[string]string) string {
	return placeholder.ReplaceAllStringFunc(text, func(name string) string {
		if value, known := values[name[1:]]; known {
			return value
		}
		return name
	})
}
