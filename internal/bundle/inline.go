package bundle

import (
	"context"
	"fmt"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// inlineModule is the name of the one module of a script in the stack file.
const inlineModule = "index.js"

// buildInline checks a script and takes it as it is: what was reviewed in the
// stack file is what is uploaded, byte for byte.
func buildInline(ctx context.Context, script string, how spec.CodeOptions) outcome {
	switch {
	case strings.TrimSpace(script) == "":
		return failed(problem(RuleNoHandler, "the script is empty", handlerHint))
	case !isText([]byte(script)):
		return failed(problem(RuleInlineScript, "the script holds characters that no text has", ""))
	}
	options := workerOptions()
	options.Stdin = &api.StdinOptions{Contents: script, Sourcefile: inlineModule, Loader: api.LoaderJS}
	options.TsconfigRaw = "{}"
	options.Plugins = []api.Plugin{oneFile(how.Runtime)}

	result, stopped := run(ctx, options)
	if stopped != nil {
		return failed(*stopped)
	}
	diags := messages{runtime: how.Runtime}.diagnose(result)
	if !diags.HasErrors() {
		diags = append(diags, checkInlineExports(script, readMetafile(result))...)
	}
	module := spec.Module{Name: inlineModule, Type: spec.ESModule, Content: []byte(script)}
	return outcome{main: inlineModule, modules: []spec.Module{module}, diags: diags}
}

func checkInlineExports(script string, meta metafile) diag.List {
	switch {
	case meta.commonJS:
		return diag.List{problem(RuleInlineScript, "the script is a CommonJS module; a script in the stack file runs as it is",
			"write export default instead of module.exports, and import instead of require")}
	case !isCallable(meta.exports):
		return diag.List{problem(RuleNoHandler, "the script has no default export", exportHint(script, meta.exports))}
	}
	return nil
}

// oneFile refuses every import that a script cannot have at run time. Of those
// that lead to the runtime, it leaves it to esbuild which may fail.
func oneFile(runtime spec.Runtime) api.Plugin {
	return api.Plugin{Name: "one-file", Setup: func(build api.PluginBuild) {
		build.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
			switch {
			case args.Kind == api.ResolveEntryPoint:
				return api.OnResolveResult{}, nil
			case hasModule(runtime, args.Path):
				return api.OnResolveResult{Path: args.Path, External: true}, nil
			case isRuntimeName(args.Path):
				return api.OnResolveResult{}, nil
			}
			return api.OnResolveResult{Errors: refuse(RuleInlineScript,
				fmt.Sprintf("cannot import %q: a script in the stack file is one file", args.Path),
				"put the code in a file of its own and name that with main:")}, nil
		})
	}}
}
