package bundle

import (
	"fmt"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/wfpsync/wfpsync/spec"
)

// requiredNamespace holds the modules that stand between require and the
// runtime.
const requiredNamespace = "required-runtime-module"

// runtimeModules leaves imports of the runtime's modules in the bundle. A
// require cannot be left there, because the bundle is an ES module; it becomes
// an import that CommonJS packages can use. Where the modules of Node.js go by
// their bare names, too, they come before packages of those names. What the
// runtime lacks is esbuild's to find: a package of that name will do, and an
// import in a try may fail.
func runtimeModules(runtime spec.Runtime) api.Plugin {
	return api.Plugin{Name: "runtime-modules", Setup: func(build api.PluginBuild) {
		build.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
			specifier := args.Path
			if !hasModule(runtime, specifier) {
				return api.OnResolveResult{}, nil
			}
			if isNodeModule(specifier) {
				specifier = "node:" + specifier
			}
			if args.Kind == api.ResolveJSRequireCall {
				return api.OnResolveResult{Path: specifier, Namespace: requiredNamespace}, nil
			}
			return api.OnResolveResult{Path: specifier, External: true}, nil
		})
		build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: requiredNamespace}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
			content := fmt.Sprintf("import library from %q;\nmodule.exports = library;\n", args.Path)
			return api.OnLoadResult{Contents: &content, Loader: api.LoaderJS}, nil
		})
	}}
}

// nodeModules are the modules of Node.js that the runtime has: the first with
// nodejs_compat at any date, each other group from a date on, or with a flag
// that enables it, or never with one that disables it.
// Source: workerd, src/workerd/api/node/node.h and io/compatibility-date.capnp;
// a test compares it with workerd itself.
var nodeModules = []struct {
	since, flag string // the flag without enable_ or disable_
	names       []string
}{
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
	{"2025-09-15", "nodejs_fs_module", []string{"fs"}},
	{"2025-09-15", "nodejs_os_module", []string{"os"}},
	{"2025-09-21", "nodejs_console_module", []string{"console"}},
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
	{"2026-03-17", "nodejs_perf_hooks_module", []string{"perf_hooks"}},
	{"2026-03-17", "nodejs_readline_module", []string{"readline", "readline/promises"}},
	{"2026-03-17", "nodejs_repl_module", []string{"repl"}},
	{"2026-03-17", "nodejs_tty_module", []string{"tty"}},
	{"2026-03-17", "nodejs_v8_module", []string{"v8"}},
	{"2026-03-17", "nodejs_worker_threads_module", []string{"worker_threads"}},
}

// The dates from which nodejs_compat brings nodejs_compat_v2, and from which
// both are on without a flag.
// Source: workers-sdk, packages/workers-utils/src/compatibility-date.ts.
const (
	nodeCompatV2Since = "2024-09-23"
	nodeCompatSince   = "2026-08-04"
)

// nodeCompat reports whether nodejs_compat and nodejs_compat_v2 are on.
func nodeCompat(runtime spec.Runtime) (v1, v2 bool) {
	byDate := runtime.Date >= nodeCompatSince
	v1 = runtime.HasFlag("nodejs_compat") || byDate && !runtime.HasFlag("no_nodejs_compat")
	v2 = byDate || v1 && runtime.Date >= nodeCompatV2Since
	return v1, runtime.HasFlag("nodejs_compat_v2") || v2 && !runtime.HasFlag("no_nodejs_compat_v2")
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

// isRuntimeName reports whether a specifier can mean a module of the runtime
// only, or one of Node.js.
func isRuntimeName(specifier string) bool {
	for _, prefix := range []string{"node:", "cloudflare:", "workerd:"} {
		if strings.HasPrefix(specifier, prefix) {
			return true
		}
	}
	return isNodeModule(specifier)
}

// lacksModule says that the runtime lacks a module, and what would give it.
func lacksModule(runtime spec.Runtime, specifier string) (message, hint string) {
	if runtime.Date == "" {
		return fmt.Sprintf("cannot find %q, which is a module of Node.js", specifier), fmt.Sprintf(`write "node:%s"`, specifier)
	}
	message = fmt.Sprintf("the runtime has no module %q with compatibility_date %s", specifier, runtime.Date)
	if len(runtime.Flags) > 0 {
		message += fmt.Sprintf(" and compatibility_flags [%s]", strings.Join(runtime.Flags, ", "))
	}
	ways := waysTo(runtime, specifier)
	if len(ways) == 0 {
		return message, "no compatibility_date and no flag brings it"
	}
	return message, "it is there " + strings.Join(ways, ", or ")
}

// waysTo lists what would give the runtime a module that it lacks.
func waysTo(runtime spec.Runtime, specifier string) []string {
	var ways []string
	dates := []string{nodeCompatV2Since, nodeCompatSince}
	flags := [][]string{{"nodejs_compat"}, {"nodejs_compat_v2"}}
	for _, group := range nodeModules {
		dates = append(dates, group.since)
		if group.flag != "" && slices.Contains(group.names, strings.TrimPrefix(specifier, "node:")) {
			enabled := "enable_" + group.flag
			flags = [][]string{{"nodejs_compat"}, {enabled}, {"nodejs_compat", enabled}, {"nodejs_compat_v2", enabled}}
		}
	}
	slices.Sort(dates)
	for _, date := range dates {
		if date > runtime.Date && hasModule(spec.Runtime{Date: date, Flags: runtime.Flags}, specifier) {
			ways = append(ways, fmt.Sprintf("from compatibility_date %s on", date))
			break
		}
	}
	for _, added := range flags {
		with := spec.Runtime{Date: runtime.Date, Flags: append(slices.Clone(runtime.Flags), added...)}
		if !slices.ContainsFunc(added, func(f string) bool { return runtime.HasFlag(opposite(f)) }) && hasModule(with, specifier) {
			ways = append(ways, "with "+quoteFlags(added))
			break
		}
	}
	for _, flag := range runtime.Flags {
		without := slices.DeleteFunc(slices.Clone(runtime.Flags), func(f string) bool { return f == flag })
		if hasModule(spec.Runtime{Date: runtime.Date, Flags: without}, specifier) {
			ways = append(ways, "without "+quoteFlags([]string{flag}))
		}
	}
	if prefixed := "node:" + specifier; hasModule(runtime, prefixed) {
		ways = append(ways, fmt.Sprintf("as %q", prefixed))
	}
	return ways
}

// opposite is the flag that takes back what a flag brings.
func opposite(flag string) string {
	if name, enables := strings.CutPrefix(flag, "enable_"); enables {
		return "disable_" + name
	}
	return "no_" + flag
}

func quoteFlags(flags []string) string {
	if len(flags) == 1 {
		return fmt.Sprintf("the flag %q", flags[0])
	}
	return fmt.Sprintf("the flags %q and %q", flags[0], flags[1])
}
