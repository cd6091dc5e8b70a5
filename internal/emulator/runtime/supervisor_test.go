package runtime_test

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
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
	"github.com/wfpsync/wfpsync/internal/emulator/proctest"
	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
)

const answering = `export default { fetch: (request) => new Response(%q) }`

// TestRunUpdates uploads a user Worker repeatedly while others are called. A
// response after an upload is never from an earlier version, and nothing else
// is disturbed.
func TestRunUpdates(t *testing.T) {
	t.Parallel()
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	r.Namespace("prod")
	r.Dispatches(nil)
	for _, name := range []string{"acme", "other"} {
		r.Script(emulatortest.Script("prod", name), fmt.Sprintf(answering, "first"), nil).OK()
	}
	stop := make(chan struct{})
	var others sync.WaitGroup
	others.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				r.Says("other.example.com", "/", "first")
			}
		}
	})
	for i := range 20 {
		want := fmt.Sprintf("version %d", i)
		r.Script(emulatortest.Script("prod", "acme"), fmt.Sprintf(answering, want), nil).OK()
		r.Says("acme.example.com", "/", want)
	}
	// Settings count as well, and so do routes.
	r.Script(emulatortest.Script("prod", "acme"), `export default { fetch: (request, env) => new Response(env.X) }`, object{"bindings": []any{object{"type": "plain_text", "name": "X", "text": "1"}}}).OK()
	r.Says("acme.example.com", "/", "1")
	r.Patch(emulatortest.Script("prod", "acme")+"/settings", object{"bindings": []any{object{"type": "plain_text", "name": "X", "text": "2"}}}).OK()
	r.Says("acme.example.com", "/", "2")
	r.JSON("DELETE", emulatortest.Script("prod", "acme"), nil).OK()
	if status, _ := r.Ask("acme.example.com", "/"); status != 404 {
		t.Errorf("a deleted Worker answers %d", status)
	}
	close(stop)
	others.Wait()
	r.JSON("PUT", "/workers/dispatch/namespaces/prod", object{"name": "renamed"}).OK()
	if status, _ := r.Ask("other.example.com", "/"); status != 404 {
		t.Errorf("a Worker of a renamed namespace answers %d under the old name", status)
	}
}

func TestRunSurvivesKill(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	r.Script(emulatortest.Worker("w"), fmt.Sprintf(answering, "here"), nil).OK()
	for range 2 {
		r.Says("anything", "/", "here")
		for _, process := range proctest.Children(t, os.Getpid(), "workerd") {
			if err := process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		r.Hears("signal: killed")
	}
	r.Says("anything", "/", "here")
	r.Runtime.Close()
	if left := proctest.Children(t, os.Getpid(), "workerd"); len(left) > 1 { // the validator's ends with the account
		t.Errorf("processes are left behind: %v", left)
	}
}

// TestRunUploadSurvivesKill: an upload succeeds although the workerd that
// should start its code has been killed.
func TestRunUploadSurvivesKill(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	for i := range 5 {
		r.Script(emulatortest.Worker("w"), fmt.Sprintf(answering, fmt.Sprint(i)), nil).OK()
		for _, process := range proctest.Children(t, os.Getpid(), "workerd") {
			if err := process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

const looping = `export default { fetch: (request) => { if (request.url.endsWith("/loop")) for (;;); return new Response("fine") } }`

// loop makes a Worker begin an endless loop, and returns when nothing responds
// any more.
func loop(r *emulatortest.Running) {
	r.T.Helper()
	impatient := &http.Client{Timeout: 200 * time.Millisecond}
	_, _ = impatient.Get(r.URL + "/loop") // it never responds
	for range 100 {
		response, err := impatient.Get(r.URL + "/")
		if err != nil {
			return
		}
		response.Body.Close()
	}
	r.T.Fatal("the endless loop stops nothing")
}

func TestRunEndlessLoop(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{Stuck: 500 * time.Millisecond})
	r.Script(emulatortest.Worker("w"), looping, nil).OK()
	r.Says("anything", "/", "fine")
	loop(r)
	r.Hears("endless loop")
	r.Says("anything", "/", "fine")
}

// TestRunUploadIntoLoop: a process that does not forget an old version is
// killed, so that it cannot serve it.
func TestRunUploadIntoLoop(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{Stuck: time.Hour})
	r.Script(emulatortest.Worker("w"), looping, nil).OK()
	r.Says("anything", "/", "fine")
	loop(r)
	r.Script(emulatortest.Worker("w"), fmt.Sprintf(answering, "new"), nil).OK()
	r.Says("anything", "/", "new")
}

// TestRunRenews loads more than one process may, while requests continue.
func TestRunRenews(t *testing.T) {
	t.Parallel()
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{Loads: 5})
	r.Namespace("prod")
	r.Dispatches(nil)
	for i := range 12 {
		r.Script(emulatortest.Script("prod", fmt.Sprintf("t%d", i)), fmt.Sprintf(answering, fmt.Sprintf("tenant %d", i)), nil).OK()
	}
	r.Script(emulatortest.Script("prod", "slow"), `export default { async fetch() { await scheduler.wait(3000); return new Response("at last") } }`, nil).OK()
	var renewed atomic.Bool
	var all sync.WaitGroup
	all.Go(func() { r.Says("slow.example.com", "/", "at last") }) // it is running when its process is replaced
	for worker := range 4 {
		all.Go(func() {
			for i := 0; !renewed.Load(); i++ {
				n := (i*4 + worker) % 12
				r.Says(fmt.Sprintf("t%d.example.com", n), "/", fmt.Sprintf("tenant %d", n))
			}
		})
	}
	r.Hears("the runtime was renewed: it had loaded")
	renewed.Store(true)
	all.Wait()
}

// counts uploads a Worker whose Durable Object counts its requests.
func counts(r *emulatortest.Running) {
	r.T.Helper()
	r.Script(emulatortest.Worker("counter"), `import { DurableObject } from "cloudflare:workers";
export class Counter extends DurableObject {
  async fetch() { const n = (await this.ctx.storage.get("n") ?? 0) + 1; await this.ctx.storage.put("n", n); return new Response(n) }
}
export default { fetch: (request, env) => env.COUNTER.getByName("a").fetch(request) }`, object{"migrations": emulatortest.NewClasses("Counter"), "bindings": []any{
		object{"type": "durable_object_namespace", "name": "COUNTER", "class_name": "Counter"},
	}}).OK()
}

// count expects the counter's next value. The request is one that a client does
// not retry by itself, on a new connection: an old process may be closing an
// idle one.
func count(r *emulatortest.Running, want int) {
	r.T.Helper()
	request, err := http.NewRequest(http.MethodPost, r.URL, nil)
	if err != nil {
		r.T.Fatal(err)
	}
	request.Host, request.Close = "counter.localhost", true
	response, err := emulatortest.Client.Do(request)
	if err != nil {
		r.T.Error(err)
		return
	}
	defer response.Body.Close()
	if got, err := io.ReadAll(response.Body); err != nil || string(got) != fmt.Sprint(want) {
		r.T.Errorf("counted %s, want %d: %v", got, want, err)
	}
}

// TestRunRenewsObjects: a Durable Object moves from process to process, and is
// never in two.
func TestRunRenewsObjects(t *testing.T) {
	t.Parallel()
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{Memory: 1})
	counts(r)
	r.Script(emulatortest.Worker("slow"), `export default { async fetch() { await scheduler.wait(2000); return new Response("at last") } }`, nil).OK()
	var all sync.WaitGroup
	stop := make(chan struct{})
	all.Go(func() { // keeps replaced processes alive
		for {
			select {
			case <-stop:
				return
			default:
				r.Says("slow.localhost", "/", "at last")
			}
		}
	})
	n := 0
	for end := time.Now().Add(8 * time.Second); time.Now().Before(end); {
		n++
		count(r, n)
	}
	close(stop)
	all.Wait()
	r.Hears("the runtime was renewed: it had grown to")
	if n < 3 {
		t.Errorf("only %d were counted", n)
	}
}

func TestRunMemory(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{Memory: 1})
	r.Script(emulatortest.Worker("w"), fmt.Sprintf(answering, "small"), nil).OK()
	r.Says("anything", "/", "small")
	r.Hears("the runtime was renewed: it had grown to")
	r.Says("anything", "/", "small")
}

// TestRunNames: missing names are remembered too, and many requests for them
// need no more memory.
func TestRunNames(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{Names: 3})
	r.Namespace("prod")
	r.Dispatches(nil)
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() {
			if status, _ := r.Ask(fmt.Sprintf("t%d.example.com", i), "/"); status != 404 {
				t.Errorf("t%d answers %d before it is there", i, status)
			}
		})
	}
	all.Wait()
	for i := range 10 {
		name := fmt.Sprintf("t%d", i)
		r.Script(emulatortest.Script("prod", name), fmt.Sprintf(answering, name), nil).OK()
		r.Says(name+".example.com", "/", name)
	}
}

// TestRunIsolation tries to reach the account from a user Worker.
func TestRunIsolation(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	r.Script(emulatortest.Worker("w"), `import { env } from "cloudflare:workers";
export default { async fetch(request, given, ctx) {
  const tries = [fetch("`+r.Base+`/user/tokens/verify", { headers: { authorization: "Bearer x" } }), fetch("http://account/routes")];
  const answers = (await Promise.allSettled(tries)).map((t) => t.status);
  return Response.json([answers, Object.keys(env), Object.keys(given), Object.keys(ctx.exports ?? {}).sort(), Object.keys(ctx.props ?? {})]);
} }`, nil).OK()
	r.Says("anything", "/", `[["rejected","rejected"],[],[],["default"],[]]`)
}

func TestRunRoutes(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	zone := r.Zone("example.com")
	for _, name := range []string{"site", "api", "shops"} {
		r.Script(emulatortest.Worker(name), fmt.Sprintf(`export default { fetch: (request) => new Response(%q + new URL(request.url).hostname) }`, name+" "), nil).OK()
	}
	if status, body := r.Ask("example.com", "/"); status != 404 || !strings.Contains(body, "api.localhost") {
		t.Errorf("without a route: %d %s", status, body)
	}
	for pattern, name := range map[string]string{"example.com/*": "site", "example.com/api*": "api", "*.example.com/*": "shops", "static.example.com/*": ""} {
		r.JSON("POST", "/zones/"+zone+"/workers/routes", object{"pattern": pattern, "script": name}).OK()
	}
	r.Says("example.com", "/", "site example.com")
	r.Says("example.com", "/api/x", "api example.com")
	r.Says("a.example.com", "/api/x", "shops a.example.com")
	r.Says("a.example.com.localhost", "/", "shops a.example.com")
	r.Says("api.localhost", "/", "api api.localhost")
	if status, body := r.Ask("static.example.com", "/"); status != 404 || !strings.Contains(body, "static.example.com/* leads past all Workers") {
		t.Errorf("a route without a Worker: %d %s", status, body)
	}
}

func TestRunValidation(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	r.Namespace("prod")
	refused := func(code string, number int, want string) {
		t.Helper()
		got := r.Script(emulatortest.Script("prod", "w"), code, nil).Fails(400, number)
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
	if got := r.Script(emulatortest.Script("prod", "w"), "export default { fetch() {} }", object{"compatibility_date": "2999-01-01"}).Fails(400, 10021); !strings.Contains(string(got.Body), "2999-01-01") {
		t.Errorf("a date in the future: %s", got.Body)
	}
	r.Get(emulatortest.Script("prod", "w")).Fails(404, 10092) // nothing was stored
	r.Script(emulatortest.Script("prod", "w"), "export default { scheduled() {}, queue() {} }", nil).OK()
	if got := r.Get(emulatortest.Script("prod", "w")).OK(); !strings.Contains(string(got.Body), `"handlers":["queue","scheduled"]`) {
		t.Errorf("the handlers are not those that were found: %s", got.Body)
	}
}
