package runtime_test

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
)

// saidInTime are messages of a dispatcher before its response, as functions of
// (request, env, ctx).
var saidInTime = map[string]string{
	"values": `console.log("text", 1, -0, NaN, 1n, true, null, undefined, [1, "a", [null, undefined]], { a: { b: 1 }, u: undefined }, new Date(0), new Map([[1, 2]]),
  new Point(), Symbol("s"), () => 1, /x/g, Object.create(null), new Uint8Array(2), { toJSON() { return "json" } }, new URL("http://x/y"), new Headers({ a: "b" }),
  "\u2028\n\"", new String("boxed"), Promise.resolve(1), new (class extends Array {})())`,
	"errors":       `console.error(new TypeError("in the log"), new Error("caused", { cause: new Error("cause") }), { error: new Error("inner") })`,
	"cyclic":       `console.log("before", cyclic, "after")`,
	"unprintable":  `console.log({ toJSON() { throw new Error("toJSON") } }, { get x() { throw 1 } }, new (class { toString() { throw 2 } })(), 3)`,
	"nothing":      `console.log()`,
	"levels":       `for (const level of ["debug", "log", "info", "warn", "error", "trace", "dir", "table", "group", "count", "timeEnd", "assert", "dirxml", "groupEnd"]) console[level]?.("by " + level)`,
	"format":       `console.log("%s is %d", "this", 5)`,
	"destructured": `info("destructured")`,
	"objects":      `console.log(request, env.TENANTS, ctx, request.headers, request.cf, new Response("x"))`,
	"error":        `throw new TypeError("thrown")`,
	"aText":        `throw "a text"`,
	"anObject":     `throw { an: "object" }`,
	"aPoint":       `throw new Point()`,
	"null":         `throw null`,
	"named":        `const e = new Error("named"); e.name = "Mine"; throw e`,
	"noStack":      `const e = new Error("no stack"); e.stack = undefined; throw e`,
	"lines":        `throw new Error("two\nlines")`,
	"deep":         `return deep(3)`,
	"cause":        `throw new Error("outer", { cause: new TypeError("inner") })`,
	"aggregate":    `throw new AggregateError([new Error("one")], "many")`,
	"twice":        `console.log("one"); await null; console.warn("two"); throw new Error("three")`,
	"microtask":    `queueMicrotask(() => { console.log("in microtask"); throw new Error("microtask") }); await scheduler.wait(10)`,
	"unhandled":    `Promise.reject(new Error("unhandled")); await scheduler.wait(10)`,
	"reported":     `reportError(new Error("reported"))`,
	"notFound":     `await env.TENANTS.get("none").fetch(request)`,
	"broken":       `await env.TENANTS.get("broken").fetch(request)`,
	"caught":       `await env.TENANTS.get("broken").fetch(request).catch((error) => console.log("caught", error))`,
	"native":       `new Response("x").constructor.call({})`,
	"much":         `for (let i = 0; i < 4; i++) console.log(i + "x".repeat(50_000)); console.log("small"); throw new Error("after")`,
	"many":         `for (let i = 0; i < 300; i++) console.log("line", i)`,
	"replaced":     `const { log } = console; console.log = () => {}; console.log("lost"); console.log = log`,
}

// saidElsewhere are messages at other times, and from elsewhere.
var saidElsewhere = map[string]string{
	"waits":       `ctx.waitUntil(Promise.reject(new Error("waited"))); ctx.waitUntil(deep(2))`,
	"imported":    `imported(Promise.reject(new Error("imported"))); imported(scheduler.wait(30).then(() => console.log("later by import")))`,
	"later":       `ctx.waitUntil(scheduler.wait(30).then(() => console.log("later"))); ctx.waitUntil(scheduler.wait(60).then(() => console.log("still later"))); console.log("now")`,
	"timer":       `setTimeout(() => { console.log("in a timer"); throw new Error("timer") }, 1); await scheduler.wait(30)`,
	"listener":    `const t = new EventTarget(); t.addEventListener("x", () => { console.log("listening"); throw new Error("listener") }); t.dispatchEvent(new Event("x"))`,
	"aborted":     `AbortSignal.timeout(5).addEventListener("abort", () => console.log("aborted")); await scheduler.wait(30)`,
	"streams":     `return new Response(new ReadableStream({ async pull(c) { console.log("pulled"); c.enqueue(new TextEncoder().encode("x")); c.close() } }))`,
	"streamFails": `return new Response(new ReadableStream({ async pull() { throw new Error("stream failed") } }))`,
	"background": `const { readable, writable } = new TransformStream();
  (async () => { const w = writable.getWriter(); await w.write(new Uint8Array(3)); await scheduler.wait(30); console.log("while it streams"); await w.close() })(); return new Response(readable)`,
	"exported": `await ctx.exports.Named.fail().catch((error) => console.log("caught", error))`,
}

// talkative returns a dispatcher that logs in the way that its path names.
func talkative(imports string, ways map[string]string, more string) string {
	var code strings.Builder
	code.WriteString(imports + `console.log("at the start");
class Point { constructor() { this.x = 1 } }
const { info } = console;
async function deep(n) { await null; if (n) return deep(n - 1); console.log("deep"); throw new RangeError("deeply"); }
const cyclic = {}; cyclic.self = cyclic;
` + more + "const ways = {\n")
	for _, way := range slices.Sorted(maps.Keys(ways)) {
		fmt.Fprintf(&code, "%s: async (request, env, ctx) => { %s },\n", way, ways[way])
	}
	return code.String() + `};
export default { async fetch(request, env, ctx) {
  return await ways[new URL(request.url).pathname.slice(1)](request, env, ctx) ?? new Response("done");
} }`
}

// speak asks a dispatcher to log in all ways at once, and returns the messages
// of each: once all wanted ones are there, or none come any more.
func speak(r *emulatortest.Running, ways, wanted map[string]string) map[string]string {
	r.T.Helper()
	r.Forget()
	names := slices.Sorted(maps.Keys(ways))
	rays := map[string]string{}
	var all sync.WaitGroup
	for i, way := range names {
		ray := fmt.Sprintf("%016x-LOC", i)
		rays[ray] = way
		all.Go(func() {
			request, err := http.NewRequest(http.MethodGet, r.URL+"/"+way, nil)
			if err != nil {
				r.T.Error(err)
				return
			}
			request.Host = "dispatcher.localhost"
			request.Header.Set(runtime.RayHeader, ray)
			response, err := emulatortest.Client.Do(request)
			if err == nil { // a response that breaks off is one of the ways
				response.Body.Close()
			}
		})
	}
	all.Wait()
	reference := regexp.MustCompile("reference = [a-z0-9]+") // each internal error has its own
	for end := time.Now().Add(2 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		lines := map[string][]string{}
		r.Mu.Lock()
		for _, m := range r.Messages {
			if way, ok := rays[m.Ray]; ok {
				lines[way] = append(lines[way], fmt.Sprintf("%s %s: %s", m.Worker, m.Level, reference.ReplaceAllString(m.Text, "")))
			}
		}
		r.Mu.Unlock()
		told := map[string]string{}
		for way, said := range lines {
			slices.SortStableFunc(said, func(a, b string) int { // the order of two Workers does not matter
				return strings.Compare(a[:strings.IndexByte(a, ' ')], b[:strings.IndexByte(b, ' ')])
			})
			told[way] = strings.Join(said, "\n")
		}
		if cmp.Equal(told, wanted) || time.Now().After(end) {
			return told
		}
	}
}

// TestRunDispatcherLogs: the messages of a dispatcher are the same, and belong
// to the same request, whether a tail hears them, as for loaded Workers, or the
// dispatcher sends them itself.
func TestRunDispatcherLogs(t *testing.T) {
	t.Parallel()
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	r.Namespace("prod")
	r.Script(emulatortest.Script("prod", "broken"), `export default { fetch() { throw new RangeError("boom") } }`, nil).OK()
	everything := maps.Clone(saidInTime)
	maps.Copy(everything, saidElsewhere)
	for _, c := range []struct {
		name string
		ways map[string]string
		code string
	}{
		{"in time", saidInTime, talkative("", saidInTime, "")},
		{"elsewhere", everything, talkative(`import { waitUntil as imported, WorkerEntrypoint } from "cloudflare:workers";`, everything,
			`export class Named extends WorkerEntrypoint { fail() { console.log("in the class"); throw new Error("by name") } }`+"\n")},
	} {
		uploadDispatcher(r, "dispatcher", c.code)
		loaded := speak(r, c.ways, nil)
		for way := range c.ways {
			if silent := slices.Contains([]string{"replaced", "reported", "unhandled"}, way); silent != (loaded[way] == "") {
				t.Errorf("%s: %s is told as %q", c.name, way, loaded[way])
			}
		}
		configured(r)
		speak(r, c.ways, loaded) // the previous process may answer some of them
		if diff := cmp.Diff(loaded, speak(r, c.ways, loaded)); diff != "" {
			t.Errorf("%s: loaded -, configured +:\n%s", c.name, diff)
		}
	}
}

// TestRunDispatcherLogsNoMore: a request can print as much as a tail hears.
// Then a message says that there was more.
func TestRunDispatcherLogsNoMore(t *testing.T) {
	t.Parallel()
	r := emulatortest.Run(t, emulator.Options{}, runtime.Limits{})
	r.Namespace("prod")
	ways := map[string]string{"all": `for (let i = 0; i < 30; i++) console.log("x".repeat(10_000)); throw new Error("after")`}
	uploadDispatcher(r, "dispatcher", talkative("", ways, ""))
	configured(r)
	speak(r, ways, nil) // the previous process may answer
	lines := strings.Split(speak(r, ways, nil)["all"], "\n")
	if len(lines) < 28 || !strings.HasPrefix(lines[26], "dispatcher warn: This request has printed more than 256 kB") || lines[27] != "dispatcher error: Uncaught Error: after" {
		t.Errorf("%d lines are told, after the first 26: %.200q", len(lines), lines[min(26, len(lines)):])
	}
}
