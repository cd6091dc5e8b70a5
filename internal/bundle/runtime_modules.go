package bundle

import (
	"fmt"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// isRuntimeModule reports whether the runtime, not the bundle, holds a module.
func isRuntimeModule(specifier string) bool {
	return strings.HasPrefix(specifier, "cloudflare:") || strings.HasPrefix(specifier, "node:")
}

// requiredNamespace holds the modules that stand between require and the
// runtime.
const requiredNamespace = "required-runtime-module"

// runtimeModules leaves imports of the runtime's modules in the bundle. A
// require cannot be left there, because the bundle is an ES module; it becomes
// an import that CommonJS packages can use. With the compatibility flags for it
// the modules of Node.js go by their bare names, too, whatever packages of those
// names are installed.
func runtimeModules(nodeCompat bool) api.Plugin {
	return api.Plugin{Name: "runtime-modules", Setup: func(build api.PluginBuild) {
		build.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
			specifier := args.Path
			switch {
			case isRuntimeModule(specifier):
			case nodeCompat && isNodeModule(specifier):
				specifier = "node:" + specifier
			default:
				return api.OnResolveResult{}, nil
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

// nodeModules are the modules that Node.js programs import without a prefix
// and that the runtime knows with one.
// Source: Workers documentation, "Node.js compatibility".
var nodeModules = []string{
	"assert", "assert/strict", "async_hooks", "buffer", "child_process", "cluster", "console", "constants", "crypto",
	"dgram", "diagnostics_channel", "dns", "dns/promises", "domain", "events", "fs", "fs/promises", "http", "http2",
	"https", "inspector", "module", "net", "os", "path", "path/posix", "path/win32", "perf_hooks", "process",
	"punycode", "querystring", "readline", "readline/promises", "repl", "stream", "stream/consumers",
	"stream/promises", "stream/web", "string_decoder", "sys", "timers", "timers/promises", "tls", "trace_events",
	"tty", "url", "util", "util/types", "v8", "vm", "wasi", "worker_threads", "zlib",
}

// isNodeModule reports whether a specifier names a module of Node.js.
func isNodeModule(specifier string) bool { return slices.Contains(nodeModules, specifier) }
