package bundle

import (
	"context"
	"fmt"
	"path"
	"slices"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// takeEntrypoint takes a file as it is, and the additional modules beside it. esbuild only looks whether the
// file could run.
// Source: workers-sdk, packages/wrangler/src/deployment-bundle/no-bundle-worker.ts.
func takeEntrypoint(ctx context.Context, p *project, entrypoint string, how spec.CodeOptions) outcome {
	folder := baseDir(entrypoint, how)
	main := under(folder, entrypoint)
	if extension := path.Ext(main); extension != ".js" && extension != ".mjs" {
		return failed(problem(RuleBundle, fmt.Sprintf("entrypoint %q cannot be uploaded as it is", entrypoint),
			"with no_bundle the runtime gets the file itself, so it is JavaScript: .js or .mjs"))
	}
	var modules []spec.Module
	if how.FindModules {
		var refused *diag.Diagnostic
		if modules, refused = additionalModules(p, entrypoint, folder, compileRules(how.Rules, false)); refused != nil {
			return failed(*refused)
		}
	}
	content, err := p.read(entrypoint)
	if err != nil {
		return failed(problem(RuleBundle, fmt.Sprintf("entrypoint %q cannot be read: %v", entrypoint, err), ""))
	}
	modules = append(modules, spec.Module{Name: main, Type: spec.ESModule, Content: content})

	options := workerOptions()
	options.Stdin = &api.StdinOptions{Contents: string(content), Sourcefile: entrypoint, Loader: api.LoaderJS}
	options.AbsWorkingDir = p.dir
	options.TsconfigRaw = "{}"
	options.Bundle = false
	result, stopped := run(ctx, options)
	if stopped != nil {
		return failed(*stopped)
	}
	options.Bundle = true // else no import is looked at
	options.Plugins = []api.Plugin{uploadedModules(path.Dir(main), modules, how.Runtime)}
	imports, stopped := run(ctx, options)
	if stopped != nil {
		return failed(*stopped)
	}
	if len(result.Errors) == 0 {
		result.Errors = refusals(imports.Errors)
	}
	diags := messages{project: p, runtime: how.Runtime}.diagnose(result)
	if meta := readMetafile(result); !diags.HasErrors() && !isCallable(meta.exports) {
		diags = append(diags, noDefaultExport(p, entrypoint, meta.exports))
	}
	return outcome{main: main, modules: modules, diags: diags}
}

// refusals are the errors of our own plugins, and those about modules that the
// runtime lacks. What else esbuild cannot resolve by itself,
// import(`./pages/${name}.js`), is the runtime's to resolve.
func refusals(errors []api.Message) []api.Message {
	return slices.DeleteFunc(errors, func(m api.Message) bool {
		_, ours := m.Detail.(refusal)
		unresolved := unresolvedImport.FindStringSubmatch(m.Text)
		return !ours && (unresolved == nil || !isRuntimeName(unresolved[1]))
	})
}

// uploadedModules leaves every import in place, and refuses those that lead to
// no module of the upload or of the runtime. folder is where the main module is among them.
func uploadedModules(folder string, modules []spec.Module, runtime spec.Runtime) api.Plugin {
	return api.Plugin{Name: "uploaded-modules", Setup: func(build api.PluginBuild) {
		build.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
			uploaded := slices.ContainsFunc(modules, func(m spec.Module) bool { return m.Name == path.Join(folder, args.Path) })
			switch {
			case args.Kind == api.ResolveEntryPoint:
				return api.OnResolveResult{}, nil
			case uploaded, hasModule(runtime, args.Path):
				return api.OnResolveResult{Path: args.Path, External: true}, nil
			case isRuntimeName(args.Path):
				return api.OnResolveResult{}, nil
			}
			return api.OnResolveResult{Errors: refuse(RuleBundle, fmt.Sprintf("cannot import %q: no module of that name is uploaded", args.Path),
				"with no_bundle a rule adds files beside the entrypoint: rules: [{ type: ESModule, globs: [\"**/*.js\"] }]")}, nil
		})
	}}
}
