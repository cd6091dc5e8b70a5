package bundle

import (
	"fmt"
	"regexp"
	"slices"
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

func containsDefault(exports []string) bool { return slices.Contains(exports, "default") }
