package emulator_test

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
	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
)

// dispatcher uploads a Worker with a dispatch namespace.
func (r *running) dispatcher(name, code string) {
	r.t.Helper()
	binding := object{"type": "dispatch_namespace", "name": "TENANTS", "namespace": "prod"}
	r.script(worker(name), code, object{"bindings": []any{binding}}).ok()
}

// configured waits until the dispatcher that was uploaded last is configured, and so the front.
func (r *running) configured() {
	r.t.Helper()
	r.hears("the account has another dispatcher")
	r.forget()
}

// direct asks a user Worker that answers with the header that the host puts on the way to it, and reports whether the
// host had no part in it.
func (r *running) direct(host string) bool {
	r.t.Helper()
	request, err := http.NewRequest(http.MethodGet, r.url, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	request.Host = host
	request.Header.Set("X-Wfpsync-Dispatch", "straight")
	response, err := client.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		r.t.Fatalf("%s: %d %s %v", host, response.StatusCode, body, err)
	}
	return string(body) == "straight"
}

// staysDirect expects that the host has no part in requests any more after a few, of which the process before may have
// answered some.
func (r *running) staysDirect(host string) {
	r.t.Helper()
	for range 10 {
		if r.direct(host) {
			for range 3 {
				if !r.direct(host) {
					r.t.Error("the host has a part in a request again")
				}
			}
			return
		}
	}
	r.t.Error("the host has a part in every request")
}

// isNeverStale uploads acme again and again, and expects each version at once, from the host and past it.
func (r *running) isNeverStale(versions int) {
	r.t.Helper()
	for i := range versions {
		want := fmt.Sprintf("version %d", i)
		r.script(script("prod", "acme"), fmt.Sprintf(answering, want), nil).ok()
		for range 3 {
			r.says("acme.example.com", "/", want)
		}
	}
}

const echoesWay = `export default { fetch: (request) => new Response(request.headers.get("x-wfpsync-dispatch")) }`

// TestRunFront: a dispatcher that has not changed for a moment calls user Workers without the host, and what it knows of
// them is never older than what the API has said.
func TestRunFront(t *testing.T) {
	r := run(t, emulator.Options{}, runtime.Limits{})
	r.namespace("prod")
	r.dispatches(nil)
	r.script(script("prod", "acme"), echoesWay, nil).ok()
	r.configured()
	r.staysDirect("acme.example.com")
	r.isNeverStale(20)
	r.json("DELETE", script("prod", "acme"), nil).ok()
	for range 3 {
		if status, body := r.ask("acme.example.com", "/"); status != 404 || body != "no acme" {
			t.Errorf("a deleted Worker: %d %s", status, body)
		}
	}
	r.script(script("prod", "broken"), `export default { fetch() { throw new RangeError("boom") } }`, nil).ok()
	for range 3 {
		if status, body := r.ask("broken.example.com", "/"); status != 502 || body != "RangeError: boom" {
			t.Errorf("a Worker that throws: %d %s", status, body)
		}
	}
	// Another dispatcher is there at once, and later configured as well; and so it is when there are two, or none.
	r.dispatcher("dispatcher", fmt.Sprintf(answering, "another"))
	r.says("acme.example.com", "/", "another")
	r.configured()
	r.says("acme.example.com", "/", "another")
	r.dispatcher("second", fmt.Sprintf(answering, "second"))
	r.says("second.localhost", "/", "second")
	r.says("dispatcher.localhost", "/", "another")
	r.configured()
	r.says("second.localhost", "/", "second")
	r.says("dispatcher.localhost", "/", "another")
}

// TestRunFrontRenamed: a dispatcher's namespace is the one that it was bound to.
func TestRunFrontRenamed(t *testing.T) {
	r := run(t, emulator.Options{}, runtime.Limits{})
	r.namespace("prod")
	r.dispatches(nil)
	r.script(script("prod", "acme"), fmt.Sprintf(answering, "here"), nil).ok()
	r.configured()
	for range 3 {
		r.says("acme.example.com", "/", "here")
	}
	r.json("PUT", "/workers/dispatch/namespaces/prod", object{"name": "renamed"}).ok()
	for range 3 {
		if status, _ := r.ask("acme.example.com", "/"); status != 404 {
			t.Errorf("a Worker of a renamed namespace answers %d under the old name", status)
		}
	}
}

// TestRunFrontSeesTheSame: code cannot tell whether it is loaded or configured.
func TestRunFrontSeesTheSame(t *testing.T) {
	r := run(t, emulator.Options{}, runtime.Limits{})
	r.namespace("prod")
	r.script(script("prod", "acme"), `export default { fetch: (request) => Response.json([request.url, request.method, [...request.headers.keys()].sort(), request.headers.get("cf-connecting-ip"), request.cf]) }`, nil).ok()
	r.script(worker("other"), `import { WorkerEntrypoint } from "cloudflare:workers";
export default class extends WorkerEntrypoint { fetch() { return new Response("the other's answer") } add(a, b) { return a + b } }`, nil).ok()
	kv := r.kv("data")
	r.send("PUT", "/storage/kv/namespaces/"+kv+"/values/key", "text/plain", strings.NewReader("value")).ok()
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
	contentType, body := form(t, "metadata", metadata,
		js("src/index.js", `import { env as imported, WorkerEntrypoint } from "cloudflare:workers";
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
		js("src/lib/helper.js", `export const helper = () => "helped"`),
		filePart{"page.html", "page.html", "text/html", "<p>ü</p>"},
		filePart{"src/data.bin", "src/data.bin", "application/octet-stream", "\x00\xff"},
		filePart{"src/empty.wasm", "src/empty.wasm", "application/wasm", string(empty)})
	r.send("PUT", worker("dispatcher"), contentType, body).ok()
	reference := regexp.MustCompile("reference = [a-z0-9]+") // of an internal error, each has its own
	answers := func() (all []string) {
		for _, host := range []string{"acme.example.com", "dispatcher.localhost"} {
			for _, path := range []string{"/a?b=c", "/throw", "/cdn-cgi/handler/scheduled"} {
				status, body := r.ask(host, path)
				all = append(all, fmt.Sprint(status, " ", reference.ReplaceAllString(body, "")))
			}
		}
		return all
	}
	loaded := answers()
	if !strings.HasPrefix(loaded[0], "200 ") || !strings.Contains(loaded[0], `"kv":"value"`) || !strings.Contains(loaded[1], "on purpose") {
		t.Fatalf("got %s", loaded[:2])
	}
	m := r.hears("on purpose")
	r.configured()
	for range 2 {
		for i, got := range answers() {
			if got != loaded[i] {
				t.Errorf("configured:\n%s\nloaded:\n%s", got, loaded[i])
			}
		}
	}
	if n := r.hears("on purpose"); n.Worker != m.Worker || n.Text != m.Text || n.Level != m.Level {
		t.Errorf("told of a configured one: %+v, of a loaded one: %+v", n, m)
	}
}

// TestRunFrontClass: what the dispatcher exports may be a class.
func TestRunFrontClass(t *testing.T) {
	r := run(t, emulator.Options{}, runtime.Limits{})
	r.namespace("prod")
	r.dispatcher("dispatcher", `import { WorkerEntrypoint } from "cloudflare:workers";
export default class extends WorkerEntrypoint {
  fetch(request) { return this.env.TENANTS.get(new URL(request.url).hostname.split(".")[0]).fetch(request) }
}`)
	r.script(script("prod", "acme"), echoesWay, nil).ok()
	r.configured()
	r.staysDirect("acme.example.com")
}

// TestRunFrontOld: a dispatcher may be as old as module syntax.
func TestRunFrontOld(t *testing.T) {
	r := run(t, emulator.Options{}, runtime.Limits{})
	r.namespace("prod")
	r.script(worker("dispatcher"), `export default { fetch: (request, env) => env.TENANTS.get("acme").fetch(request) }`, object{
		"compatibility_date": "2021-11-02",
		"bindings":           []any{object{"type": "dispatch_namespace", "name": "TENANTS", "namespace": "prod"}},
	}).ok()
	r.script(script("prod", "acme"), echoesWay, nil).ok()
	r.configured()
	r.staysDirect("acme.example.com")
	r.isNeverStale(3)
}

// TestRunFrontDoesNotStart: a dispatcher that cannot be configured is loaded, and fails there in its own words.
func TestRunFrontDoesNotStart(t *testing.T) {
	r := run(t, emulator.Options{}, runtime.Limits{})
	r.namespace("prod")
	if err := r.ForTests().Seed(r.id, "", slices.Values([]api.Seed{
		{Name: "dispatcher", Metadata: []byte(`{"compatibility_date":"2026-10-01","bindings":[{"type":"dispatch_namespace","name":"TENANTS","namespace":"prod"}]}`), Modules: []api.Module{
			{Name: "index.js", Content: []byte("nowhere(); export default { fetch() {} }")},
		}},
	})); err != nil {
		t.Fatal(err)
	}
	r.hears("dispatcher is loaded for each process, and not configured")
	for range 2 {
		if status, body := r.ask("anything", "/"); status != 500 || !strings.HasSuffix(body, "nowhere is not defined\n  at index.js:1:1\n") {
			t.Errorf("a dispatcher that does not start: %d %s", status, body)
		}
	}
	r.dispatches(nil)
	r.script(script("prod", "acme"), fmt.Sprintf(answering, "here"), nil).ok()
	r.says("acme.example.com", "/", "here")
	r.configured()
	r.says("acme.example.com", "/", "here")
}

// TestRunFrontSwapped edits the dispatcher again and again under load: no request fails, and each is answered by one of
// the dispatchers there were since it began. The new one is configured when nobody asks for a moment.
func TestRunFrontSwapped(t *testing.T) {
	r := run(t, emulator.Options{}, runtime.Limits{})
	r.namespace("prod")
	edit := func(n int64) {
		r.dispatcher("dispatcher", fmt.Sprintf(`export default { async fetch(request, env) {
  const answer = await env.TENANTS.get("acme").fetch(request);
  return new Response("%d");
} }`, n))
	}
	r.script(script("prod", "acme"), fmt.Sprintf(answering, "here"), nil).ok()
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
				_, body := r.ask("acme.example.com", "/")
				newest := begun.Load()
				var got int64 = -1
				if _, err := fmt.Sscan(body, &got); err != nil || got < oldest || got > newest {
					t.Errorf("got %q, want %d to %d", body, oldest, newest)
				}
			}
		})
	}
	for n := int64(1); n <= 3; n++ {
		r.configured()
		busy.Store(true)
		begun.Store(n)
		edit(n)
		done.Store(n)
		time.Sleep(2500 * time.Millisecond)
		r.neverSaid("renewed")
		busy.Store(false)
	}
	r.configured()
	close(stop)
	all.Wait()
}

// TestRunFrontKeepsObjects: what is in a Durable Object's memory is not thrown away for a new front, which is loaded then.
func TestRunFrontKeepsObjects(t *testing.T) {
	r := run(t, emulator.Options{}, runtime.Limits{})
	r.namespace("prod")
	r.dispatches(nil)
	r.script(script("prod", "acme"), fmt.Sprintf(answering, "here"), nil).ok()
	r.configured()
	r.counts()
	r.count(1)
	r.dispatcher("dispatcher", fmt.Sprintf(answering, "another"))
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); {
		r.says("acme.example.com", "/", "another")
	}
	r.count(2)
	r.neverSaid("renewed")
}
