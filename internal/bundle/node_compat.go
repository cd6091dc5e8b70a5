package bundle

import (
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/spec"
)

// This file is all that the bundler knows about Node.js in the runtime: which modules and globals the runtime provides at a
// date with flags, and what wrangler bundles instead of the others.

// nodeModules are the modules of Node.js that the runtime has: the first with
// nodejs_compat at any date, each other group from a date on, or with a flag
// that enables it, or never with one that disables it. Before that, wrangler
// bundles polyfills.
// Source: workerd, src/workerd/api/node/node.h and io/compatibility-date.capnp,
// and @cloudflare/unenv-preset; tests compare it with workerd itself and with
// what the preset answers.
var nodeModules = []moduleGroup{
	{names: []string{
		"_stream_duplex", "_stream_passthrough", "_stream_readable", "_stream_transform", "_stream_writable", "_tls_common",
		"_tls_wrap", "assert", "assert/strict", "async_hooks", "buffer", "constants", "crypto", "diagnostics_channel", "dns",
		"dns/promises", "events", "fs/promises", "module", "net", "path", "path/posix", "path/win32", "process",
		"querystring", "stream", "stream/consumers", "stream/promises", "stream/web", "string_decoder", "sys", "test",
		"timers", "timers/promises", "tls", "url", "util", "util/types", "zlib",
	}},
	{"2025-08-15", "nodejs_http_modules", []string{
		"_http_agent", "_http_client", "_http_common", "_http_incoming", "_http_outgoing", "http", "https",
	}},
	{"2025-09-01", "nodejs_http_server_modules", []string{"_http_server"}},
	{"2025-09-01", "nodejs_http2_module", []string{"http2"}},
	{"2025-09-15", fsModule, []string{"fs"}},
	{"2025-09-15", "nodejs_os_module", []string{"os"}},
	{"2025-09-21", consoleModule, []string{"console"}},
	{"2025-10-01", "nodejs_vm_module", []string{"vm"}},
	{"2025-12-04", "nodejs_cluster_module", []string{"cluster"}},
	{"2025-12-04", "nodejs_domain_module", []string{"domain"}},
	{"2025-12-04", "nodejs_punycode_module", []string{"punycode"}},
	{"2025-12-04", "nodejs_trace_events_module", []string{"trace_events"}},
	{"2025-12-04", "nodejs_wasi_module", []string{"wasi"}},
	{"2026-01-29", "nodejs_dgram_module", []string{"dgram"}},
	{"2026-01-29", "nodejs_inspector_module", []string{"inspector", "inspector/promises"}},
	{"2026-01-29", "nodejs_sqlite_module", []string{"sqlite"}},
	{"2026-01-29", "nodejs_stream_wrap_module", []string{"_stream_wrap"}},
	{"2026-03-17", "nodejs_child_process_module", []string{"child_process"}},
	{"2026-03-17", perfHooksModule, []string{"perf_hooks"}},
	{"2026-03-17", "nodejs_readline_module", []string{"readline", "readline/promises"}},
	{"2026-03-17", "nodejs_repl_module", []string{"repl"}},
	{"2026-03-17", "nodejs_tty_module", []string{"tty"}},
	{"2026-03-17", "nodejs_v8_module", []string{"v8"}},
	{"2026-03-17", "nodejs_worker_threads_module", []string{"worker_threads"}},
}

type moduleGroup struct {
	since, flag string // the flag without enable_ or disable_
	names       []string
}

// The groups that decide about more than their modules.
const (
	httpModules     = "nodejs_http_modules"
	fsModule        = "nodejs_fs_module"
	consoleModule   = "nodejs_console_module"
	perfHooksModule = "nodejs_perf_hooks_module"
)

// The dates from which nodejs_compat brings nodejs_compat_v2, and from which
// both are on without a flag.
// Source: workers-sdk, packages/workers-utils/src/compatibility-date.ts.
const (
	nodeCompatV2Since = "2024-09-23"
	nodeCompatSince   = "2026-08-04"
)

// The dates of the runtime's complete `process`, and of two changes to response bodies. Without those changes, wrangler
// replaces this `process`: libraries take it for that of Node.js, and answer with bodies that the runtime cannot read.
// Source: @cloudflare/unenv-preset.
const (
	processSince       = "2025-09-15"
	iterableFixSince   = "2026-01-15"
	iterableBodiesFrom = "2026-02-19"
)

// The three flags that decide about `process`, without enable_ or no_.
const (
	processFlag    = "nodejs_process_v2"
	iterableBodies = "fetch_iterable_type_support"
	iterableFix    = "fetch_iterable_type_support_override_adjustment"
)

// processFlags are those after which wrangler leaves `process` to the runtime.
var processFlags = []string{"enable_" + processFlag, iterableBodies, iterableFix}

// A nodeGlobal is an object that the runtime always provides with nodejs_compat_v2. A polyfill adds to it.
type nodeGlobal struct {
	name   string
	module string   // the polyfill
	sets   bool     // the polyfill's default export becomes the global; else the polyfill sets it by itself
	adds   []string // properties that only the polyfill has
	marks  []string // names and texts; code that passes the object around needs the polyfill if it has one of them
	others []string // globals that only the polyfill has
}

// processAdds are what the polyfill adds to the six properties of the runtime's first `process`.
var processAdds = strings.Fields(`abort addListener allowedNodeEnvironmentFlags arch argv argv0 assert availableMemory
	binding chdir config connected constrainedMemory cpuUsage cwd debugPort disconnect dlopen emit emitWarning eventNames
	execArgv execPath finalization getActiveResourcesInfo getMaxListeners hasUncaughtExceptionCaptureCallback hrtime
	initgroups kill listenerCount listeners loadEnvFile memoryUsage moduleLoadList off on once openStdin permission pid
	ppid prependListener prependOnceListener rawListeners reallyExit release removeAllListeners removeListener report
	resourceUsage setMaxListeners setSourceMapsEnabled setUncaughtExceptionCaptureCallback sourceMapsEnabled stderr stdin
	stdout throwDeprecation title traceDeprecation umask uptime version versions`)

// processOther are the names that "node:process" exports besides.
var processOther = strings.Fields(`_channel _debugEnd _debugProcess _disconnect _events _eventsCount _exiting
	_fatalException _getActiveHandles _getActiveRequests _handleQueue _kill _linkedBinding _maxListeners _pendingMessage
	_preload_modules _rawDebug _send _startProfilerIdleNotifier _stopProfilerIdleNotifier _tickCallback channel domain env
	execve exit exitCode features getBuiltinModule getSourceMapsSupport getegid geteuid getgid getgroups getuid mainModule
	nextTick noDeprecation platform ref send setegid seteuid setgid setgroups setuid threadCpuUsage unref`)

var consoleAdds = strings.Fields(`Console _ignoreErrors _stderr _stderrErrorHandler _stdout _stdoutErrorHandler _times`)

var performanceAdds = strings.Fields(`__unenv__ _entries _resourceTimingBufferSize addEventListener clearMarks clearMeasures
	clearResourceTimings dispatchEvent eventCounts eventLoopUtilization getEntries getEntriesByName getEntriesByType mark
	markResourceTiming measure nodeTiming onresourcetimingbufferfull removeEventListener setResourceTimingBufferSize
	timerify toJSON`)

// performanceMarks are those of them that other objects do not have.
var performanceMarks = strings.Fields(`clearMarks clearMeasures clearResourceTimings eventCounts eventLoopUtilization
	getEntries getEntriesByName getEntriesByType mark measure nodeTiming setResourceTimingBufferSize timerify`)

var performanceClasses = strings.Fields(`Performance PerformanceEntry PerformanceMark PerformanceMeasure PerformanceObserver
	PerformanceObserverEntryList PerformanceResourceTiming`)

// filledGlobals are the globals that wrangler polyfills, in its order.
func filledGlobals(runtime spec.Runtime) []nodeGlobal {
	var list []nodeGlobal
	if !fillsIn(runtime) {
		return nil
	}
	if !leavesProcess(runtime) {
		process := nodeGlobal{name: "process", module: presetProcess, sets: true, adds: processAdds, marks: processAdds}
		if hasProcess(runtime) {
			process.adds = []string{"disconnect"}
			process.marks = []string{"disconnect", "[object process]"} // what libraries take for Node.js
		}
		list = append(list, process)
	}
	if !isOn(runtime, consoleModule) {
		list = append(list, nodeGlobal{name: "console", module: presetConsole, sets: true, adds: consoleAdds, marks: consoleAdds})
	}
	if !isOn(runtime, perfHooksModule) {
		list = append(list, nodeGlobal{name: "performance", module: "@cloudflare/unenv-preset/polyfill/performance", adds: performanceAdds, marks: performanceMarks, others: performanceClasses})
	}
	return list
}

const (
	presetProcess = "@cloudflare/unenv-preset/node/process"
	presetConsole = "@cloudflare/unenv-preset/node/console"
)

// nodeCompat reports whether nodejs_compat and nodejs_compat_v2 are on.
func nodeCompat(runtime spec.Runtime) (v1, v2 bool) {
	byDate := runtime.Date >= nodeCompatSince
	v1 = runtime.HasFlag("nodejs_compat") || byDate && !runtime.HasFlag("no_nodejs_compat")
	v2 = byDate || v1 && runtime.Date >= nodeCompatV2Since
	return v1, runtime.HasFlag("nodejs_compat_v2") || v2 && !runtime.HasFlag("no_nodejs_compat_v2")
}

// fillsIn reports whether wrangler puts polyfills in the place of what the runtime lacks. At a date that is not known,
// because the product that uploads the Worker chooses it, there are none.
func fillsIn(runtime spec.Runtime) bool {
	_, v2 := nodeCompat(runtime)
	return v2 && runtime.Date != ""
}

// isOn reports whether a group of modules has come, as wrangler sees it.
func isOn(runtime spec.Runtime, flag string) bool {
	i := slices.IndexFunc(nodeModules, func(g moduleGroup) bool { return g.flag == flag })
	return !runtime.HasFlag("disable_"+flag) && (runtime.Date >= nodeModules[i].since || runtime.HasFlag("enable_"+flag))
}

// hasProcess reports whether the runtime's `process` is complete.
func hasProcess(runtime spec.Runtime) bool {
	return !runtime.HasFlag("disable_"+processFlag) && (runtime.Date >= processSince || runtime.HasFlag("enable_"+processFlag))
}

// leavesProcess reports whether wrangler leaves `process` to the runtime.
func leavesProcess(runtime spec.Runtime) bool {
	bodies := !runtime.HasFlag("no_"+iterableBodies) && (runtime.Date >= iterableBodiesFrom || runtime.HasFlag(iterableBodies))
	fixed := !runtime.HasFlag("no_"+iterableFix) && (runtime.Date >= iterableFixSince || runtime.HasFlag(iterableFix))
	return hasProcess(runtime) && bodies && fixed
}

// hasModule reports whether the runtime has a module by this name. At a date
// that is not known it has all that say whose they are.
func hasModule(runtime spec.Runtime, specifier string) bool {
	name, prefixed := strings.CutPrefix(specifier, "node:")
	v1, v2 := nodeCompat(runtime)
	switch {
	case strings.HasPrefix(specifier, "cloudflare:"):
		return true // which there are, no date says, and the open runtime has not all of them
	case prefixed && (runtime.Date == "" || name == "process"):
		return true
	case prefixed && name == "async_hooks" && runtime.HasFlag("nodejs_als"):
		return true
	case !prefixed && (!v2 || !isNodeModule(name)), name == "sys" && !v2, !v1 && !v2:
		return false
	}
	for _, group := range nodeModules {
		if slices.Contains(group.names, name) {
			on := v1
			if name == "_http_server" {
				on = hasModule(runtime, "node:http")
			}
			byDate := on && runtime.Date >= group.since && !runtime.HasFlag("disable_"+group.flag)
			return group.flag == "" || byDate || runtime.HasFlag("enable_"+group.flag)
		}
	}
	return false
}

// isNodeModule reports whether programs for Node.js import its module by this
// name. Some have names with "node:" alone, because packages had the others.
func isNodeModule(specifier string) bool {
	if specifier == "sqlite" || specifier == "test" {
		return false
	}
	for _, group := range nodeModules {
		if slices.Contains(group.names, specifier) {
			return true
		}
	}
	return false
}

// polyfillOf returns the module that wrangler bundles instead of a module of Node.js, or "". In two cases the runtime has a
// module and wrangler replaces it: "fs/promises" until "fs" is there, and "process" as long as the global is replaced.
func polyfillOf(runtime spec.Runtime, specifier string) string {
	name, prefixed := strings.CutPrefix(specifier, "node:")
	if !fillsIn(runtime) || !prefixed && !isNodeModule(name) {
		return ""
	}
	if name == "process" && !leavesProcess(runtime) {
		return presetProcess
	}
	for _, group := range nodeModules {
		flag := group.flag
		if name == "fs/promises" {
			flag = fsModule
		}
		switch {
		case !slices.Contains(group.names, name):
		case flag == "", isOn(runtime, flag) && (name != "_http_server" || isOn(runtime, httpModules)):
			return ""
		case name == "console":
			return presetConsole
		case strings.HasPrefix(name, "_"):
			return "unenv/mock/proxy-cjs"
		default:
			return "unenv/node/" + name
		}
	}
	return ""
}

// npmShims are packages that wrangler replaces even if they are installed. The modules that replace them use what the runtime
// has. They are small, so these are our own, and nothing has to be installed.
// Source: unenv's npmShims, without "debug", which wrangler takes out.
var npmShims = map[string]string{
	"cross-fetch":                  fetchShim,
	"cross-fetch/polyfill":         emptyShim,
	"fsevents":                     `export default { watch: () => Promise.resolve(), getInfo: (path) => ({ path, event: "mock", type: "file", flags: 0, changes: {} }) };`,
	"inherits":                     `export { inherits as default } from "node:util";`,
	"isomorphic-fetch":             emptyShim,
	"node-fetch":                   nodeFetchShim,
	"node-fetch-native":            nodeFetchShim,
	"node-fetch-native/polyfill":   emptyShim,
	"whatwg-url":                   urlShim + whatwgShim,
	"whatwg-url/webidl2js-wrapper": urlShim,
}

const (
	emptyShim = `export default Object.freeze({});`
	fetchShim = `
const fetch = (...args) => globalThis.fetch(...args);
const { Headers, Request, Response } = globalThis;
export { fetch, fetch as default, Headers, Request, Response };`
	nodeFetchShim = fetchShim + `
const { AbortController, Error: FetchError } = globalThis;
const isRedirect = (status) => [301, 302, 303, 307, 308].includes(status);
Object.assign(fetch, { Promise, isRedirect });
export { AbortController, FetchError as AbortError, FetchError, isRedirect };`
	urlShim = `
const { URL, URLSearchParams } = globalThis;
export { URL, URLSearchParams };`
	whatwgShim = `
const missing = (name) => () => { throw new Error("whatwg-url." + name + " is not there in Workers"); };
export const parseURL = /* @__PURE__ */ missing("parseURL");
export const basicURLParse = /* @__PURE__ */ missing("basicURLParse");
export const serializeURL = /* @__PURE__ */ missing("serializeURL");
export const serializeHost = /* @__PURE__ */ missing("serializeHost");
export const serializeInteger = /* @__PURE__ */ missing("serializeInteger");
export const serializeURLOrigin = /* @__PURE__ */ missing("serializeURLOrigin");
export const setTheUsername = /* @__PURE__ */ missing("setTheUsername");
export const setThePassword = /* @__PURE__ */ missing("setThePassword");
export const cannotHaveAUsernamePasswordPort = /* @__PURE__ */ missing("cannotHaveAUsernamePasswordPort");
export const percentDecodeBytes = /* @__PURE__ */ missing("percentDecodeBytes");
export const percentDecodeString = /* @__PURE__ */ missing("percentDecodeString");`
)

// breakpoints are the dates from which something is different, in order.
func breakpoints() []string {
	dates := []string{nodeCompatV2Since, nodeCompatSince, processSince, iterableFixSince, iterableBodiesFrom}
	for _, group := range nodeModules[1:] {
		dates = append(dates, group.since)
	}
	slices.Sort(dates)
	return slices.Compact(dates)
}

// era replaces the date with the first one at which the runtime provided the same of Node.js. Codes that differ only in the
// date are built once for each era.
func era(runtime spec.Runtime) spec.Runtime {
	if runtime.Date == "" {
		return runtime
	}
	first := "0000-00-00"
	if v1, v2 := nodeCompat(runtime); v1 || v2 { // else there is nothing of Node.js at any date
		for _, date := range breakpoints() {
			if date <= runtime.Date {
				first = date
			}
		}
	}
	return spec.Runtime{Date: first, Flags: runtime.Flags}
}
