package emulator_test

import (
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/internal/emulator"
)

func TestRunDispatch(t *testing.T) {
	r := run(t, emulator.Options{}, emulator.RunLimits{})
	r.namespace("prod")
	r.dispatches(nil)
	r.script(script("prod", "acme"), `export default { fetch: (request, env) => Response.json([env.NAME, env.CONFIG, request.url]) }`, object{
		"bindings": []any{
			object{"type": "plain_text", "name": "NAME", "text": "acme"},
			object{"type": "json", "name": "CONFIG", "json": object{"n": []int{1, 2}}},
		},
	}).ok()
	r.says("acme.example.com", "/a?b", `["acme",{"n":[1,2]},"http://acme.example.com/a?b"]`)
	if status, body := r.ask("nobody.example.com", "/"); status != 404 || body != "no nobody" {
		t.Errorf("an unknown Worker: %d %s", status, body)
	}
	// What was not there is there as soon as it is uploaded.
	r.script(script("prod", "nobody"), `export default { fetch: () => new Response("I am") }`, nil).ok()
	r.says("nobody.example.com", "/", "I am")
	// What a user Worker throws arrives in the dispatcher as what it is.
	r.script(script("prod", "broken"), `export default { fetch() { console.log("about to", {fail: true}); throw new RangeError("boom") } }`, nil).ok()
	if status, body := r.ask("broken.example.com", "/"); status != 502 || body != "RangeError: boom" {
		t.Errorf("a Worker that throws: %d %s", status, body)
	}
	if m := r.hears("boom"); m.Worker != "prod/broken" || !strings.Contains(m.Text, "index.js:1:") {
		t.Errorf("the exception is told as %+v", m)
	}
	if m := r.hears("about to"); m.Worker != "prod/broken" || m.Text != `about to {"fail":true}` {
		t.Errorf("the log is told as %+v", m)
	}
}

// TestRunSourceMap: a stack leads to what a person wrote, when the upload says what that is.
func TestRunSourceMap(t *testing.T) {
	r := run(t, emulator.Options{}, emulator.RunLimits{})
	contentType, body := form(t, "metadata", object{"main_module": "index.js", "compatibility_date": "2026-10-01"},
		js("index.js", `export default { fetch() { throw new Error("boom") } }`),
		filePart{"index.js.map", "index.js.map", "application/source-map", `{"version":3,"sources":["../src/worker.ts"],"mappings":"AAoBI"}`})
	r.send("PUT", worker("w"), contentType, body).ok()
	if status, _ := r.ask("anything", "/"); status != 500 {
		t.Errorf("a Worker that throws answers %d", status)
	}
	if m := r.hears("boom"); !strings.Contains(m.Text, "(src/worker.ts:21:5)") {
		t.Errorf("the stack is %s", m.Text)
	}
}
