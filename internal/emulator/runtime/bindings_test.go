package runtime_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
)

func TestRunKV(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	id := r.KV("data")
	r.Send("PUT", "/storage/kv/namespaces/"+id+"/values/from-api", "text/plain", strings.NewReader("hello")).OK()
	r.Script(emulatortest.Worker("w"), `export default { async fetch(request, env) {
  const { KV } = env, seen = {};
  seen.api = await KV.get("from-api");
  seen.none = await KV.get("none");
  await KV.put("a/b?c", JSON.stringify({ x: "ü" }), { metadata: { m: "é" }, expirationTtl: 60 });
  seen.json = await KV.get("a/b?c", "json");
  seen.both = await KV.getWithMetadata("a/b?c", { type: "json" });
  await KV.put("bytes", new Uint8Array([0, 255, 10]));
  seen.bytes = [...new Uint8Array(await KV.get("bytes", "arrayBuffer"))];
  await KV.put("stream", new Response("streamed").body);
  seen.stream = await new Response(await KV.get("stream", "stream")).text();
  seen.many = Object.fromEntries(await KV.get(["from-api", "none"]));
  const first = await KV.list({ limit: 2 }), rest = await KV.list({ cursor: first.cursor });
  seen.list = [first.list_complete, first.keys.map((k) => k.name), rest.list_complete, rest.keys.map((k) => k.name)];
  seen.prefix = (await KV.list({ prefix: "str" })).keys;
  await KV.delete("stream");
  seen.deleted = await KV.get("stream");
  seen.refused = await KV.put("short", "x", { expirationTtl: 1 }).catch((e) => e.message);
  return Response.json(seen);
} }`, object{"bindings": []any{object{"type": "kv_namespace", "name": "KV", "namespace_id": id}}}).OK()
	r.Says("anything", "/", `{"api":"hello","none":null,"json":{"x":"ü"},"both":{"value":{"x":"ü"},"metadata":{"m":"é"},"cacheStatus":null},`+
		`"bytes":[0,255,10],"stream":"streamed","many":{"from-api":"hello","none":null},`+
		`"list":[false,["a/b?c","bytes"],true,["from-api","stream"]],"prefix":[{"name":"stream"}],"deleted":null,`+
		`"refused":"KV PUT failed: 400 Invalid expiration_ttl of 1. It must be at least 60 seconds in the future."}`)
	if got := string(r.Get("/storage/kv/namespaces/" + id + "/values/bytes").Body); got != "\x00\xff\n" {
		t.Errorf("the API has %q", got)
	}
}

func TestRunR2(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	r.JSON("POST", "/r2/buckets", object{"name": "files"}).OK()
	r.Script(emulatortest.Worker("w"), `export default { async fetch(request, env) {
  const { R2 } = env, seen = {};
  const put = await R2.put("a/1.txt", "hello world", { httpMetadata: { contentType: "text/plain" }, customMetadata: { by: "me" } });
  seen.put = [put.key, put.size, put.etag, put.httpEtag];
  await R2.put("a/2.txt", new Uint8Array([1, 2])), await R2.put("b", "b");
  const got = await R2.get("a/1.txt"), headers = new Headers();
  got.writeHttpMetadata(headers);
  seen.got = [await got.text(), headers.get("content-type"), got.customMetadata.by, got.uploaded instanceof Date];
  seen.part = await (await R2.get("a/1.txt", { range: { offset: 6, length: 3 } })).text();
  seen.head = (await R2.head("b")).size;
  seen.none = [await R2.get("none"), await R2.head("none")];
  seen.unchanged = "body" in await R2.get("a/1.txt", { onlyIf: { etagDoesNotMatch: put.etag } });
  seen.kept = await R2.put("b", "x", { onlyIf: { etagMatches: "other" } });
  const list = await R2.list({ delimiter: "/" }), page = await R2.list({ limit: 2 }), rest = await R2.list({ cursor: page.cursor });
  seen.list = [list.objects.map((o) => o.key), list.delimitedPrefixes, page.truncated, rest.objects.map((o) => o.key)];
  await R2.delete(["a/1.txt", "none"]);
  seen.left = (await R2.list()).objects.map((o) => o.key);
  return Response.json(seen);
} }`, object{"bindings": []any{object{"type": "r2_bucket", "name": "R2", "bucket_name": "files"}}}).OK()
	r.Says("anything", "/", `{"put":["a/1.txt",11,"5eb63bbbe01eeed093cb22bb8f5acdc3","\"5eb63bbbe01eeed093cb22bb8f5acdc3\""],`+
		`"got":["hello world","text/plain","me",true],"part":"wor","head":1,"none":[null,null],"unchanged":false,"kept":null,`+
		`"list":[["b"],["a/"],true,["b"]],"left":["a/2.txt","b"]}`)
}

func TestRunD1(t *testing.T) {
	dir := t.TempDir()
	t.Run("fill", func(t *testing.T) {
		r := emulatortest.Run(t, emulator.Options{Dir: dir}, runtime.Limits{})
		id := r.Database("db")
		r.Script(emulatortest.Worker("w"), `export default { async fetch(request, env) {
  const { DB } = env, seen = {};
  if (new URL(request.url).pathname === "/count") return Response.json(await DB.prepare("SELECT count(*) AS n FROM t").first("n"));
  await DB.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, data BLOB)");
  const insert = DB.prepare("INSERT INTO t (name, data) VALUES (?1, ?2)");
  const { meta, success } = await insert.bind("a", new Uint8Array([1, 2])).run();
  seen.run = [success, meta.changes, meta.last_row_id, meta.changed_db];
  await DB.batch([insert.bind("b", null), insert.bind("c", null)]);
  seen.all = (await DB.prepare("SELECT * FROM t ORDER BY id").all()).results;
  seen.first = [await DB.prepare("SELECT name FROM t WHERE id = ?").bind(2).first(), await DB.prepare("SELECT name FROM t WHERE id = 9").first()];
  seen.raw = await DB.prepare("SELECT id, name FROM t WHERE id > ?").bind(1).raw({ columnNames: true });
  seen.undone = await DB.batch([insert.bind("d", null), DB.prepare("INSERT INTO nowhere VALUES (1)")]).catch((e) => e.message);
  seen.count = await DB.prepare("SELECT count(*) AS n FROM t").first("n");
  return Response.json(seen);
} }`, object{"bindings": []any{object{"type": "d1", "name": "DB", "id": id}}}).OK()
		r.Says("anything", "/", `{"run":[true,1,1,true],"all":[{"id":1,"name":"a","data":[1,2]},{"id":2,"name":"b","data":null},{"id":3,"name":"c","data":null}],`+
			`"first":[{"name":"b"},null],"raw":[["id","name"],[2,"b"],[3,"c"]],"undone":"D1_ERROR: no such table: nowhere: SQLITE_ERROR","count":3}`)
	})
	// Tables outlive the processes.
	emulatortest.Run(t, emulator.Options{Dir: dir}, runtime.Limits{}).Says("anything", "/count", "3")
}

func TestRunDurableObject(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	upload := func(word string) {
		r.Script(emulatortest.Worker("w"), `import { DurableObject } from "cloudflare:workers";
export class Counter extends DurableObject {
  async fetch(request) { return Response.json([await this.add(), new URL(request.url).pathname, "`+word+`"]) }
  async add() { const n = (await this.ctx.storage.get("n") ?? 0) + 1; await this.ctx.storage.put("n", n); return n }
  about() { return [this.ctx.id.toString().length, this.env.WORD] }
}
export default { async fetch(request, env) {
  const a = env.COUNTER.get(env.COUNTER.idFromName("a")), b = env.COUNTER.getByName("b"), [, method] = new URL(request.url).pathname.split("/");
  if (method === "rpc") return Response.json([await a.add(), await b.add(), await b.about()]);
  return a.fetch(request);
} }`, object{"migrations": emulatortest.NewClasses("Counter"), "bindings": []any{
			object{"type": "durable_object_namespace", "name": "COUNTER", "class_name": "Counter"},
			object{"type": "plain_text", "name": "WORD", "text": word},
		}}).OK()
	}
	upload("first")
	r.Says("anything", "/x", `[1,"/x","first"]`)
	r.Says("anything", "/rpc", `[2,1,[64,"first"]]`)
	upload("second") // the code is new, but the storage is the same
	r.Says("anything", "/x", `[3,"/x","second"]`)
}

func TestRunService(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	r.Script(emulatortest.Worker("backend"), `import { WorkerEntrypoint } from "cloudflare:workers";
export class Admin extends WorkerEntrypoint { who() { return "admin " + this.env.X } }
export default class extends WorkerEntrypoint {
  fetch(request) { return new Response("backend " + new URL(request.url).pathname) }
  add(a, b) { return a + b }
  fail() { throw new TypeError("no") }
}`, object{"bindings": []any{object{"type": "secret_text", "name": "X", "text": "secret"}}}).OK()
	r.Script(emulatortest.Worker("front"), `export default { async fetch(request, env) {
  const answer = await env.BACKEND.fetch("http://backend/path");
  return Response.json([await answer.text(), await env.BACKEND.add(1, 2), await env.ADMIN.who(), await env.BACKEND.fail().catch((e) => e.name + e.message)]);
} }`, object{"bindings": []any{
		object{"type": "service", "name": "BACKEND", "service": "backend"},
		object{"type": "service", "name": "ADMIN", "service": "backend", "entrypoint": "Admin"},
	}}).OK()
	r.Says("front.localhost", "/", `["backend /path",3,"admin secret","TypeErrorno"]`)
}

// TestRunR2Checksums: a checksum in a put must match the content, and is kept.
func TestRunR2Checksums(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	r.JSON("POST", "/r2/buckets", object{"name": "files"}).OK()
	r.Script(emulatortest.Worker("w"), `export default { async fetch(request, env) {
  const { R2 } = env, failing = (promise) => promise.then(() => "no error", (error) => error.name + ": " + error.message);
  const sha1 = "11f6ad8ec52a2984abaafd7c3b516503785c2072", md5 = "9dd4e461268c8034f5c8564e155c67a6";
  await R2.put("x", new Response("x").body, { sha1: Uint8Array.from(sha1.match(/../g), (b) => parseInt(b, 16)) });
  const head = await R2.head("x");
  return Response.json([
    head.checksums, head.checksums.md5.byteLength, head.checksums.sha256 === undefined,
    (await R2.put("y", "x", { md5: md5.toUpperCase() })).checksums,
    await failing(R2.put("x", "other", { sha1 })), (await R2.head("x")).size,
    await failing(R2.put("x", "x", { sha1, md5 })),
  ]);
} }`, object{"bindings": []any{object{"type": "r2_bucket", "name": "R2", "bucket_name": "files"}}}).OK()
	r.Says("anything", "/", `[{"md5":"9dd4e461268c8034f5c8564e155c67a6","sha1":"11f6ad8ec52a2984abaafd7c3b516503785c2072"},16,true,`+
		`{"md5":"9dd4e461268c8034f5c8564e155c67a6"},`+
		`"Error: put: The SHA-1 checksum you specified did not match what we received.\nYou provided a SHA-1 checksum with value: 11f6ad8ec52a2984abaafd7c3b516503785c2072\n`+
		`Actual SHA-1 was: d0941e68da8f38151ff86a61fc59f7c5cf9fcaa2 (10037)",1,"TypeError: You cannot specify multiple hashing algorithms."]`)
}

// TestRunClassesOnly: a Worker may export only classes for others.
func TestRunClassesOnly(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	r.Script(emulatortest.Worker("classes"), `import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
export class Room extends DurableObject { fetch() { return new Response("room") } }
export class Hello extends WorkerEntrypoint { hello() { return "hello" } }`, nil).OK()
	r.Script(emulatortest.Worker("w"), `export default { async fetch(request, env) {
  const room = env.ROOM.get(env.ROOM.idFromName("x")), other = env.MISSING.get(env.MISSING.idFromName("x"));
  return Response.json([await env.HELLO.hello(), await (await room.fetch(request)).text(), await other.fetch(request).catch((error) => error.message)]);
} }`, object{"bindings": []any{
		object{"type": "service", "name": "HELLO", "service": "classes", "entrypoint": "Hello"},
		object{"type": "durable_object_namespace", "name": "ROOM", "class_name": "Room", "script_name": "classes"},
		object{"type": "durable_object_namespace", "name": "MISSING", "class_name": "No room", "script_name": "classes"},
	}}).OK()
	r.Says("w.localhost", "/", `["hello","room","Worker has no such actor class: No room"]`)
	if status, body := r.Ask("classes.localhost", "/"); status != 500 || !strings.Contains(body, "does not export a fetch() function") {
		t.Errorf("a Worker without a default export answers %d %s", status, body)
	}
}

// TestRunOutbound sends many requests at once through one user Worker, each
// with its own parameters.
func TestRunOutbound(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	r.Namespace("prod")
	r.Script(emulatortest.Worker("outbound"), `export default { async fetch(request, env) {
  return Response.json([env.customer, env.hidden ?? null, env.OWN, request.url]);
} }`, object{"bindings": []any{object{"type": "plain_text", "name": "OWN", "text": "own"}}}).OK()
	r.Script(emulatortest.Worker("dispatcher"), `export default { fetch(request, env) {
  const customer = new URL(request.url).pathname.slice(1);
  return env.TENANTS.get("acme", {}, { outbound: { customer, hidden: "x" } }).fetch(request);
} }`, object{"bindings": []any{object{
		"type": "dispatch_namespace", "name": "TENANTS", "namespace": "prod",
		"outbound": object{"worker": object{"service": "outbound"}, "params": []any{object{"name": "customer"}}},
	}}}).OK()
	r.Script(emulatortest.Script("prod", "acme"), `export default { async fetch() {
  const first = await (await fetch("https://api.example.com/1")).json();
  await scheduler.wait(5);
  return Response.json([first, await (await fetch(new Request("https://api.example.com/2"))).json()]);
} }`, nil).OK()
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			r.Says("x", fmt.Sprintf("/c%d", i), fmt.Sprintf(`[["c%d",null,"own","https://api.example.com/1"],["c%[1]d",null,"own","https://api.example.com/2"]]`, i))
		})
	}
	all.Wait()
}

func TestRunOtherBindings(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	r.Queue("jobs")
	r.JSON("POST", "/vectorize/v2/indexes", object{"name": "catalogue", "config": object{"dimensions": 32, "metric": "cosine"}}).OK()
	r.Script(emulatortest.Worker("w"), `import { env as imported } from "cloudflare:workers";
export default { async fetch(request, env) {
  env.EVENTS.writeDataPoint({ blobs: ["x"] });
  await env.JOBS.send({ n: 1 });
  await env.JOBS.sendBatch([{ body: "text", contentType: "text" }]);
  const limits = [await env.LIMIT.limit({ key: "a" }), await env.LIMIT.limit({ key: "a" })].map((l) => l.success);
  return Response.json([limits, typeof env.VERSION.id, imported.TEXT, await env.AI.run("model").catch((e) => e.message), await env.INDEX.query([1]).catch((e) => e.message)]);
} }`, object{"bindings": []any{
		object{"type": "analytics_engine", "name": "EVENTS", "dataset": "events"},
		object{"type": "queue", "name": "JOBS", "queue_name": "jobs"},
		object{"type": "ratelimit", "name": "LIMIT", "namespace_id": "1", "simple": object{"limit": 1, "period": 60}},
		object{"type": "version_metadata", "name": "VERSION"},
		object{"type": "plain_text", "name": "TEXT", "text": "text"},
		object{"type": "ai", "name": "AI"},
		object{"type": "vectorize", "name": "INDEX", "index_name": "catalogue"},
	}}).OK()
	r.Says("anything", "/", `[[true,false],"string","text","The binding \"AI\" of type ai does nothing here: the local account cannot run it.",`+
		`"The binding \"INDEX\" of type vectorize does nothing here: the local account cannot run it."]`)
}

// TestRunQueue delivers in batches, and delivers unacknowledged messages again
// until they go to the dead letter queue.
func TestRunQueue(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	ids := map[string]string{}
	for _, name := range []string{"jobs", "dead", "early"} {
		ids[name] = r.Queue(name)
	}
	consume := func(queue, deadLetters string) {
		t.Helper()
		r.JSON("POST", "/queues/"+ids[queue]+"/consumers", object{
			"type": "worker", "script_name": "consumer", "dead_letter_queue": deadLetters,
			"settings": object{"batch_size": 2, "max_wait_time_ms": 10, "max_retries": 1},
		}).OK()
	}
	r.Script(emulatortest.Worker("producer"), `export default { async fetch(request, env) {
  await env.JOBS.sendBatch([{ body: { n: 1 } }, { body: "text", contentType: "text" }, { body: new Uint8Array([1, 2]), contentType: "bytes" }]);
  await env.JOBS.send("bad");
  await env.EARLY.send("early");
  return new Response("sent");
} }`, object{"bindings": []any{
		object{"type": "queue", "name": "JOBS", "queue_name": "jobs"},
		object{"type": "queue", "name": "EARLY", "queue_name": "early"},
	}}).OK()
	r.Script(emulatortest.Worker("consumer"), `export default { async queue(batch) {
  for (const m of batch.messages) {
    const body = m.body instanceof ArrayBuffer ? [...new Uint8Array(m.body)] : m.body;
    console.log(batch.queue, batch.messages.length <= 2, JSON.stringify(body), "attempt", m.attempts);
    if (m.body === "bad" && batch.queue === "jobs") m.retry();
  }
  if (batch.queue === "dead") throw new Error("not even dead");
} }`, nil).OK()
	consume("jobs", "dead")
	consume("dead", "")
	r.Says("producer.localhost", "/", "sent")
	for _, want := range []string{
		`jobs true {"n":1} attempt 1`, `jobs true "text" attempt 1`, `jobs true [1,2] attempt 1`, `"bad" attempt 1`, `jobs true "bad" attempt 2`,
		`dead true "bad" attempt 1`, `dead true "bad" attempt 2`, "Uncaught Error: not even dead",
		"a message of the queue dead is dropped after 2 deliveries", "messages wait in the queue early (1), and no Worker consumes it",
	} {
		r.Hears(want)
	}
	consume("early", "")
	r.Hears(`early true "early" attempt 1`)
}

// TestRunAssets serves static files of a user Worker, before its code and
// through its binding.
func TestRunAssets(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	r.Namespace("prod")
	r.Dispatches(nil)
	const code = `export default { async fetch(request, env) {
  const page = await env.ASSETS.fetch("http://assets/");
  return new Response("code at " + new URL(request.url).pathname + " with " + await page.text() + " " + page.headers.get("content-type"));
} }`
	upload := func(files ...emulatortest.StaticFile) {
		t.Helper()
		r.Script(emulatortest.Script("prod", "acme"), code, object{
			"assets":   object{"jwt": r.Completed(emulatortest.Script("prod", "acme"), files...)},
			"bindings": []any{object{"type": "assets", "name": "ASSETS"}},
		}).OK()
	}
	other := emulatortest.File("/a b.txt", emulatortest.HashOf("2"), "text/plain", "spaces")
	upload(emulatortest.File("/index.html", emulatortest.HashOf("1"), "text/html", "<p>home"), other)
	r.Says("acme.example.com", "/", "<p>home")
	r.Says("acme.example.com", "/a%20b.txt", "spaces")
	r.Says("acme.example.com", "/other", "code at /other with <p>home text/html")
	upload(emulatortest.File("/index.html", emulatortest.HashOf("3"), "text/html", "<p>new"), other)
	r.Says("acme.example.com", "/", "<p>new")
	r.Says("acme.example.com", "/other", "code at /other with <p>new text/html")
}

// TestRunAssetsWithoutCode: an upload without code has nothing to start, and
// its files answer everything.
func TestRunAssetsWithoutCode(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	r.Namespace("prod")
	r.Dispatches(nil)
	for path, host := range map[string]string{emulatortest.Script("prod", "acme"): "acme.example.com", emulatortest.Worker("site"): "site.localhost"} {
		contentType, body := emulatortest.Form(t, "metadata", object{"assets": object{
			"jwt":    r.Completed(path, emulatortest.File("/index.html", emulatortest.HashOf("1"), "text/html", "<p>home"), emulatortest.File("/404.html", emulatortest.HashOf("2"), "text/html", "<p>gone")),
			"config": object{"not_found_handling": "404-page"},
		}})
		r.Send("PUT", path, contentType, body).OK()
		r.Says(host, "/", "<p>home")
		if status, got := r.Ask(host, "/none"); status != 404 || got != "<p>gone" {
			t.Errorf("%s has no page, and answers %d %s", path, status, got)
		}
	}
}

// TestRunCustomDomain: a custom domain is an origin. A route in front of it
// comes first.
func TestRunCustomDomain(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	zone := r.Zone("example.com")
	for _, name := range []string{"site", "front"} {
		r.Script(emulatortest.Worker(name), `export default { fetch: (request) => new Response("`+name+` "+ request.url) }`, nil).OK()
	}
	if status, _ := r.Ask("app.example.com", "/"); status != 404 {
		t.Errorf("before there is the domain: %d", status)
	}
	domain := r.JSON("PUT", "/workers/domains", object{"hostname": "app.example.com", "service": "site", "zone_id": zone}).Object()["id"].(string)
	r.Says("app.example.com", "/x", "site http://app.example.com/x")
	r.Says("app.example.com.localhost", "/x", "site http://app.example.com/x")
	routes := "/zones/" + zone + "/workers/routes"
	r.JSON("POST", routes, object{"pattern": "*.example.com/api/*", "script": "front"}).OK()
	r.JSON("POST", routes, object{"pattern": "*.example.com/*"}).OK()
	r.Says("app.example.com", "/api/x", "front http://app.example.com/api/x")
	r.Says("app.example.com", "/x", "site http://app.example.com/x")
	r.JSON("DELETE", "/workers/domains/"+domain, nil).OK()
	if status, _ := r.Ask("app.example.com", "/x"); status != 404 {
		t.Errorf("after the domain: %d", status)
	}
}

// TestRunNoRoute: the suggested addresses work as they are, with a port or, if
// the request's host had none, as a host.
func TestRunNoRoute(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	for _, name := range []string{"one", "two"} {
		r.Script(emulatortest.Worker(name), `export default { fetch: () => new Response("`+name+`") }`, nil).OK()
	}
	for host, want := range map[string]string{
		"none.example.com": "\n  one.localhost\n  two.localhost\n", "none.example.com:8787": "\n  http://one.localhost:8787/\n  http://two.localhost:8787/\n",
	} {
		if status, got := r.Ask(host, "/"); status != 404 || !strings.HasSuffix(got, want) {
			t.Errorf("%s gets %d %s, want it to end with %s", host, status, got, want)
		}
	}
}

func TestRunScheduled(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	r.Script(emulatortest.Worker("w"), `export default { scheduled(event) { console.log("cron", event.cron); if (event.cron === "bad") throw new Error("no") } }`, nil).OK()
	r.Says("w.localhost", "/cdn-cgi/handler/scheduled?cron=*+*+*+*+*", "ok\n")
	r.Hears("cron * * * * *")
	if status, body := r.Ask("w.localhost", "/cdn-cgi/handler/scheduled?cron=bad"); status != 500 || body != "exception\n" {
		t.Errorf("a cron trigger that fails: %d %q", status, body)
	}
}

func TestRunServiceWorker(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	contentType, body := emulatortest.Form(t, "metadata", object{"body_part": "script", "bindings": []any{object{"type": "plain_text", "name": "NAME", "text": "old"}}},
		emulatortest.Part("script", "worker.js", "application/javascript", `addEventListener("fetch", (event) => event.respondWith(new Response("hello " + NAME)))`))
	r.Send("PUT", emulatortest.Worker("w"), contentType, body).OK()
	r.Says("anything", "/", "hello old")
}

func TestRunModules(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	contentType, body := emulatortest.Form(t, "metadata", object{"main_module": "src/index.js", "compatibility_date": "2026-10-01", "compatibility_flags": []string{"nodejs_compat"}},
		emulatortest.JS("src/index.js", `import { join } from "node:path"; import { word } from "./lib/util.js"; import text from "./page.html"; import data from "./blob.bin";
export default { fetch: () => Response.json([word, text, data.byteLength, join("a", "b")]) }`),
		emulatortest.JS("src/lib/util.js", `export const word = "util"`),
		emulatortest.Part("src/page.html", "src/page.html", "text/plain", "<p>"),
		emulatortest.Part("src/blob.bin", "src/blob.bin", "application/octet-stream", "\x00\x01\x02"))
	r.Send("PUT", emulatortest.Worker("w"), contentType, body).OK()
	r.Says("anything", "/", `["util","<p>",3,"a/b"]`)
}
