package bundle

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/wfpsync/wfpsync/internal/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// takeEntrypoint takes a file as it is, and beside it those in its folder that
// the rules match, by their paths from there. esbuild only looks whether the
// file could run.
// Source: workers-sdk, packages/wrangler/src/deployment-bundle/no-bundle-worker.ts.
func takeEntrypoint(ctx context.Context, p *project, entrypoint string, how spec.CodeOptions) outcome {
	main := path.Base(entrypoint)
	if extension := path.Ext(main); extension != ".js" && extension != ".mjs" {
		return failed(problem(RuleBundle, fmt.Sprintf("entrypoint %q cannot be uploaded as it is", entrypoint),
			"with no_bundle the runtime gets the file itself, so it is JavaScript: .js or .mjs"))
	}
	modules, refused := besideEntrypoint(p, entrypoint, compileRules(how.Rules, false))
	if refused != nil {
		return failed(*refused)
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
	options.Plugins = []api.Plugin{uploadedModules(modules, how.NodeCompat)}
	imports, stopped := run(ctx, options)
	if stopped != nil {
		return failed(*stopped)
	}
	if len(result.Errors) == 0 {
		result.Errors = refusals(imports.Errors)
	}
	diags := messages{project: p}.diagnose(result)
	if meta := readMetafile(result); !diags.HasErrors() && !containsDefault(meta.exports) {
		diags = append(diags, noDefaultExport(p, entrypoint, meta.exports))
	}
	return outcome{main: main, modules: modules, diags: diags}
}

// refusals are the errors of our own plugins. What esbuild cannot resolve by
// itself, import(`./pages/${name}.js`), is the runtime's to resolve.
func refusals(errors []api.Message) []api.Message {
	return slices.DeleteFunc(errors, func(m api.Message) bool {
		_, ours := m.Detail.(refusal)
		return !ours
	})
}

// besideEntrypoint collects the files under an entrypoint's folder that rules
// match. Hidden folders and installed packages are none of a Worker's files.
func besideEntrypoint(p *project, entrypoint string, rules moduleRules) ([]spec.Module, *diag.Diagnostic) {
	var modules []spec.Module
	var refused *diag.Diagnostic
	refuse := func(rule, message, hint string) error {
		d := problem(rule, message, hint)
		refused = &d
		return fs.SkipAll
	}
	folder := path.Dir(entrypoint)
	err := fs.WalkDir(p.root.FS(), folder, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != folder && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules"):
			return fs.SkipDir
		case entry.IsDir() || name == entrypoint:
			return nil
		}
		moduleName := name
		if folder != "." {
			moduleName = strings.TrimPrefix(name, folder+"/")
		}
		rule, matches := rules.match(moduleName)
		if !matches {
			return nil
		}
		if rule.dropped {
			return refuse(RuleBundle, rule.droppedMessage(name), fallthroughHint)
		}
		if !p.contains(name) {
			return refuse(RuleEntrypointOutside, leadsOutside(name), outsideHint)
		}
		if info, err := p.stat(name); err != nil || !info.Mode().IsRegular() {
			return err // a link to a folder, say
		}
		content, err := p.read(name)
		if err != nil {
			return err
		}
		modules = append(modules, spec.Module{Name: moduleName, Type: rule.kind, Content: content})
		return nil
	})
	if err != nil {
		_ = refuse(RuleBundle, fmt.Sprintf("cannot read the files beside %q: %v", entrypoint, err), "")
	}
	return modules, refused
}

// uploadedModules leaves every import in place, and refuses those that lead to
// no module of the upload.
func uploadedModules(modules []spec.Module, nodeCompat bool) api.Plugin {
	return api.Plugin{Name: "uploaded-modules", Setup: func(build api.PluginBuild) {
		build.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
			uploaded := slices.ContainsFunc(modules, func(m spec.Module) bool { return m.Name == path.Clean(args.Path) })
			switch {
			case args.Kind == api.ResolveEntryPoint:
				return api.OnResolveResult{}, nil
			case uploaded, isRuntimeModule(args.Path), nodeCompat && isNodeModule(args.Path):
				return api.OnResolveResult{Path: args.Path, External: true}, nil
			case isNodeModule(args.Path):
				return api.OnResolveResult{Errors: refuse(RuleBundle, fmt.Sprintf("cannot import %q", args.Path), nodeHint(args.Path))}, nil
			}
			return api.OnResolveResult{Errors: refuse(RuleBundle, fmt.Sprintf("cannot import %q: no module of that name is uploaded", args.Path),
				"with no_bundle a rule adds files beside the entrypoint: rules: [{ type: ESModule, globs: [\"**/*.js\"] }]")}, nil
		})
	}}
}
