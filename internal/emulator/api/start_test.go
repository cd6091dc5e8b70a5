package api

import (
	"fmt"
	"testing"
)

func TestFindHandlers(t *testing.T) {
	for source, want := range map[string]string{
		"export default { async fetch(request, env) { return fetch(request) } }":                          "[fetch]",
		"var x = {\n  scheduled(event) {\n  },\n  async queue(batch) { await fetch('x'); }\n};":           "[queue scheduled]",
		"export default class extends WorkerEntrypoint {\n\tasync fetch() {}\n\temail(m) {}\n}":           "[email fetch]",
		"export default { fetch: app.fetch, tail: t }":                                                    "[fetch tail]",
		"addEventListener('scheduled', e => {})":                                                          "[scheduled]",
		"addEventListener(\"fetch\", e => {}); addEventListener(\"fetch\", e => {})":                      "[fetch]",
		"import { Hono } from 'hono'; const app = new Hono(); app.get('/', c => 'x'); export default app": "[fetch]",
		"": "[fetch]",
	} {
		if got := fmt.Sprint(findHandlers([]byte(source))); got != want {
			t.Errorf("%q handles %s, want %s", source, got, want)
		}
	}
}
