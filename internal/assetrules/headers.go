package assetrules

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// These are the limits of _headers.
// Source: https://developers.cloudflare.com/workers/static-assets/headers/
const (
	maxHeaderRules = 100
	maxHeaderLine  = 2000
)

// Headers are the rules of a file _headers.
type Headers struct{ rules []headerRule }

// headerRule is a path and what it does to a response: first it removes some
// headers, then it sets some.
type headerRule struct {
	at      line
	pattern pattern
	unset   []string
	set     []header
}

type header struct{ name, value string }

// Apply changes the headers of a response to a request for a path of a host. If
// several rules set a header, it has all of their values, and not the one that
// the response had before.
func (h Headers) Apply(headers http.Header, host, path string) {
	ours := map[string]bool{}
	for _, rule := range h.rules {
		values, ok := rule.pattern.match(host, path)
		if !ok {
			continue
		}
		for _, name := range rule.unset {
			headers.Del(name)
		}
		for _, set := range rule.set {
			if !ours[set.name] {
				headers.Del(set.name)
			}
			ours[set.name] = true
			headers.Add(set.name, fill(set.value, values))
		}
	}
}

// A line with a scheme is an address, although it could be a header.
var beginsRule = regexp.MustCompile(`^(?:\S+://|/)`)

// ParseHeaders reads a file _headers.
func ParseHeaders(text string) (Headers, []Problem) {
	p := headerParser{}
	for _, l := range lines(text, maxHeaderLine, p.found.add) {
		if !beginsRule.MatchString(l.text) {
			p.header(l)
			continue
		}
		p.end()
		if len(p.rules) == maxHeaderRules {
			p.found.add(l, fmt.Sprintf("this rule and all after it are ignored: the platform reads %d", maxHeaderRules), "one with a star may replace many")
			break
		}
		p.begin(l)
	}
	p.end()
	return Headers{p.rules}, p.found
}

type headerParser struct {
	rules []headerRule
	rule  *headerRule // the one being read
	skip  bool        // its path is wrong, which was reported
	found problems
}

// begin starts a rule.
func (p *headerParser) begin(l line) {
	p.skip = true
	path, err := normalAddress(l.text, false, false)
	if err != nil {
		p.found.add(l, fmt.Sprintf("the rule is ignored: %q %v", l.text, err), "")
		return
	}
	pattern := newPattern(path)
	if twice := pattern.twice(); twice != "" {
		p.found.add(l, fmt.Sprintf("the rule is ignored: %s is in %q twice", twice, path), "rename one of them: use :name, and a star is :splat")
		return
	}
	p.skip, p.rule = false, &headerRule{at: l, pattern: pattern}
}

// end adds the current rule. It replaces an earlier rule of the same path.
func (p *headerParser) end() {
	rule := p.rule
	if p.rule = nil; rule == nil {
		return
	}
	if len(rule.set)+len(rule.unset) == 0 {
		p.found.add(rule.at, "the rule is ignored: it has no headers", "write them below it: Name: value")
		return
	}
	same := func(other headerRule) bool { return other.pattern.text == rule.pattern.text }
	if i := slices.IndexFunc(p.rules, same); i >= 0 {
		p.found.add(p.rules[i].at, fmt.Sprintf("the rule is ignored: line %d is for %s too, and the last one counts", rule.at.number, rule.pattern.text), "merge the two")
		p.rules[i] = *rule
		return
	}
	p.rules = append(p.rules, *rule)
}

// A name is a token. Source: RFC 9110, 5.6.2.
var headerName = regexp.MustCompile("^[-!#$%&'*+.^_`|~0-9A-Za-z]+$")

// header reads a line below a path.
func (p *headerParser) header(l line) {
	name, value, isPair := strings.Cut(l.text, ":")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	unset, isUnset := strings.CutPrefix(l.text, "! ")
	unset = strings.TrimSpace(unset)
	switch {
	case p.skip:
	case p.rule == nil:
		p.found.refuse(l, fmt.Sprintf("%q comes before any path", l.text), "write its path above it: /*")
	case !isPair && isUnset && headerName.MatchString(unset):
		p.rule.unset = append(p.rule.unset, unset)
	case !isPair:
		p.found.add(l, fmt.Sprintf("the line is ignored: %q is not a header", l.text), "write Name: value, or ! Name to remove one")
	case !headerName.MatchString(name):
		p.found.add(l, fmt.Sprintf("the line is ignored: %q is not the name of a header", name), "")
	case value == "" || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f || r > 0xff }):
		p.found.add(l, fmt.Sprintf("the line is ignored: the header %s has an invalid value", name), "")
	default:
		p.rule.add(strings.ToLower(name), value)
	}
}

// add sets a header. Several values in one rule are sent as one.
func (r *headerRule) add(name, value string) {
	for i := range r.set {
		if r.set[i].name == name {
			r.set[i].value += ", " + value
			return
		}
	}
	r.set = append(r.set, header{name, value})
}
