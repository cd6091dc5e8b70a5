package api

import (
	"regexp"
	"slices"
)

// The real platform starts the script and asks it. Here only its text is read, with comments and strings not told
// apart from code: good enough for a field that is shown to people. What is looked for are
//
//	fetch(request, env) {          a method, in an object or a class
//	fetch: handler,                a property
//	addEventListener("fetch", …)   the service-worker syntax
var (
	handlerMethod   = regexp.MustCompile(`(?:^|[{},;\s])(?:async\s+)?(` + handlerNames + `)\s*\([^()]*\)\s*\{`)
	handlerProperty = regexp.MustCompile(`[{,]\s*(` + handlerNames + `)\s*:`)
	handlerListener = regexp.MustCompile(`addEventListener\(\s*["'](` + handlerNames + `)["']`)
)

const handlerNames = `fetch|scheduled|queue|email|tail|trace|tailStream`

// findHandlers returns the events a script handles, sorted. A script in which none is found (an app object from a
// framework, say) is taken to handle fetch, because one without handlers would not have been accepted.
func findHandlers(source []byte) []string {
	var found []string
	for _, pattern := range []*regexp.Regexp{handlerMethod, handlerProperty, handlerListener} {
		for _, match := range pattern.FindAllSubmatch(source, -1) {
			found = append(found, string(match[1]))
		}
	}
	if len(found) == 0 {
		return []string{"fetch"}
	}
	slices.Sort(found)
	return slices.Compact(found)
}
