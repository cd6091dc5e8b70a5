package bundle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/internal/polyfills"
	"github.com/wfpsync/wfpsync/spec"
)

// The namespaces of modules that no file of the project holds.
const (
	requiredNamespace = "required-runtime-module" // what stands between require and the runtime
	shimNamespace     = "shim"                    // a package that wrangler replaces
	requiredShim      = "required-shim"
	polyfillNamespace = "polyfill" // a file of the polyfills, by its path in node_modules
	emptyNamespace    = "empty"    // what stands for such a file while it is not known whether it is needed
	injectedNamespace = "injected" // what sets globals before all other code
)

// installCommand installs the polyfills; nothing else ever does.
const installCommand = "wfpsync local install-runtime"

// A filler resolves what the code of one bundle uses of Node.js, as wrangler does. Imports of the runtime's modules stay in the
// bundle. Polyfills are bundled for what the runtime lacks. Which ones a bundle needs does not depend on what is installed.
// Source: workers-sdk, packages/wrangler/src/deployment-bundle/esbuild-plugins/hybrid-nodejs-compat.ts.
type filler struct {
	runtime   spec.Runtime
	installed polyfills.Files // nil where there are none

	globals []nodeGlobal    // those to inject
	watched []nodeGlobal    // those whose uses are looked for; see findUses
	refused map[string]bool // polyfills whose imports are errors
}

// bundler runs esbuild with a filler among the plugins.
type bundler = func(filler, api.BuildOptions) (api.BuildResult, *diag.Diagnostic)

// build bundles with esbuild. In the first build all polyfills are empty, which shows which ones are needed. If any are, it
// builds again with them.
func (f filler) build(ctx context.Context, p *project, options api.BuildOptions) (api.BuildResult, *diag.Diagnostic) {
	others := options.Plugins
	with := func(f filler, options api.BuildOptions) (api.BuildResult, *diag.Diagnostic) {
		options.Plugins = append([]api.Plugin{others[0], f.plugin()}, others[1:]...)
		result, stopped := run(ctx, options)
		return withoutNoise(result), stopped
	}
	result, stopped := with(f, options)
	if stopped != nil || len(result.Errors) > 0 || !fillsIn(f.runtime) {
		return result, stopped
	}
	uses, stopped := f.findUses(result, options, with)
	if stopped != nil {
		return result, stopped
	}
	needed := polyfillsIn(result)
	if len(needed)+len(uses) == 0 {
		return result, nil
	}
	var missing error
	if f.installed, missing = p.polyfills(); missing != nil {
		return f.refuse(p, missing, needed, uses, options, with)
	}
	for _, g := range filledGlobals(f.runtime) {
		if slices.ContainsFunc(uses, func(u use) bool { return u.global.name == g.name }) {
			f.globals = append(f.globals, g)
			options.Inject = append(options.Inject, injectedNamespace+":"+g.name)
		}
	}
	return with(f, options)
}

// polyfillsIn are the polyfills that ended up in a bundle, or would have.
func polyfillsIn(result api.BuildResult) map[string]bool {
	var described struct {
		Outputs map[string]struct {
			Inputs map[string]struct{ BytesInOutput int }
		}
	}
	_ = json.Unmarshal([]byte(result.Metafile), &described) // esbuild's own
	found := map[string]bool{}
	for _, output := range described.Outputs {
		for name, input := range output.Inputs {
			if name, ok := strings.CutPrefix(name, emptyNamespace+":"); ok && input.BytesInOutput > 0 {
				found[strings.TrimSuffix(name, ".cjs")] = true
			}
		}
	}
	return found
}

// withoutNoise removes warnings about modules that are not the project's, and about imports without names of modules that do
// nothing when they start.
func withoutNoise(result api.BuildResult) api.BuildResult {
	result.Warnings = slices.DeleteFunc(result.Warnings, func(m api.Message) bool {
		if m.Location != nil && slices.Contains([]string{polyfillNamespace, injectedNamespace, shimNamespace, requiredShim}, m.Location.Namespace) {
			return true
		}
		return strings.HasSuffix(m.Text, fmt.Sprintf("by plugin %q", fillerName))
	})
	return result
}

const fillerName = "node-compat"

// plugin leaves imports of the runtime's modules in the bundle. A
// require cannot be left there, because the bundle is an ES module; it becomes
// an import that CommonJS packages can use. Where the modules of Node.js go by
// their bare names, too, they come before packages of those names, and so do
// polyfills. esbuild resolves the rest: it finds a package of that name, and
// accepts that an import in a try fails.
func (f filler) plugin() api.Plugin {
	return api.Plugin{Name: fillerName, Setup: func(build api.PluginBuild) {
		build.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
			return f.resolve(args), nil
		})
		load := func(namespace string, content func(name string) (string, error)) {
			build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: namespace}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
				text, err := content(args.Path)
				return api.OnLoadResult{Contents: &text, Loader: api.LoaderJS}, err
			})
		}
		load(requiredNamespace, func(name string) (string, error) {
			return fmt.Sprintf("import library from %q;\nmodule.exports = library;\n", name), nil
		})
		load(shimNamespace, func(name string) (string, error) { return npmShims[name], nil })
		load(requiredShim, func(name string) (string, error) {
			return fmt.Sprintf(`import * as shim from %q;
const { default: main, ...named } = shim;
module.exports = main ?? {};
for (const name in named) Object.defineProperty(module.exports, name, { value: named[name], enumerable: true });
`, name), nil
		})
		load(emptyNamespace, func(string) (string, error) { return "module.exports = {};", nil })
		load(polyfillNamespace, f.polyfill)
		load(injectedNamespace, f.injected)
	}}
}

func (f filler) resolve(args api.OnResolveArgs) api.OnResolveResult {
	if name, ours := strings.CutPrefix(args.Path, injectedNamespace+":"); ours && args.Kind == api.ResolveEntryPoint {
		result := api.OnResolveResult{Path: name, Namespace: injectedNamespace}
		if name == watchedName {
			result.SideEffects = api.SideEffectsFalse
		}
		return result
	}
	specifier := args.Path
	switch within := args.Namespace == polyfillNamespace; {
	case within && strings.HasPrefix(specifier, "."):
		return f.toPolyfill(path.Join(path.Dir(args.Importer), specifier))
	case (within || args.Namespace == injectedNamespace) && polyfills.Name(specifier) != "":
		return f.toPolyfill(polyfills.Name(specifier))
	}
	required := args.Kind == api.ResolveJSRequireCall
	if _, shimmed := npmShims[specifier]; shimmed && fillsIn(f.runtime) && args.Kind != api.ResolveEntryPoint {
		if required {
			return api.OnResolveResult{Path: specifier, Namespace: requiredShim}
		}
		return api.OnResolveResult{Path: specifier, Namespace: shimNamespace, SideEffects: api.SideEffectsFalse}
	}
	target := polyfills.Name(polyfillOf(f.runtime, specifier))
	if target == polyfills.Name(presetProcess) && !f.replaces("process") {
		target = ""
		if f.watches("process") && !required {
			return api.OnResolveResult{Path: watchedModule, Namespace: injectedNamespace, SideEffects: api.SideEffectsFalse}
		}
	}
	switch {
	case f.refused[target]:
		message, hint := f.lacksPolyfill(specifier)
		return api.OnResolveResult{Errors: refuse(RulePolyfill, message, hint)}
	case target == "" && !hasModule(f.runtime, specifier):
		return api.OnResolveResult{}
	case isNodeModule(specifier):
		specifier = "node:" + specifier
	}
	switch {
	case required:
		return api.OnResolveResult{Path: specifier, Namespace: requiredNamespace}
	case target != "":
		return f.toPolyfill(target)
	}
	return api.OnResolveResult{Path: specifier, External: true}
}

// toPolyfill leads to a file of the polyfills. While uses of globals are looked for, those in polyfills do not count.
func (f filler) toPolyfill(name string) api.OnResolveResult {
	if f.watched != nil {
		return api.OnResolveResult{Path: name, External: true}
	}
	if f.installed == nil {
		return api.OnResolveResult{Path: name + ".cjs", Namespace: emptyNamespace, SideEffects: api.SideEffectsFalse}
	}
	result := api.OnResolveResult{Path: name, Namespace: polyfillNamespace, SideEffects: api.SideEffectsFalse}
	if strings.Contains(name, "/polyfill/") {
		result.SideEffects = api.SideEffectsTrue
	}
	return result
}

// polyfill is the content of a file.
func (f filler) polyfill(name string) (string, error) {
	content, known := f.installed[name]
	if !known {
		return "", fmt.Errorf("%s has no file %s", polyfills.Preset, name)
	}
	return string(content), nil
}

// replaces reports whether a global is injected.
func (f filler) replaces(name string) bool { return containsGlobal(f.globals, name) }

// watches reports whether uses of a global are looked for.
func (f filler) watches(name string) bool { return containsGlobal(f.watched, name) }

func containsGlobal(list []nodeGlobal, name string) bool {
	return slices.ContainsFunc(list, func(g nodeGlobal) bool { return g.name == name })
}

// injected is the content of a module that sets a global, or of those that tell its uses.
func (f filler) injected(name string) (string, error) {
	switch name {
	case watchedName:
		return watchedGlobals(f.watched), nil
	case watchedModule:
		return watchedProcess(), nil
	}
	i := slices.IndexFunc(f.globals, func(g nodeGlobal) bool { return g.name == name })
	if g := f.globals[i]; g.sets {
		return fmt.Sprintf("import value from %q;\nglobalThis.%s = value;\n", g.module, g.name), nil
	}
	return fmt.Sprintf("import %q;\n", f.globals[i].module), nil
}

// refuse makes errors of the imports and the uses that need polyfills where there are none.
func (f filler) refuse(p *project, missing error, needed map[string]bool, uses []use, options api.BuildOptions, with bundler) (api.BuildResult, *diag.Diagnostic) {
	if !errors.Is(missing, polyfills.ErrNotFound) {
		return api.BuildResult{Errors: refuse(RulePolyfill, missing.Error(), fmt.Sprintf("`%s` installs them again", installCommand))}, nil
	}
	places, stopped := f.places(p, uses, options, with)
	if stopped != nil {
		return api.BuildResult{}, stopped
	}
	f.refused = needed
	var errors []api.Message
	for i, use := range uses {
		if places[i].imported {
			needed[polyfills.Name(use.global.module)] = true
			f.globals = append(f.globals, use.global)
			continue
		}
		message, hint := f.lacksGlobal(use)
		m := refuse(RulePolyfill, message, hint)[0]
		m.Location = places[i].at
		errors = append(errors, m)
	}
	result, stopped := with(f, options)
	result.Errors = append(result.Errors, errors...)
	return result, stopped
}

// lacksPolyfill says that an import needs a polyfill, and how to get it or do without.
func (f filler) lacksPolyfill(specifier string) (message, hint string) {
	name := strings.TrimPrefix(specifier, "node:")
	flags := [][]string{processFlags}
	for _, group := range nodeModules {
		if slices.Contains(group.names, name) && group.flag != "" {
			flags = [][]string{{"enable_" + group.flag}}
		}
	}
	if name == "fs/promises" {
		flags = [][]string{{"enable_" + fsModule}}
	}
	ways := waysUntil(f.runtime, flags, func(at spec.Runtime) bool {
		return fillsIn(at) && polyfillOf(at, specifier) == "" && hasModule(at, specifier)
	})
	return fmt.Sprintf("%q needs a polyfill%s, and none is installed", specifier, withSettings(f.runtime)), polyfillHint(ways)
}

// lacksGlobal says the same of the use of a global.
func (f filler) lacksGlobal(u use) (message, hint string) {
	flags := [][]string{{"enable_" + perfHooksModule}, {"enable_" + consoleModule}, {"enable_" + processFlag}, processFlags}
	ways := waysUntil(f.runtime, flags, func(at spec.Runtime) bool {
		return fillsIn(at) && !slices.ContainsFunc(filledGlobals(at), func(g nodeGlobal) bool {
			return g.name == u.global.name && (u.property == "" || slices.Contains(g.adds, u.property) || slices.Contains(g.others, u.property))
		})
	})
	return fmt.Sprintf("`%s` needs a polyfill%s, and none is installed", u, withSettings(f.runtime)), polyfillHint(ways)
}

func polyfillHint(ways []string) string {
	hint := fmt.Sprintf("install those that wrangler bundles: `%s`", installCommand)
	if len(ways) > 0 {
		hint += "; without them, the runtime has it " + strings.Join(ways, ", or ")
	}
	return hint
}
