package emulator_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/proctest"
	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
)

// clock is a Worker with Durable Objects that have alarms, of a class as old as they come and of one as new.
const clock = `import { DurableObject } from "cloudflare:workers";
export class Old {
  constructor(state, env) { this.ctx = state; this.env = env }
  async fetch(request) {
    const url = new URL(request.url), { storage } = this.ctx;
    switch (url.pathname.split("/")[3]) {
      case "set": await storage.setAlarm(new Date(Date.now() + 100)); break;
      case "later": await storage.setAlarm(Date.now() + 4000); break;
      case "fail": await storage.put("fail", true); await storage.setAlarm(1); break;
      case "unset": await storage.setAlarm(Date.now() + 500); await storage.deleteAlarm(); break;
      case "forget": await storage.setAlarm(Date.now() + 500); await storage.deleteAll(); break;
      case "transaction": await storage.transaction(async (some) => { await some.put("x", 1); await some.setAlarm(Date.now() + 100); if (await some.getAlarm() === null) throw new Error("no alarm") }); break;
      case "never": return Response.json(await storage.setAlarm(-1).catch((e) => e.name + ": " + e.message));
    }
    const at = await storage.getAlarm();
    return Response.json([at && at - Date.now() <= 5000, await storage.get("rang") ?? []]);
  }
  async alarm(info) {
    const { storage } = this.ctx;
    if (await storage.get("fail")) { await storage.delete("fail"); throw new Error("the alarm fails") }
    await storage.put("rang", [...await storage.get("rang") ?? [], [this.env.WORD, info.retryCount, await storage.getAlarm()]]);
  }
}
export class New extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    ctx.blockConcurrencyWhile(async () => { if (await ctx.storage.getAlarm() === null && !await ctx.storage.get("rang")) await ctx.storage.setAlarm(Date.now() + 100) });
  }
  get() { return this.ctx.storage.get("rang") }
  async alarm() { await this.ctx.storage.put("rang", true) }
}
export class Deaf extends DurableObject { async set() { await this.ctx.storage.setAlarm(1) } }
export default { async fetch(request, env) {
  const [, name, object] = new URL(request.url).pathname.split("/");
  if (name === "deaf") return new Response(await env.DEAF.getByName("x").set().catch((e) => e.name + ": " + e.message));
  if (name === "new") return Response.json(await env.NEW.getByName(object).get() ?? null);
  return env.OLD.getByName(object).fetch(request);
} }`

func (r *running) clock(metadata object, word string) {
	r.t.Helper()
	class := func(name string) object {
		return object{"type": "durable_object_namespace", "name": strings.ToUpper(name), "class_name": name}
	}
	metadata["bindings"] = []any{class("Old"), class("New"), class("Deaf"), object{"type": "plain_text", "name": "WORD", "text": word}}
	metadata["migrations"] = newClasses("Old", "New", "Deaf")
	r.script(worker("w"), clock, metadata).ok()
}

// becomes waits for an answer.
func (r *running) becomes(host, path, want string) {
	r.t.Helper()
	var got string
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if _, got = r.ask(host, path); got == want {
			return
		}
	}
	r.t.Errorf("%s%s: got %q, want %q", host, path, got, want)
}

// TestRunAlarm: Durable Objects have alarms, with what production does for them.
func TestRunAlarm(t *testing.T) {
	r := run(t, emulator.Options{}, runtime.Limits{})
	for _, c := range []struct {
		name     string
		metadata object
		forgot   string
	}{
		{"new", object{}, `[null,[]]`},
		{"old", object{"compatibility_date": "2024-01-01", "compatibility_flags": []string{"rpc"}}, `[true,[]]`},
	} {
		r.clock(c.metadata, c.name)
		of := func(object string) string { return "/old/" + object + c.name }
		r.says("anything", of("a"), `[null,[]]`)
		r.says("anything", of("a")+"/set", `[true,[]]`)
		r.becomes("anything", of("a"), `[null,[["`+c.name+`",0,null]]]`)
		r.says("anything", of("b")+"/fail", `[true,[]]`)
		r.hears("the alarm fails")
		r.becomes("anything", of("b"), `[null,[["`+c.name+`",1,null]]]`)
		r.says("anything", of("c")+"/unset", `[null,[]]`)
		r.says("anything", of("d")+"/forget", c.forgot)
		r.says("anything", of("e")+"/transaction", `[true,[]]`)
		r.becomes("anything", of("e"), `[null,[["`+c.name+`",0,null]]]`)
		r.says("anything", of("f")+"/never", `"TypeError: setAlarm() cannot be called with an alarm time <= 0"`)
		r.becomes("anything", "/new/"+c.name, "true")
		r.says("anything", "/deaf", "TypeError: Your Durable Object class must have an alarm() handler in order to call setAlarm()")
		r.says("anything", of("c"), `[null,[]]`)
		r.forget()
	}
}

// TestRunAlarmKept: an alarm that is set rings, whatever becomes of the process in which it was set, and with the code
// that the Worker has by then.
func TestRunAlarmKept(t *testing.T) {
	r := run(t, emulator.Options{}, runtime.Limits{})
	r.clock(object{}, "first")
	r.says("anything", "/old/a/later", `[true,[]]`)
	for _, process := range proctest.Children(t, os.Getpid(), "workerd") {
		if err := process.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	r.hears("signal: killed")
	r.clock(object{}, "second")
	time.Sleep(4 * time.Second) // nobody asks, so nobody wakes the object
	r.becomes("anything", "/old/a", `[null,[["second",0,null]]]`)
}

// TestRunAlarmRenewed: an alarm that sets itself again goes on while processes come and go.
func TestRunAlarmRenewed(t *testing.T) {
	r := run(t, emulator.Options{}, runtime.Limits{Memory: 1})
	r.script(worker("w"), `import { DurableObject } from "cloudflare:workers";
export class Ticker extends DurableObject {
  async start() { await this.ctx.storage.setAlarm(1) }
  count() { return this.ctx.storage.get("n") }
  async alarm() {
    await this.ctx.storage.put("n", (await this.ctx.storage.get("n") ?? 0) + 1);
    await this.ctx.storage.setAlarm(Date.now() + 20);
  }
}
export default { async fetch(request, env) { return Response.json(await env.TICKER.getByName("x")[new URL(request.url).pathname.slice(1)]() ?? null) } }`,
		object{"migrations": newClasses("Ticker"), "bindings": []any{object{"type": "durable_object_namespace", "name": "TICKER", "class_name": "Ticker"}}}).ok()
	r.says("anything", "/start", "null")
	last := 0
	for range 4 {
		r.forget()
		r.hears("the runtime was renewed: it had grown to")
		r.isReached("/count", last+10, &last)
	}
}

// isReached waits until an answer is a number as large as that, and expects it never to get smaller.
func (r *running) isReached(path string, least int, last *int) {
	r.t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		var n int
		_, got := r.ask("anything", path)
		if _, err := fmt.Sscan(got, &n); err != nil || n < *last || time.Now().After(end) {
			r.t.Fatalf("%s: got %q after %d, want %d", path, got, *last, least)
		}
		if *last = n; n >= least {
			return
		}
	}
}
