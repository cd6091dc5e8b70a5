package bundle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
	"github.com/wfpsync/wfpsync/internal/polyfills"
	"github.com/wfpsync/wfpsync/spec"
)

// installedWorkerd is the pinned workerd. Without it, or without polyfills, a test is skipped.
func installedWorkerd(t *testing.T) string {
	t.Helper()
	cache, err := runtime.Cache()
	if err != nil {
		t.Skip(err)
	}
	file, err := runtime.Find(runtime.Places{Named: os.Getenv("WFPSYNC_WORKERD"), Cache: cache})
	if err != nil {
		t.Skip(err)
	}
	if _, err := openPolyfills(); errors.Is(err, polyfills.ErrNotFound) {
		t.Skip("there are no polyfills: `make runtime` installs them")
	} else if err != nil {
		t.Fatal(err)
	}
	return file
}

// A started Worker is what workerd gets.
type startedWorker struct {
	at      spec.Runtime
	main    string
	modules []spec.Module
}

// answer runs Workers on one workerd, and returns what each answers to a request: a status and a body, or why it does not.
func answer(t *testing.T, workers []startedWorker) []string {
	t.Helper()
	workerd := installedWorkerd(t)
	dir := t.TempDir()
	write := func(name string, content []byte) {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var services, bindings []string
	for i, w := range workers {
		var modules []string
		w.modules = slices.SortedStableFunc(slices.Values(w.modules), func(a, b spec.Module) int { // the first is the main module
			return strings.Compare(fmt.Sprint(a.Name != w.main), fmt.Sprint(b.Name != w.main))
		})
		for n, m := range w.modules {
			file := fmt.Sprintf("%d/%d", i, n)
			write(file, m.Content)
			modules = append(modules, fmt.Sprintf("(name = %q, esModule = embed %q)", m.Name, file))
		}
		flags, _ := json.Marshal(append([]string{}, w.at.Flags...)) // strings
		services = append(services, fmt.Sprintf("(name = \"w%d\", worker = (modules = [%s], compatibilityDate = %q, compatibilityFlags = %s))", i, strings.Join(modules, ", "), w.at.Date, flags))
		bindings = append(bindings, fmt.Sprintf("(name = \"W%d\", service = \"w%d\")", i, i))
	}
	write("asker.js", []byte(`export default { async test(_, env) {
		for (let i = 0; env["W" + i]; i++) {
			let said;
			try {
				const answer = await env["W" + i].fetch("http://worker/");
				said = answer.status + " " + await answer.text();
			} catch (error) { said = "error " + error }
			console.log(JSON.stringify([i, said]));
		}
	} };`))
	services = append(services, fmt.Sprintf(`(name = "asker", worker = (modules = [(name = "asker.js", esModule = embed "asker.js")], compatibilityDate = "2026-10-01", bindings = [%s]))`, strings.Join(bindings, ", ")))
	write("config.capnp", []byte("using Workerd = import \"/workerd/workerd.capnp\";\nconst config :Workerd.Config = (services = ["+strings.Join(services, ",\n")+"]);"))
	var told strings.Builder
	cmd := exec.CommandContext(t.Context(), workerd, "test", filepath.Join(dir, "config.capnp"))
	cmd.Stderr = &told
	out, err := cmd.Output()
	answers := make([]string, len(workers))
	for line := range strings.Lines(string(out)) {
		var i int
		var text string
		if json.Unmarshal([]byte(line), &[]any{&i, &text}) == nil {
			answers[i] = text
		}
	}
	if slices.Contains(answers, "") {
		t.Fatalf("%v: %v\n%s", answers, err, told.String())
	}
	return answers
}

// bundledByWrangler is a project as wrangler uploads it.
func bundledByWrangler(ctx context.Context, modules, node, root, out string, at spec.Runtime) (startedWorker, error) {
	config, err := json.Marshal(map[string]any{"name": "worker", "main": "src/main.ts", "compatibility_date": at.Date, "compatibility_flags": append([]string{}, at.Flags...)})
	if err == nil {
		err = os.WriteFile(filepath.Join(root, "wrangler.json"), config, 0o600)
	}
	if err != nil {
		return startedWorker{}, err
	}
	cmd := exec.CommandContext(ctx, node, "--no-warnings", filepath.Join(modules, "wrangler", "wrangler-dist", "cli.js"), "deploy", "--dry-run", "--outdir", out)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "WRANGLER_SEND_METRICS=false", "CI=true", "XDG_CONFIG_HOME="+out)
	if said, err := cmd.CombinedOutput(); err != nil {
		return startedWorker{}, fmt.Errorf("%w\n%s", err, said)
	}
	content, err := os.ReadFile(filepath.Join(out, "main.js"))
	return startedWorker{at, "main.js", []spec.Module{{Name: "main.js", Content: content}}}, err
}

// asks are Workers that ask Node.js for something, each at the dates and flags that make a difference to it.
var asks = []struct {
	name     string
	content  files
	runtimes []string
	fills    string // what the bundle at the first of them has of the polyfills, "" for nothing
}{
	{"modules", files{"src/main.ts": `
		import tty from "node:tty";
		import { performance } from "node:perf_hooks";
		import { isMainThread } from "node:worker_threads";
		import * as child from "node:child_process";
		export default { fetch: () => Response.json({ colour: tty.isatty(1), now: typeof performance.now(), isMainThread, spawn: typeof child.spawn }) };`,
	}, []string{"2025-10-08 nodejs_compat", "2024-09-23 nodejs_compat", "2026-03-17 nodejs_compat"}, "polyfill:unenv/dist/runtime/node/tty.mjs"},
	{"bare names", files{"src/main.ts": `
		import common from "_http_common"; import duplex from "_stream_duplex"; import wrap from "_stream_wrap"; import os from "os"; import fs from "fs/promises";
		import { Console } from "console"; import sys from "sys"; import inspector from "inspector/promises"; import sqlite from "node:sqlite";
		export default { fetch: () => Response.json([typeof common, typeof duplex, typeof wrap, os.EOL, typeof fs.readFile, typeof Console, typeof sys.inspect, typeof inspector, typeof sqlite]) };`,
	}, []string{"2024-09-23 nodejs_compat", "2025-09-15 nodejs_compat", "2026-03-20 nodejs_compat"}, "polyfill:unenv/lib/mock.cjs"},
	{"required", files{
		"src/main.ts": `import pkg from "pkg"; export default { fetch: () => Response.json(pkg()) };`,
		"node_modules/pkg/index.js": `const tty = require("tty"), os = require("node:os"), p = require("process"), inherits = require("inherits"), fetch = require("node-fetch"), agent = require("_http_agent");
			let repl; try { repl = require("repl") } catch { repl = "none" }
			module.exports = () => [typeof tty.isatty, os.EOL, typeof p.cwd(), typeof inherits, typeof fetch, typeof fetch.Headers, typeof fetch.default, typeof agent, typeof repl];`,
		"node_modules/inherits/index.js":   `module.exports = "a package";`,
		"node_modules/node-fetch/index.js": `throw new Error("a package");`,
		"node_modules/tty/index.js":        `throw new Error("a package");`,
	}, []string{"2025-05-01 nodejs_compat", "2025-10-08 nodejs_compat", "2026-10-01"}, "polyfill:@cloudflare/unenv-preset/dist/runtime/node/process.mjs"},
	{"shims", files{"src/main.ts": `
		import fetch, { Headers, isRedirect, AbortError } from "node-fetch"; import cross from "cross-fetch"; import "isomorphic-fetch"; import "cross-fetch/polyfill";
		import { URL, parseURL } from "whatwg-url"; import inherits from "inherits"; import fsevents from "fsevents"; import native from "node-fetch-native";
		export default { fetch() {
			let parsed; try { parsed = parseURL("x") } catch (error) { parsed = error instanceof Error }
			return Response.json([typeof fetch, typeof Headers, isRedirect(301), typeof AbortError, typeof cross, new URL("http://a/b").pathname, typeof inherits, typeof fsevents.watch, typeof native, typeof parsed]);
		} };`,
	}, []string{"2024-09-23 nodejs_compat", "2026-10-01"}, ""},
	{"process", files{"src/main.ts": `
		export default { fetch() { const started = process.hrtime.bigint(); return Response.json({ colour: process.stdout.isTTY ?? false, ns: typeof (process.hrtime.bigint() - started), versions: typeof process.versions?.node }); } };`,
	}, []string{"2025-05-01 nodejs_compat", "2025-09-15 nodejs_compat"}, "polyfill:@cloudflare/unenv-preset/dist/runtime/node/process.mjs"},
	{"process by other names", files{"src/main.ts": `
		import { cwd } from "node:process"; const { memoryUsage } = process; const held = globalThis.process;
		export default { fetch: () => Response.json([typeof cwd, typeof memoryUsage, typeof globalThis["process"].on, typeof globalThis.process?.emitWarning, typeof held.uptime, "argv" in process]) };`,
	}, []string{"2025-05-01 nodejs_compat", "2025-10-08 nodejs_compat"}, "polyfill:@cloudflare/unenv-preset/dist/runtime/node/process.mjs"},
	{"Node.js or not", files{"src/main.ts": `
		const isNode = typeof process !== "undefined" && Object.prototype.toString.call(process) === "[object process]";
		export default { fetch: () => Response.json(isNode) };`,
	}, []string{"2025-10-08 nodejs_compat", "2025-05-01 nodejs_compat", "2026-02-19 nodejs_compat"}, "polyfill:@cloudflare/unenv-preset/dist/runtime/node/process.mjs"},
	{"what the first process has", files{"src/main.ts": `
		import process, { env } from "node:process";
		const mine = typeof process !== "undefined" && process.env ? process.env.MINE ?? "none" : "no process";
		export default { fetch() { console.log("asked"); return Response.json([mine, env.MINE ?? "none", Buffer.from("x").toString("hex"), typeof performance.now(), typeof performance.timeOrigin, process.platform, typeof process.nextTick, typeof setImmediate, typeof global.Buffer]); } };`,
	}, []string{"2024-09-23 nodejs_compat", "2025-10-08 nodejs_compat"}, ""},
	{"performance", files{"src/main.ts": `
		export default { fetch() { performance.mark("a"); return Response.json([performance.getEntriesByName("a").length, typeof PerformanceObserver, typeof performance.now()]); } };`,
	}, []string{"2026-03-16 nodejs_compat", "2026-03-17 nodejs_compat"}, "polyfill:@cloudflare/unenv-preset/dist/runtime/polyfill/performance.mjs"},
	{"performance by another name", files{"src/main.ts": `
		const clock = performance; class Mine extends PerformanceEntry {}
		export default { fetch() { clock.mark("a"); return Response.json([clock.getEntries().length, typeof Mine]); } };`,
	}, []string{"2024-09-23 nodejs_compat"}, "polyfill:@cloudflare/unenv-preset/dist/runtime/polyfill/performance.mjs"},
	{"console", files{"src/main.ts": `
		const logger = console;
		export default { fetch() { logger.log("a"); return Response.json([typeof console.Console, typeof console.log]); } };`,
	}, []string{"2025-09-20 nodejs_compat", "2025-09-21 nodejs_compat"}, "polyfill:@cloudflare/unenv-preset/dist/runtime/node/console.mjs"},
	{"by flags", files{"src/main.ts": `
		import tty from "node:tty"; import process from "node:process";
		export default { fetch: () => Response.json([tty.isatty(1), typeof process.cwd]) };`,
	}, []string{
		"2025-10-08 nodejs_compat enable_nodejs_tty_module", "2025-10-08 nodejs_compat disable_nodejs_process_v2", "2026-10-01 disable_nodejs_tty_module",
		"2026-10-01 no_fetch_iterable_type_support", "2025-10-08 nodejs_compat enable_nodejs_process_v2 fetch_iterable_type_support fetch_iterable_type_support_override_adjustment",
		"2025-05-01 nodejs_compat_v2",
	}, ""},
}

func runtimeOf(settings string) spec.Runtime {
	words := strings.Fields(settings)
	return spec.Runtime{Date: words[0], Flags: slices.Sorted(slices.Values(words[1:]))}
}

// TestAsWrangler bundles Workers as wrangler does, and compares what they answer.
// It is a part of `make differential`.
func TestAsWrangler(t *testing.T) {
	t.Parallel()
	if os.Getenv("WFPSYNC_DIFFERENTIAL") != "all" {
		t.Skip("`make differential` runs it")
	}
	installedWorkerd(t)
	modules, node := wranglerModules(t)
	var names, roots []string
	var workers []startedWorker
	for _, ask := range asks {
		for i, settings := range ask.runtimes {
			at := runtimeOf(settings)
			code := entrypoint("src/main.ts")
			code.Options.Runtime = at
			root := newProject(t, ask.content)
			wantNone(t, Build(context.Background(), root, []*spec.Code{code}))
			names = append(names, ask.name+" at "+settings)
			workers = append(workers, startedWorker{at, code.MainModule, code.Modules})
			if i == 0 && ask.fills != "" {
				wantIn(t, code, ask.fills)
			}
			if i == 0 && ask.fills == "" {
				wantNotIn(t, code, "polyfill:")
			}
			wantNotIn(t, code, root, "wfpsync_global")
			roots = append(roots, root)
		}
	}
	theirs := make([]startedWorker, len(workers))
	var bundling errgroup.Group
	bundling.SetLimit(2) // wrangler takes a second of a processor
	for i, root := range roots {
		out := t.TempDir()
		bundling.Go(func() (err error) {
			theirs[i], err = bundledByWrangler(t.Context(), modules, node, root, out, workers[i].at)
			return err
		})
	}
	if err := bundling.Wait(); err != nil {
		t.Fatal(err)
	}
	answers := answer(t, append(workers, theirs...))
	for i, name := range names {
		ours, wranglers := answers[i], answers[i+len(names)]
		if ours != wranglers {
			t.Errorf("%s: %s, and with wrangler %s", name, ours, wranglers)
		}
		if !strings.HasPrefix(ours, "200 ") {
			t.Errorf("%s: %s", name, ours)
		}
	}
}

// TestGlobalsOfTheRuntime compares what the polyfills of globals are known to add with what they add on workerd.
func TestGlobalsOfTheRuntime(t *testing.T) {
	t.Parallel()
	probe := `
		const read = (object, key) => { try { return object[key] } catch { return null } };
		const there = (object) => { const keys = []; for (let o = object; o && o !== Object.prototype; o = Object.getPrototypeOf(o)) keys.push(...Object.getOwnPropertyNames(o)); return keys.filter((k) => k !== "constructor" && read(object, k) !== undefined); };
		export default { fetch: () => Response.json({
			process: there(globalThis.process), console: there(globalThis.console), performance: there(globalThis.performance), globals: Object.getOwnPropertyNames(globalThis),
		}) };`
	var workers []startedWorker
	dates := []string{"2024-09-23", "2025-09-14", "2025-09-15", "2025-09-20", "2025-09-21", "2026-02-18", "2026-02-19", "2026-03-16", "2026-03-17"}
	for _, date := range dates {
		at := spec.Runtime{Date: date, Flags: []string{"nodejs_compat"}}
		workers = append(workers, startedWorker{at, "main.js", []spec.Module{{Name: "main.js", Content: []byte(probe)}}})
		code := entrypoint("main.js")
		code.Options.Runtime = at
		wantNone(t, Build(context.Background(), newProject(t, files{"main.js": `
			import process from "node:process"; export const all = [process.disconnect, process.cwd, console.Console, performance.mark];` + probe}), []*spec.Code{code}))
		workers = append(workers, startedWorker{at, code.MainModule, code.Modules})
	}
	answers := answer(t, workers)
	for i, date := range dates {
		var plain, filled map[string][]string
		for which, into := range []*map[string][]string{&plain, &filled} {
			if err := json.Unmarshal([]byte(strings.TrimPrefix(answers[2*i+which], "200 ")), into); err != nil {
				t.Fatalf("%s: %v: %s", date, err, answers[2*i+which])
			}
		}
		more := func(name string) []string {
			added := slices.DeleteFunc(slices.Clone(filled[name]), func(key string) bool { return slices.Contains(plain[name], key) })
			slices.Sort(added)
			return slices.Compact(added)
		}
		known := map[string][]string{"process": nil, "console": nil, "performance": nil, "globals": nil}
		for _, g := range filledGlobals(workers[2*i].at) {
			known[g.name] = slices.Sorted(slices.Values(g.adds))
			known["globals"] = append(known["globals"], g.others...)
		}
		for name, keys := range known {
			if diff := cmp.Diff(more(name), keys); diff != "" && len(more(name))+len(keys) > 0 {
				t.Errorf("%s: %s (-on workerd +known):\n%s", date, name, diff)
			}
		}
	}
}

// TestPolyfillsFromAnywhere holds that a bundle does not depend on where the polyfills lie.
func TestPolyfillsFromAnywhere(t *testing.T) {
	installedWorkerd(t)
	cache, err := polyfills.Cache()
	if err != nil {
		t.Fatal(err)
	}
	content := files{"src/main.ts": `import tty from "node:tty"; export default { fetch: () => new Response(String(tty.isatty(1)) + process.cwd()) };`}
	how := spec.CodeOptions{Runtime: runtimeOf("2025-05-01 nodejs_compat")}
	here := mustBuildWith(t, how, content)
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CACHE_HOME", filepath.Join(home, "elsewhere"))
	there, err := polyfills.Cache()
	if err != nil {
		t.Fatal(err)
	}
	_, diags := buildWith(t, "src/main.ts", how, content)
	if len(diags) != 2 || diags[0].Rule != RulePolyfill || diags[1].Rule != RulePolyfill {
		t.Errorf("without polyfills:\n%s", render(diags))
	}
	if err := os.CopyFS(there, os.DirFS(cache)); err != nil {
		t.Fatal(err)
	}
	if code := mustBuildWith(t, how, content); code.Digest != here.Digest {
		t.Errorf("other code from %s", there)
	}
	version, err := os.ReadDir(there)
	if err != nil {
		t.Fatal(err)
	}
	altered := filepath.Join(there, version[0].Name(), "node_modules", "unenv", "dist", "runtime", "node", "tty.mjs")
	if err := os.WriteFile(altered, []byte("export default {}"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, diags = buildWith(t, "src/main.ts", how, content)
	wantOne(t, diags, "are not the polyfills that wfpsync installs")
}

// TestOriginsInPolyfilledCode leads from a bundle with polyfills to the project's own files.
func TestOriginsInPolyfilledCode(t *testing.T) {
	installedWorkerd(t)
	root := newProject(t, files{"src/main.ts": "import tty from 'node:tty';\n\nexport default { fetch: () => { throw new Error('here' + tty.isatty(1)) } };"})
	code := entrypoint("src/main.ts")
	code.Options.Runtime = runtimeOf("2025-05-01 nodejs_compat")
	wantNone(t, Build(t.Context(), root, []*spec.Code{code}))
	place, _, found := FindOrigins(t.Context(), root, code).FindText("throw new Error")
	if !found || place.File != "src/main.ts" || place.Line != 3 {
		t.Errorf("found %v: %v", found, place)
	}
}
