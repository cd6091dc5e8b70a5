package runtime_test

import (
	"testing"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
)

// constants are exports that cannot be called, and functions, which are not
// called.
const constants = `
export const SLICE_MS = 2000, text = "text", yes = true, big = 5n, symbol = Symbol("s"), nothing = null, absent = undefined;
export const list = [1], plain = { a: 1 }, wrong = { fetch: "no", queue: {} }, map = new Map(), promise = Promise.resolve(1);
export let changes = 1;
export function helper() {}
export async function later() {}
export const arrow = () => 1;
export function* many() {}
export { changes as "a name" };
`

// TestRunOtherExports: a Worker may export constants by name, as on the
// platform, and its handlers still work.
func TestRunOtherExports(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	classes := `import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
export class Room extends DurableObject { fetch() { return new Response("room " + this.env.X) } }
export class Hello extends WorkerEntrypoint { hello() { return "hello " + this.env.X } }
export const handler = { fetch(request, env) { return new Response("handler " + env.X) } };`
	metadata := object{"main_module": "index.js", "compatibility_date": "2026-10-01", "bindings": []any{object{"type": "plain_text", "name": "X", "text": "x"}}}
	contentType, body := emulatortest.Form(t, "metadata", metadata, emulatortest.JS("index.js", constants+`export * from "./more.js";`), emulatortest.JS("more.js", classes+"export const MORE = 1;"))
	r.Send("PUT", emulatortest.Worker("all"), contentType, body).OK()
	r.Script(emulatortest.Worker("w"), constants+`export { w as default };
const w = { async fetch(request, env) {
  const room = env.ROOM.get(env.ROOM.idFromName("x")), text = async (stub) => (await stub.fetch(request)).text();
  return Response.json([SLICE_MS, await env.HELLO.hello(), await text(env.HANDLER), await text(room)]);
} };`, object{"bindings": []any{
		object{"type": "service", "name": "HELLO", "service": "all", "entrypoint": "Hello"},
		object{"type": "service", "name": "HANDLER", "service": "all", "entrypoint": "handler"},
		object{"type": "durable_object_namespace", "name": "ROOM", "class_name": "Room", "script_name": "all"},
	}}).OK()
	r.Says("w.localhost", "/", `[2000,"hello x","handler x","room x"]`)
}

// TestDispatcherOtherExports: so may a dispatcher, and its user Worker.
func TestDispatcherOtherExports(t *testing.T) {
	t.Parallel()
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	r.Namespace("prod")
	r.Script(emulatortest.Script("prod", "acme"), constants+`export default { fetch() { return new Response("acme " + SLICE_MS) } }`, nil).OK()
	uploadDispatcher(r, "dispatcher", constants+`export default { fetch(request, env) { return env.TENANTS.get("acme").fetch(request) } }`)
	r.Says("dispatcher.localhost", "/", "acme 2000")
	configured(r)
	r.Says("dispatcher.localhost", "/", "acme 2000")
}
