package bundle

import (
	"fmt"
	"regexp"
	"slices"
	"unicode"
	"unicode/utf8"
)

// handlerNames are the events a Worker's default export can answer to.
var handlerNames = []string{"fetch", "scheduled", "queue", "email", "tail", "trace"}

const handlerHint = "a Worker answers requests through its default export: " +
	"export default { async fetch(request, env, ctx) { return new Response(\"…\"); } }"

var listensToEvents = regexp.MustCompile(`\baddEventListener\s*\(`)

// exportHint says how code without a default export gets one.
func exportHint(code string, exports []string) string {
	for _, name := range exports {
		if slices.Contains(handlerNames, name) {
			return fmt.Sprintf("handlers are properties of the default export: export default { %s }", name)
		}
	}
	if listensToEvents.MatchString(code) {
		return "this is the service worker syntax; wfpsync uploads modules: turn the listener into " +
			"export default { async fetch(request, env, ctx) { … } }"
	}
	return handlerHint
}

// isCallable reports whether exports hold a handler, or what can be a class that
// bindings of other Workers lead to. What a class is, esbuild does not say, but
// all begin with a capital.
func isCallable(exports []string) bool {
	return slices.ContainsFunc(exports, func(name string) bool {
		first, _ := utf8.DecodeRuneInString(name)
		return name == "default" || unicode.IsUpper(first)
	})
}
