package runtime_test

import (
	"testing"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
)

// caching is a Worker that uses a cache as its paths say, and responds with the
// result.
const caching = `export default { async fetch(request) {
  const url = new URL(request.url), path = url.pathname, named = url.searchParams.get("named"), answers = [];
  const cache = named ? await caches.open(named) : caches.default;
  const cached = async (input, options) => {
    const response = await cache.match(input, options);
    if (!response) return response === undefined ? "none" : "?";
    return [response.status, await response.text(), response.headers.get("x") ?? "", response.headers.getSetCookie().join()].join(" ");
  };
  const failure = (error) => error.name + ": " + error.message;
  const put = (key, response) => cache.put("http://any/" + key, response).then(() => cached("http://any/" + key), failure);
  const body = (headers, init) => new Response("body", { headers: { x: "y", ...headers }, ...init });
  switch (path) {
    case "/get": return new Response(await cached("http://any/shared").catch(failure));
    case "/put": return new Response(await put("shared", body({ "cache-control": "max-age=60" })));
    case "/cf": return new Response(String(request.cf?.colo) + " " + new Request("http://x/", { cf: { a: 1 } }).cf.a);
  }
  answers.push(await put("plain", body({ etag: '"e"', "last-modified": "Wed, 21 Oct 2015 07:28:00 GMT", "content-encoding": "gzip" })));
  answers.push(await cached(new Request("http://any/plain#fragment")), await cached(new Request("http://any/plain", { method: "POST" })), await cached(new Request("http://any/plain", { method: "POST" }), { ignoreMethod: true }));
  answers.push(await cached(new Request("http://any/plain", { headers: { "if-none-match": '"e"' } })), await cached(new Request("http://any/plain", { headers: { "if-modified-since": "Wed, 21 Oct 2015 07:28:00 GMT" } })));
  answers.push(await cached(new Request("http://any/plain", { headers: { range: "bytes=1-2" } })));
  answers.push(await cache.delete("http://any/plain"), await cache.delete("http://any/plain"), await cached("http://any/plain"));
  answers.push(await put("stale", body({ "cache-control": "max-age=0" })), await put("private", body({ "cache-control": "private, max-age=60" })), await put("no", body({ "cache-control": "no-store" })));
  answers.push(await put("cookie", body({ "set-cookie": "a=b" })), await put("kept", body({ "set-cookie": "a=b", "cache-control": "private=Set-Cookie" })));
  answers.push(await put("missing", body({}, { status: 404 })), await put("broken", body({}, { status: 500 })), await put("empty", new Response(null, { status: 204, headers: { "cache-control": "max-age=60" } })));
  answers.push(await put("part", body({}, { status: 206 })), await put("vary", body({ vary: "Accept, *" })), await cache.put(new Request("http://any/", { method: "POST" }), body()).catch(failure));
  answers.push(await put("short", body({ "cache-control": "max-age=1" })));
  await scheduler.wait(1100);
  answers.push(await cached("http://any/short"));
  return new Response(answers.join("\n"));
} }`

// TestRunCache: Workers have the Cache API, and share their caches as on the
// platform.
func TestRunCache(t *testing.T) {
	t.Parallel()
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	for _, name := range []string{"prod", "internal"} {
		r.Namespace(name)
	}
	r.JSON("PATCH", "/workers/dispatch/namespaces/internal", object{"trusted_workers": true}).OK()
	const everything = `200 body y 
200 body y 
none
200 body y 
304  y 
304  y 
206 od y 
true
false
none
none
none
none
none
200 body y 
404 body y 
none
204   
TypeError: Cannot cache response to a range request (206 Partial Content).
TypeError: Cannot cache response with 'Vary: *' header.
TypeError: Cannot cache response to non-GET request.
200 body y 
none`
	for _, path := range []string{emulatortest.Worker("first"), emulatortest.Worker("second"), emulatortest.Script("prod", "acme"), emulatortest.Script("prod", "beta"), emulatortest.Script("internal", "acme"), emulatortest.Script("internal", "beta")} {
		r.Script(path, caching, nil).OK()
	}
	binding := func(name, namespace string) object {
		return object{"type": "dispatch_namespace", "name": name, "namespace": namespace}
	}
	r.Script(emulatortest.Worker("dispatcher"), `export default { fetch(request, env) {
  const [worker, namespace] = new URL(request.url).hostname.split(".");
  return env[namespace].get(worker).fetch(request);
} }`, object{"bindings": []any{binding("prod", "prod"), binding("internal", "internal")}}).OK()
	const disabled = "Error: caches.default is not there for user Workers of a dispatch namespace, unless it is trusted. Use caches.open(name)."
	for _, asConfigured := range []bool{false, true} {
		if asConfigured {
			configured(r)
		}
		r.Says("first.localhost", "/", everything)
		r.Says("first.localhost", "/?named=x", everything)
		r.Says("acme.internal", "/", everything)
		r.Says("acme.prod", "/?named=x", everything)
		for _, c := range []struct{ host, other, get string }{
			{"first.localhost", "second.localhost", "200 body y "},
			{"acme.internal", "beta.internal", "200 body y "},
			{"acme.prod", "beta.prod", "none"},
		} {
			r.Says(c.host, "/put?named=it", "200 body y ")
			r.Says(c.other, "/get?named=it", c.get)
			r.Says(c.other, "/get?named=another", "none")
		}
		r.Says("acme.prod", "/put", disabled)
		r.Says("acme.prod", "/get", disabled)
		r.Says("acme.prod", "/cf", "undefined 1")
		r.Says("acme.internal", "/cf", "LOC 1")
		r.Says("first.localhost", "/cf", "LOC 1")
	}
}
