package assetrules

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// These are the limits of _redirects.
// Source: https://developers.cloudflare.com/workers/static-assets/redirects/
const (
	maxStaticRedirects  = 2000
	maxDynamicRedirects = 100
	maxRedirectLine     = 1000
)

// Rewrite is the status of a redirect that visitors do not see: another file of
// the directory is served.
const Rewrite = 200

var redirectStatuses = []int{Rewrite, 301, 302, 303, 307, 308}

// Redirects are the rules of a file _redirects.
type Redirects struct {
	static  map[string]Redirect
	dynamic []dynamicRedirect
}

// A Redirect is the target of a request.
type Redirect struct {
	// To is a path on the same host, or an address, and may have a query and a
	// fragment. If it has no query, it keeps the request's.
	To string

	// Status is [Rewrite], 301, 302, 303, 307 or 308.
	Status int
}

type dynamicRedirect struct {
	from pattern
	Redirect
}

// Match finds the redirect for a path, as a URL has it. Redirects without
// placeholders win, wherever they stand in the file, if they stand before the
// first one with placeholders.
func (r Redirects) Match(host, path string) (Redirect, bool) {
	if found, ok := r.static[path]; ok {
		return found, true
	}
	for _, rule := range r.dynamic {
		if values, ok := rule.from.match(host, path); ok {
			return Redirect{To: rule.target(values), Status: rule.Status}, true
		}
	}
	return Redirect{}, false
}

var (
	leavesHost = regexp.MustCompile(`^(?:\w+://|//[^/\\\s?#])`)
	slashes    = regexp.MustCompile(`[/\\]+`)
)

// target returns where a redirect leads, with the values of its placeholders.
// They cannot turn a path into the address of another host: /:splat may not
// become //evil.
func (r dynamicRedirect) target(values map[string]string) string {
	to := strings.TrimSpace(fill(r.To, values))
	if leavesHost.MatchString(r.To) {
		return to
	}
	path, rest := to, ""
	if at := strings.IndexAny(to, "?#"); at >= 0 {
		path, rest = to[:at], to[at:]
	}
	return slashes.ReplaceAllString(path, "/") + rest
}

// ParseRedirects reads a file _redirects. pages says that the platform serves
// pages without their .html, as it does unless html_handling is none.
func ParseRedirects(text string, pages bool) (Redirects, []Problem) {
	p := redirectParser{redirects: Redirects{static: map[string]Redirect{}}, pages: pages, seen: map[string]int{}}
	for _, l := range lines(text, maxRedirectLine, p.found.add) {
		if !p.line(l) {
			break
		}
	}
	return p.redirects, p.found
}

type redirectParser struct {
	redirects       Redirects
	pages           bool
	seen            map[string]int // lines by their pattern
	static, dynamic int
	found           problems
}

// line reads one line, and reports whether to read the next.
func (p *redirectParser) line(l line) bool {
	words := strings.Fields(l.text)
	if at := slices.IndexFunc(words, func(word string) bool { return strings.HasPrefix(word, "#") }); at >= 0 {
		words = words[:at] // a comment
	}
	if len(words) < 2 || len(words) > 3 {
		p.found.add(l, fmt.Sprintf("the line has %d words, and is ignored", len(words)), "write: /from /to, and a status if it is not 302")
		return true
	}
	from, ok := p.from(l, words[0])
	if !ok {
		return true
	}
	isStatic := p.dynamic == 0 && from.isStatic()
	if p.isTooMany(l, isStatic) {
		return isStatic // the platform stops after too many dynamic ones
	}
	status := "302"
	if len(words) == 3 {
		status = words[2]
	}
	redirect, ok := p.redirect(l, from, words[1], status)
	switch {
	case !ok:
	case isStatic:
		p.redirects.static[from.text] = redirect
	default:
		p.redirects.dynamic = append(p.redirects.dynamic, dynamicRedirect{from, redirect})
	}
	return true
}

func (p *redirectParser) from(l line, text string) (pattern, bool) {
	if hasHost(text) {
		p.found.add(l, fmt.Sprintf("the redirect is ignored: %q is not a path", text), "redirects apply to every host: write only the path")
		return pattern{}, false
	}
	if !strings.HasPrefix(text, "/") {
		text = "/" + text
	}
	from := newPattern(normalPath(text, false))
	if twice := from.twice(); twice != "" {
		p.found.add(l, fmt.Sprintf("the redirect matches nothing: %s is in %q twice", twice, from.text), "rename one of them: use :name, and a star is :splat")
	}
	return from, true
}

func (p *redirectParser) isTooMany(l line, isStatic bool) bool {
	if isStatic {
		p.static++
		if p.static > maxStaticRedirects {
			p.found.add(l, fmt.Sprintf("the redirect is ignored: there are %d without placeholders before it", maxStaticRedirects), "one with a star or :name may replace many")
		}
		return p.static > maxStaticRedirects
	}
	p.dynamic++
	if p.dynamic > maxDynamicRedirects {
		p.found.add(l, fmt.Sprintf("this redirect and all after it are ignored: the platform reads %d from the first with a star or :name on", maxDynamicRedirects),
			"put those without placeholders first")
	}
	return p.dynamic > maxDynamicRedirects
}

// redirect returns the target in a line.
func (p *redirectParser) redirect(l line, from pattern, target, code string) (Redirect, bool) {
	to, err := normalAddress(target, true, true)
	if err != nil {
		p.found.add(l, fmt.Sprintf("the redirect is ignored: %q %v", target, err), "")
		return Redirect{}, false
	}
	status, err := strconv.Atoi(code)
	if err != nil || !slices.Contains(redirectStatuses, status) {
		p.found.add(l, fmt.Sprintf("the redirect is ignored: %q is not the status of a redirect", code), "200, 301, 302, 303, 307 or 308")
		return Redirect{}, false
	}
	inside := !hasHost(to)
	first, again := p.seen[from.text]
	switch {
	case inside && strings.HasSuffix(strings.TrimSuffix(to, ".html"), "/index") && (strings.HasSuffix(from.text, "/*") || p.pages && strings.HasSuffix(from.text, "/")):
		p.found.refuse(l, fmt.Sprintf("the redirect leads to itself: %s is answered with a redirect to the path without /index.html", to),
			"for a single-page application, remove the line and set not_found_handling: single-page-application")
		return Redirect{}, false
	case again:
		p.found.add(l, fmt.Sprintf("the redirect is ignored: line %d is for %s already", first, from.text), "remove one of the two")
		return Redirect{}, false
	}
	p.seen[from.text] = l.number
	if status == Rewrite && !inside {
		p.found.add(l, fmt.Sprintf("the redirect is ignored: %s is not a file of the directory; only those can be served with 200", to), "take 302, or a path")
		return Redirect{}, false
	}
	return Redirect{To: to, Status: status}, true
}
