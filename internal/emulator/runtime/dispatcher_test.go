package runtime_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
)

// uploadDispatcher uploads a Worker with a dispatch namespace.
func uploadDispatcher(r *emulatortest.Running, name, code string) {
	r.T.Helper()
	binding := object{"type": "dispatch_namespace", "name": "TENANTS", "namespace": "prod"}
	r.Script(emulatortest.Worker(name), code, object{"bindings": []any{binding}}).OK()
}

// configured waits until the dispatcher that was uploaded last is part of the
// configuration.
func configured(r *emulatortest.Running) {
	r.T.Helper()
	r.Hears("the account has another dispatcher")
	r.Forget()
}

// direct calls a user Worker that responds with the header that the host sets,
// and reports whether the request bypassed the host.
func direct(r *emulatortest.Running, host string) bool {
	r.T.Helper()
	request, err := http.NewRequest(http.MethodGet, r.URL, nil)
	if err != nil {
		r.T.Fatal(err)
	}
	request.Host = host
	request.Header.Set("X-Wfpsync-Dispatch", "straight")
	response, err := emulatortest.Client.Do(request)
	if err != nil {
		r.T.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		r.T.Fatalf("%s: %d %s %v", host, response.StatusCode, body, err)
	}
	return string(body) == "straight"
}

// staysDirect expects that requests bypass the host after a few, because the
// previous process may have answered some.
func staysDirect(r *emulatortest.Running, host string) {
	r.T.Helper()
	for range 10 {
		if direct(r, host) {
			for range 3 {
				if !direct(r, host) {
					r.T.Error("the host has a part in a request again")
				}
			}
			return
		}
	}
	r.T.Error("the host has a part in every request")
}

// isNeverStale uploads acme repeatedly, and expects each version at once,
// through the host and past it.
func isNeverStale(r *emulatortest.Running, versions int) {
	r.T.Helper()
	for i := range versions {
		want := fmt.Sprintf("version %d", i)
		r.Script(emulatortest.Script("prod", "acme"), fmt.Sprintf(answering, want), nil).OK()
		for range 3 {
			r.Says("acme.example.com", "/", want)
		}
	}
}

const echoesWay = `export default { fetch: (request) => new Response(request.headers.get("x-wfpsync-dispatch")) }`

// TestRunDispatcher: a dispatcher that has not changed for a moment calls user
// Workers without the host. What it knows about them is never older than the
// last response of the API.
func TestRunDispatcher(t *testing.T) {
	t.Parallel()
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	r.Namespace("prod")
	r.Dispatches(nil)
	r.Script(emulatortest.Script("prod", "acme"), echoesWay, nil).OK()
	configured(r)
	staysDirect(r, "acme.example.com")
	isNeverStale(r, 20)
	r.JSON("DELETE", emulatortest.Script("prod", "acme"), nil).OK()
	for range 3 {
		if status, body := r.Ask("acme.example.com", "/"); status != 404 || body != "no acme" {
			t.Errorf("a deleted Worker: %d %s", status, body)
		}
	}
	r.Script(emulatortest.Script("prod", "broken"), `export default { fetch() { throw new RangeError("boom") } }`, nil).OK()
	for range 3 {
		if status, body := r.Ask("broken.example.com", "/"); status != 502 || body != "RangeError: boom" {
			t.Errorf("a Worker that throws: %d %s", status, body)
		}
	}
	// Another dispatcher is used at once, and later configured as well. Two
	// dispatchers, or none, are used at once too.
	uploadDispatcher(r, "dispatcher", fmt.Sprintf(answering, "another"))
	r.Says("acme.example.com", "/", "another")
	configured(r)
	r.Says("acme.example.com", "/", "another")
	uploadDispatcher(r, "second", fmt.Sprintf(answering, "second"))
	r.Says("second.localhost", "/", "second")
	r.Says("dispatcher.localhost", "/", "another")
	configured(r)
	r.Says("second.localhost", "/", "second")
	r.Says("dispatcher.localhost", "/", "another")
}

// TestRunDispatcherRenamed: after a rename, a dispatcher keeps the namespace
// that it was bound to.
func TestRunDispatcherRenamed(t *testing.T) {
	t.Parallel()
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	r.Namespace("prod")
	r.Dispatches(nil)
	r.Script(emulatortest.Script("prod", "acme"), fmt.Sprintf(answering, "here"), nil).OK()
	configured(r)
	for range 3 {
		r.Says("acme.example.com", "/", "here")
	}
	r.JSON("PUT", "/workers/dispatch/namespaces/prod", object{"name": "renamed"}).OK()
	for range 3 {
		if status, _ := r.Ask("acme.example.com", "/"); status != 404 {
			t.Errorf("a Worker of a renamed namespace answers %d under the old name", status)
		}
	}
}

// TestRunDispatcherSeesTheSame: code cannot detect whether it is loaded or
// configured.
func TestRunDispatcherSeesTheSame(t *testing.T) {
	t.Parallel()
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	r.Namespace("prod")
	r.Script(emulatortest.Script("prod", "acme"), `export default { fetch: (request) => Response.json([request.url, request.method, [...request.headers.keys()].sort(), request.headers.get("cf-connecting-ip"), request.cf]) }`, nil).OK()
	r.Script(emulatortest.Worker("other"), `import { WorkerEntrypoint } from "cloudflare:workers";
export default class extends WorkerEntrypoint { fetch() { return new Response("the other's answer") } add(a, b) { return a + b } }`, nil).OK()
	kv := r.KV("data")
	r.Send("PUT", "/storage/kv/namespaces/"+kv+"/values/key", "text/plain", strings.NewReader("value")).OK()
	metadata := object{
		"main_module": "src/index.js", "compatibility_date": "2026-10-01", "compatibility_flags": []string{"nodejs_compat"},
		"bindings": []any{
			object{"type": "dispatch_namespace", "name": "TENANTS", "namespace": "prod"},
			object{"type": "plain_text", "name": "TEXT", "text": "a \"quoted\" \\ line\nand ü \u2028 🙂"},
			object{"type": "secret_text", "name": "SECRET", "text": "hush"},
			object{"type": "json", "name": "CONFIG", "json": object{"list": []any{1, "two", nil}, "é": true}},
			object{"type": "version_metadata", "name": "VERSION"},
			object{"type": "kv_namespace", "name": "KV", "namespace_id": kv},
			object{"type": "service", "name": "OTHER", "service": "other"},
		},
	}
	empty, err := base64.StdEncoding.DecodeString("AGFzbQEAAAA=")
	if err != nil {
		t.Fatal(err)
	}
	contentType, body := emulatortest.Form(t, "metadata", metadata,
		emulatortest.JS("src/index.js", `import { env as imported, WorkerEntrypoint } from "cloudflare:workers";
import { Buffer } from "node:buffer";
import text from "../page.html";
import data from "./data.bin";
import module from "./empty.wasm";
import { helper } from "./lib/helper.js";
export class Named extends WorkerEntrypoint { hello() { return "hello" } }
export default { async fetch(request, env, ctx) {
  const failed = (error) => error.name + ": " + error.message;
  if (request.url.endsWith("/throw")) throw new TypeError("on purpose");
  const seen = { url: request.url, headers: [...request.headers.keys()].sort(), cf: request.cf, ip: request.headers.get("cf-connecting-ip") };
  seen.env = Object.keys(env).sort();
  seen.imported = imported === env || Object.keys(imported).sort();
  seen.values = [env.TEXT, env.SECRET, env.CONFIG, Object.keys(env.VERSION)];
  seen.ctx = [Object.keys(ctx.props), Object.keys(ctx.exports).sort(), await ctx.exports.Named.hello()];
  seen.modules = [text, [...new Uint8Array(data)], module instanceof WebAssembly.Module, helper(), Buffer.from("x").toString("hex")];
  seen.kv = await env.KV.get("key");
  seen.other = [await (await env.OTHER.fetch("http://x/")).text(), await env.OTHER.add(1, 2)];
  seen.globals = [typeof fetch, await fetch("http://127.0.0.1:1/").catch(failed), typeof caches.default, await caches.default.match("http://x/").catch(failed)].map(String);
  seen.none = await env.TENANTS.get("none").fetch(request.clone()).catch(failed);
  seen.body = await request.clone().text();
  for (const turn of [1, 2, 3]) seen["turn" + turn] = await (await env.TENANTS.get("acme").fetch("http://acme.example.com/path?turn", { method: "POST", body: "x", headers: { a: "b" } })).json();
  seen.passed = await (await env.TENANTS.get("acme").fetch(request)).json();
  return Response.json(seen);
} }`),
		emulatortest.JS("src/lib/helper.js", `export const helper = () => "helped"`),
		emulatortest.Part("page.html", "page.html", "text/html", "<p>ü</p>"),
		emulatortest.Part("src/data.bin", "src/data.bin", "application/octet-stream", "\x00\xff"),
		emulatortest.Part("src/empty.wasm", "src/empty.wasm", "application/wasm", string(empty)))
	r.Send("PUT", emulatortest.Worker("dispatcher"), contentType, body).OK()
	reference := regexp.MustCompile("reference = [a-z0-9]+") // each internal error has its own
	answers := func() (all []string) {
		for _, host := range []string{"acme.example.com", "dispatcher.localhost"} {
			for _, path := range []string{"/a?b=c", "/throw", "/cdn-cgi/handler/scheduled"} {
				status, body := r.Ask(host, path)
				all = append(all, fmt.Sprint(status, " ", reference.ReplaceAllString(body, "")))
			}
		}
		return all
	}
	loaded := answers()
	if !strings.HasPrefix(loaded[0], "200 ") || !strings.Contains(loaded[0], `"kv":"value"`) || !strings.Contains(loaded[1], "on purpose") {
		t.Fatalf("got %s", loaded[:2])
	}
	m := r.Hears("on purpose")
	configured(r)
	for range 2 {
		for i, got := range answers() {
			if got != loaded[i] {
				t.Errorf("configured:\n%s\nloaded:\n%s", got, loaded[i])
			}
		}
	}
	if n := r.Hears("on purpose"); n.Worker != m.Worker || n.Text != m.Text || n.Level != m.Level {
		t.Errorf("told of a configured one: %+v, of a loaded one: %+v", n, m)
	}
}

// TestRunDispatcherClass: the dispatcher may export a class.
func TestRunDispatcherClass(t *testing.T) {
	t.Parallel()
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	r.Namespace("prod")
	uploadDispatcher(r, "dispatcher", `import { WorkerEntrypoint } from "cloudflare:workers";
export default class extends WorkerEntrypoint {
  fetch(request) { return this.env.TENANTS.get(new URL(request.url).hostname.split(".")[0]).fetch(request) }
}`)
	r.Script(emulatortest.Script("prod", "acme"), echoesWay, nil).OK()
	configured(r)
	staysDirect(r, "acme.example.com")
}

// TestRunDispatcherOld: a dispatcher may have the oldest compatibility date
// with modules.
func TestRunDispatcherOld(t *testing.T) {
	t.Parallel()
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	r.Namespace("prod")
	r.Script(emulatortest.Worker("dispatcher"), `export default { fetch: (request, env) => env.TENANTS.get("acme").fetch(request) }`, object{
		"compatibility_date": "2021-11-02",
		"bindings":           []any{object{"type": "dispatch_namespace", "name": "TENANTS", "namespace": "prod"}},
	}).OK()
	r.Script(emulatortest.Script("prod", "acme"), echoesWay, nil).OK()
	configured(r)
	staysDirect(r, "acme.example.com")
	isNeverStale(r, 3)
}

// TestRunDispatcherDoesNotStart: a dispatcher that cannot be configured is
// loaded, and fails with its own message.
func TestRunDispatcherDoesNotStart(t *testing.T) {
	t.Parallel()
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	r.Namespace("prod")
	if err := r.ForTests().Seed(r.ID, "", slices.Values([]api.Seed{
		{Name: "dispatcher", Metadata: []byte(`{"compatibility_date":"2026-10-01","bindings":[{"type":"dispatch_namespace","name":"TENANTS","namespace":"prod"}]}`), Modules: []api.Module{
			{Name: "index.js", Content: []byte("nowhere(); export default { fetch() {} }")},
		}},
	})); err != nil {
		t.Fatal(err)
	}
	r.Hears("dispatcher is loaded for each process, and not configured")
	for range 2 {
		if status, body := r.Ask("anything", "/"); status != 500 || !strings.HasSuffix(body, "nowhere is not defined\n  at index.js:1:1\n") {
			t.Errorf("a dispatcher that does not start: %d %s", status, body)
		}
	}
	r.Dispatches(nil)
	r.Script(emulatortest.Script("prod", "acme"), fmt.Sprintf(answering, "here"), nil).OK()
	r.Says("acme.example.com", "/", "here")
	configured(r)
	r.Says("acme.example.com", "/", "here")
}

// TestRunDispatcherSwapped changes the dispatcher repeatedly under load. No
// request fails, and each is answered by a dispatcher that existed since it
// began. The new one is configured once there are no requests for a moment.
func TestRunDispatcherSwapped(t *testing.T) {
	t.Parallel()
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	r.Namespace("prod")
	edit := func(n int64) {
		uploadDispatcher(r, "dispatcher", fmt.Sprintf(`export default { async fetch(request, env) {
  const answer = await env.TENANTS.get("acme").fetch(request);
  return new Response("%d");
} }`, n))
	}
	r.Script(emulatortest.Script("prod", "acme"), fmt.Sprintf(answering, "here"), nil).OK()
	edit(0)
	var begun, done atomic.Int64
	var busy atomic.Bool
	stop := make(chan struct{})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if !busy.Load() {
					time.Sleep(time.Millisecond)
					continue
				}
				oldest := done.Load()
				_, body := r.Ask("acme.example.com", "/")
				newest := begun.Load()
				var got int64 = -1
				if _, err := fmt.Sscan(body, &got); err != nil || got < oldest || got > newest {
					t.Errorf("got %q, want %d to %d", body, oldest, newest)
				}
			}
		})
	}
	for n := int64(1); n <= 3; n++ {
		configured(r)
		busy.Store(true)
		begun.Store(n)
		edit(n)
		done.Store(n)
		time.Sleep(2500 * time.Millisecond)
		r.NeverSaid("renewed")
		busy.Store(false)
	}
	configured(r)
	close(stop)
	all.Wait()
}

// TestRunDispatcherKeepsObjects: the memory of a Durable Object is not lost for
// a new dispatcher, which is loaded instead.
func TestRunDispatcherKeepsObjects(t *testing.T) {
	t.Parallel()
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	r.Namespace("prod")
	r.Dispatches(nil)
	r.Script(emulatortest.Script("prod", "acme"), fmt.Sprintf(answering, "here"), nil).OK()
	configured(r)
	counts(r)
	count(r, 1)
	uploadDispatcher(r, "dispatcher", fmt.Sprintf(answering, "another"))
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); {
		r.Says("acme.example.com", "/", "another")
	}
	count(r, 2)
	r.NeverSaid("renewed")
}
