package runtime_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
	"github.com/wfpsync/wfpsync/internal/emulator/proctest"
	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
)

// clock is a Worker with Durable Objects that have alarms. One class has the
// oldest compatibility date, and one the newest.
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

func startClock(r *emulatortest.Running, metadata object, word string) {
	r.T.Helper()
	class := func(name string) object {
		return object{"type": "durable_object_namespace", "name": strings.ToUpper(name), "class_name": name}
	}
	metadata["bindings"] = []any{class("Old"), class("New"), class("Deaf"), object{"type": "plain_text", "name": "WORD", "text": word}}
	metadata["migrations"] = emulatortest.NewClasses("Old", "New", "Deaf")
	r.Script(emulatortest.Worker("w"), clock, metadata).OK()
}

// becomes waits for a response.
func becomes(r *emulatortest.Running, host, path, want string) {
	r.T.Helper()
	var got string
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if _, got = r.Ask(host, path); got == want {
			return
		}
	}
	r.T.Errorf("%s%s: got %q, want %q", host, path, got, want)
}

// TestRunAlarm: Durable Objects have alarms that work as in production.
func TestRunAlarm(t *testing.T) {
	t.Parallel()
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	for _, c := range []struct {
		name     string
		metadata object
		forgot   string
	}{
		{"new", object{}, `[null,[]]`},
		{"old", object{"compatibility_date": "2024-01-01", "compatibility_flags": []string{"rpc"}}, `[true,[]]`},
	} {
		startClock(r, c.metadata, c.name)
		of := func(object string) string { return "/old/" + object + c.name }
		r.Says("anything", of("a"), `[null,[]]`)
		r.Says("anything", of("a")+"/set", `[true,[]]`)
		becomes(r, "anything", of("a"), `[null,[["`+c.name+`",0,null]]]`)
		r.Says("anything", of("b")+"/fail", `[true,[]]`)
		r.Hears("the alarm fails")
		becomes(r, "anything", of("b"), `[null,[["`+c.name+`",1,null]]]`)
		r.Says("anything", of("c")+"/unset", `[null,[]]`)
		r.Says("anything", of("d")+"/forget", c.forgot)
		r.Says("anything", of("e")+"/transaction", `[true,[]]`)
		becomes(r, "anything", of("e"), `[null,[["`+c.name+`",0,null]]]`)
		r.Says("anything", of("f")+"/never", `"TypeError: setAlarm() cannot be called with an alarm time <= 0"`)
		becomes(r, "anything", "/new/"+c.name, "true")
		r.Says("anything", "/deaf", "TypeError: Your Durable Object class must have an alarm() handler in order to call setAlarm()")
		r.Says("anything", of("c"), `[null,[]]`)
		r.Forget()
	}
}

// TestRunAlarmKept: an alarm rings even if the process in which it was set has
// ended, and with the Worker's current code.
func TestRunAlarmKept(t *testing.T) {
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	startClock(r, object{}, "first")
	r.Says("anything", "/old/a/later", `[true,[]]`)
	for _, process := range proctest.Children(t, os.Getpid(), "workerd") {
		if err := process.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	r.Hears("signal: killed")
	startClock(r, object{}, "second")
	time.Sleep(4 * time.Second) // no request wakes the object
	becomes(r, "anything", "/old/a", `[null,[["second",0,null]]]`)
}

// TestRunAlarmRenewed: an alarm that sets itself again continues while
// processes are replaced.
func TestRunAlarmRenewed(t *testing.T) {
	t.Parallel()
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{Memory: 1})
	r.Script(emulatortest.Worker("w"), `import { DurableObject } from "cloudflare:workers";
export class Ticker extends DurableObject {
  async start() { await this.ctx.storage.setAlarm(1) }
  count() { return this.ctx.storage.get("n") }
  async alarm() {
    await this.ctx.storage.put("n", (await this.ctx.storage.get("n") ?? 0) + 1);
    await this.ctx.storage.setAlarm(Date.now() + 20);
  }
}
export default { async fetch(request, env) { return Response.json(await env.TICKER.getByName("x")[new URL(request.url).pathname.slice(1)]() ?? null) } }`,
		object{"migrations": emulatortest.NewClasses("Ticker"), "bindings": []any{object{"type": "durable_object_namespace", "name": "TICKER", "class_name": "Ticker"}}}).OK()
	r.Says("anything", "/start", "null")
	last := 0
	for range 4 {
		r.Forget()
		r.Hears("the runtime was renewed: it had grown to")
		isReached(r, "/count", last+10, &last)
	}
}

// isReached waits until a response is a number that is large enough, and
// expects it never to get smaller.
func isReached(r *emulatortest.Running, path string, least int, last *int) {
	r.T.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		var n int
		_, got := r.Ask("anything", path)
		if _, err := fmt.Sscan(got, &n); err != nil || n < *last || time.Now().After(end) {
			r.T.Fatalf("%s: got %q after %d, want %d", path, got, *last, least)
		}
		if *last = n; n >= least {
			return
		}
	}
}
