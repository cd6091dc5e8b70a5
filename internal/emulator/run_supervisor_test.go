package emulator_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/proctest"
	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
)

const answering = `export default { fetch: (request) => new Response(%q) }`

// TestRunUpdates uploads a user Worker again and again while others are called: an answer after an upload is never that
// of an earlier one, and nothing else is disturbed.
func TestRunUpdates(t *testing.T) {
	r := run(t, emulator.Options{}, runtime.Limits{})
	r.namespace("prod")
	r.dispatches(nil)
	for _, name := range []string{"acme", "other"} {
		r.script(script("prod", name), fmt.Sprintf(answering, "first"), nil).ok()
	}
	stop := make(chan struct{})
	var others sync.WaitGroup
	others.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				r.says("other.example.com", "/", "first")
			}
		}
	})
	for i := range 20 {
		want := fmt.Sprintf("version %d", i)
		r.script(script("prod", "acme"), fmt.Sprintf(answering, want), nil).ok()
		r.says("acme.example.com", "/", want)
	}
	// Settings count as well, and so do the ways to a Worker.
	r.script(script("prod", "acme"), `export default { fetch: (request, env) => new Response(env.X) }`, object{"bindings": []any{object{"type": "plain_text", "name": "X", "text": "1"}}}).ok()
	r.says("acme.example.com", "/", "1")
	r.patch(script("prod", "acme")+"/settings", object{"bindings": []any{object{"type": "plain_text", "name": "X", "text": "2"}}}).ok()
	r.says("acme.example.com", "/", "2")
	r.json("DELETE", script("prod", "acme"), nil).ok()
	if status, _ := r.ask("acme.example.com", "/"); status != 404 {
		t.Errorf("a deleted Worker answers %d", status)
	}
	close(stop)
	others.Wait()
	r.json("PUT", "/workers/dispatch/namespaces/prod", object{"name": "renamed"}).ok()
	if status, _ := r.ask("other.example.com", "/"); status != 404 {
		t.Errorf("a Worker of a renamed namespace answers %d under the old name", status)
	}
}

func TestRunSurvivesKill(t *testing.T) {
	r := run(t, emulator.Options{}, runtime.Limits{})
	r.script(worker("w"), fmt.Sprintf(answering, "here"), nil).ok()
	for range 2 {
		r.says("anything", "/", "here")
		for _, process := range proctest.Children(t, os.Getpid(), "workerd") {
			if err := process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		r.hears("signal: killed")
	}
	r.says("anything", "/", "here")
	r.Runtime.Close()
	if left := proctest.Children(t, os.Getpid(), "workerd"); len(left) > 1 { // the validator's goes with the account
		t.Errorf("processes are left behind: %v", left)
	}
}

// TestRunUploadSurvivesKill: an upload does not notice that the workerd is gone in which its code is to be started.
func TestRunUploadSurvivesKill(t *testing.T) {
	r := run(t, emulator.Options{}, runtime.Limits{})
	for i := range 5 {
		r.script(worker("w"), fmt.Sprintf(answering, fmt.Sprint(i)), nil).ok()
		for _, process := range proctest.Children(t, os.Getpid(), "workerd") {
			if err := process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

const looping = `export default { fetch: (request) => { if (request.url.endsWith("/loop")) for (;;); return new Response("fine") } }`

// loop has a Worker begin an endless loop, and returns when nothing answers any more.
func (r *running) loop() {
	r.t.Helper()
	impatient := &http.Client{Timeout: 200 * time.Millisecond}
	_, _ = impatient.Get(r.url + "/loop") // it never answers
	for range 100 {
		response, err := impatient.Get(r.url + "/")
		if err != nil {
			return
		}
		response.Body.Close()
	}
	r.t.Fatal("the endless loop stops nothing")
}

func TestRunEndlessLoop(t *testing.T) {
	r := run(t, emulator.Options{}, runtime.Limits{Stuck: 500 * time.Millisecond})
	r.script(worker("w"), looping, nil).ok()
	r.says("anything", "/", "fine")
	r.loop()
	r.hears("endless loop")
	r.says("anything", "/", "fine")
}

// TestRunUploadIntoLoop: what does not forget an old version is killed, so that it cannot answer with it.
func TestRunUploadIntoLoop(t *testing.T) {
	r := run(t, emulator.Options{}, runtime.Limits{Stuck: time.Hour})
	r.script(worker("w"), looping, nil).ok()
	r.says("anything", "/", "fine")
	r.loop()
	r.script(worker("w"), fmt.Sprintf(answering, "new"), nil).ok()
	r.says("anything", "/", "new")
}

// TestRunRenews loads more than one process may, while requests go on.
func TestRunRenews(t *testing.T) {
	r := run(t, emulator.Options{}, runtime.Limits{Loads: 5})
	r.namespace("prod")
	r.dispatches(nil)
	for i := range 12 {
		r.script(script("prod", fmt.Sprintf("t%d", i)), fmt.Sprintf(answering, fmt.Sprintf("tenant %d", i)), nil).ok()
	}
	r.script(script("prod", "slow"), `export default { async fetch() { await scheduler.wait(3000); return new Response("at last") } }`, nil).ok()
	var renewed atomic.Bool
	var all sync.WaitGroup
	all.Go(func() { r.says("slow.example.com", "/", "at last") }) // it is under way when its process is replaced
	for worker := range 4 {
		all.Go(func() {
			for i := 0; !renewed.Load(); i++ {
				n := (i*4 + worker) % 12
				r.says(fmt.Sprintf("t%d.example.com", n), "/", fmt.Sprintf("tenant %d", n))
			}
		})
	}
	r.hears("the runtime was renewed: it had loaded")
	renewed.Store(true)
	all.Wait()
}

// counts uploads a Worker, whose Durable Object counts its requests.
func (r *running) counts() {
	r.t.Helper()
	r.script(worker("counter"), `import { DurableObject } from "cloudflare:workers";
export class Counter extends DurableObject {
  async fetch() { const n = (await this.ctx.storage.get("n") ?? 0) + 1; await this.ctx.storage.put("n", n); return new Response(n) }
}
export default { fetch: (request, env) => env.COUNTER.getByName("a").fetch(request) }`, object{"migrations": newClasses("Counter"), "bindings": []any{
		object{"type": "durable_object_namespace", "name": "COUNTER", "class_name": "Counter"},
	}}).ok()
}

// count expects the counter's next answer. It sends what a client does not send again by itself, on a connection of its
// own: one that is kept may be closed by an old process in that moment.
func (r *running) count(want int) {
	r.t.Helper()
	request, err := http.NewRequest(http.MethodPost, r.url, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	request.Host, request.Close = "counter.localhost", true
	response, err := client.Do(request)
	if err != nil {
		r.t.Error(err)
		return
	}
	defer response.Body.Close()
	if got, err := io.ReadAll(response.Body); err != nil || string(got) != fmt.Sprint(want) {
		r.t.Errorf("counted %s, want %d: %v", got, want, err)
	}
}

// TestRunRenewsObjects: a Durable Object moves from process to process, and is never in two.
func TestRunRenewsObjects(t *testing.T) {
	r := run(t, emulator.Options{}, runtime.Limits{Memory: 1})
	r.counts()
	r.script(worker("slow"), `export default { async fetch() { await scheduler.wait(2000); return new Response("at last") } }`, nil).ok()
	var all sync.WaitGroup
	stop := make(chan struct{})
	all.Go(func() { // keeps processes that are replaced
		for {
			select {
			case <-stop:
				return
			default:
				r.says("slow.localhost", "/", "at last")
			}
		}
	})
	n := 0
	for end := time.Now().Add(8 * time.Second); time.Now().Before(end); {
		n++
		r.count(n)
	}
	close(stop)
	all.Wait()
	r.hears("the runtime was renewed: it had grown to")
	if n < 3 {
		t.Errorf("only %d were counted", n)
	}
}

func TestRunMemory(t *testing.T) {
	r := run(t, emulator.Options{}, runtime.Limits{Memory: 1})
	r.script(worker("w"), fmt.Sprintf(answering, "small"), nil).ok()
	r.says("anything", "/", "small")
	r.hears("the runtime was renewed: it had grown to")
	r.says("anything", "/", "small")
}

// TestRunNames: names that do not exist are remembered too, and who asks for many of them takes no memory.
func TestRunNames(t *testing.T) {
	r := run(t, emulator.Options{}, runtime.Limits{Names: 3})
	r.namespace("prod")
	r.dispatches(nil)
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() {
			if status, _ := r.ask(fmt.Sprintf("t%d.example.com", i), "/"); status != 404 {
				t.Errorf("t%d answers %d before it is there", i, status)
			}
		})
	}
	all.Wait()
	for i := range 10 {
		name := fmt.Sprintf("t%d", i)
		r.script(script("prod", name), fmt.Sprintf(answering, name), nil).ok()
		r.says(name+".example.com", "/", name)
	}
}

// TestRunIsolation tries to reach the account from a user Worker.
func TestRunIsolation(t *testing.T) {
	r := run(t, emulator.Options{}, runtime.Limits{})
	r.script(worker("w"), `import { env } from "cloudflare:workers";
export default { async fetch(request, given, ctx) {
  const tries = [fetch("`+r.base+`/user/tokens/verify", { headers: { authorization: "Bearer x" } }), fetch("http://account/routes")];
  const answers = (await Promise.allSettled(tries)).map((t) => t.status);
  return Response.json([answers, Object.keys(env), Object.keys(given), Object.keys(ctx.exports ?? {}).sort(), Object.keys(ctx.props ?? {})]);
} }`, nil).ok()
	r.says("anything", "/", `[["rejected","rejected"],[],[],["default"],[]]`)
}

func TestRunRoutes(t *testing.T) {
	r := run(t, emulator.Options{}, runtime.Limits{})
	zone := r.zone("example.com")
	for _, name := range []string{"site", "api", "shops"} {
		r.script(worker(name), fmt.Sprintf(`export default { fetch: (request) => new Response(%q + new URL(request.url).hostname) }`, name+" "), nil).ok()
	}
	if status, body := r.ask("example.com", "/"); status != 404 || !strings.Contains(body, "api.localhost") {
		t.Errorf("without a route: %d %s", status, body)
	}
	for pattern, name := range map[string]string{"example.com/*": "site", "example.com/api*": "api", "*.example.com/*": "shops", "static.example.com/*": ""} {
		r.json("POST", "/zones/"+zone+"/workers/routes", object{"pattern": pattern, "script": name}).ok()
	}
	r.says("example.com", "/", "site example.com")
	r.says("example.com", "/api/x", "api example.com")
	r.says("a.example.com", "/api/x", "shops a.example.com")
	r.says("a.example.com.localhost", "/", "shops a.example.com")
	r.says("api.localhost", "/", "api api.localhost")
	if status, body := r.ask("static.example.com", "/"); status != 404 || !strings.Contains(body, "static.example.com/* leads past all Workers") {
		t.Errorf("a route without a Worker: %d %s", status, body)
	}
}

func TestRunValidation(t *testing.T) {
	r := run(t, emulator.Options{}, runtime.Limits{})
	r.namespace("prod")
	refused := func(code string, number int, want string) {
		t.Helper()
		got := r.script(script("prod", "w"), code, nil).fails(400, number)
		if len(got.Errors) == 1 && got.Errors[0].Message != want {
			t.Errorf("%s:\n got %q\nwant %q", code, got.Errors[0].Message, want)
		}
	}
	refused("export default { fetch( { return 1 } }", 10021, "Uncaught SyntaxError: Unexpected number\n  at index.js:1:33")
	refused("undefinedFn(); export default { fetch() {} }", 10021, "Uncaught ReferenceError: undefinedFn is not defined\n  at index.js:1:1")
	refused(`import "./missing.js"; export default { fetch() {} }`, 10021, "Uncaught Error: No such module \"missing.js\".\n  imported from \"index.js\"")
	refused("while (true) {} export default { fetch() {} }", 10021, "Error: Script startup exceeded CPU time limit.")
	refused("export default {}", 10068, "No event handlers were registered. This script does nothing.")
	refused("export const x = 1", 10068, "No event handlers were registered. This script does nothing.")
	if got := r.script(script("prod", "w"), "export default { fetch() {} }", object{"compatibility_date": "2999-01-01"}).fails(400, 10021); !strings.Contains(string(got.body), "2999-01-01") {
		t.Errorf("a date in the future: %s", got.body)
	}
	r.get(script("prod", "w")).fails(404, 10092) // nothing was stored
	r.script(script("prod", "w"), "export default { scheduled() {}, queue() {} }", nil).ok()
	if got := r.get(script("prod", "w")).ok(); !strings.Contains(string(got.body), `"handlers":["queue","scheduled"]`) {
		t.Errorf("the handlers are not those that were found: %s", got.body)
	}
}
