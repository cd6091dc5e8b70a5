package bundle

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// workerOptions are what every build has in common. They follow wrangler, so
// that a Worker moved here behaves as before.
// Source: workers-sdk, packages/wrangler/src/deployment-bundle/bundle.ts.
func workerOptions() api.BuildOptions {
	return api.BuildOptions{
		LogLevel:   api.LogLevelSilent,
		Bundle:     true,
		Metafile:   true,
		Format:     api.FormatESModule,
		Platform:   api.PlatformBrowser,
		Target:     api.ES2024,
		Supported:  map[string]bool{"import-source": true, "using": true}, // which the runtime has
		Conditions: []string{"workerd", "worker", "browser"},
		KeepNames:  true,
		Loader: map[string]api.Loader{
			".js":  api.LoaderJSX,
			".mjs": api.LoaderJSX,
			".cjs": api.LoaderJSX,
		},
		// wrangler takes the value from its own environment. It is fixed here:
		// the same sources must make the same bundle on every machine.
		Define: map[string]string{
			"process.env.NODE_ENV":            `"production"`,
			"global.process.env.NODE_ENV":     `"production"`,
			"globalThis.process.env.NODE_ENV": `"production"`,
		},
	}
}

// buildEntrypoint bundles a file of the project and what it imports. A source
// map takes its time, so it is made only when it is wanted.
func buildEntrypoint(ctx context.Context, p *project, entrypoint string, how spec.CodeOptions, mapped bool) outcome {
	if d, ok := checkEntrypoint(p, entrypoint); !ok {
		return failed(d)
	}
	entrypoint = path.Clean(entrypoint)
	if how.NoBundle {
		return takeEntrypoint(ctx, p, entrypoint, how)
	}
	config := p.tsconfig(path.Dir(entrypoint))
	if config.diags.HasErrors() {
		return outcome{diags: config.diags}
	}
	settings := newOwnSettings(p, config, mapped)

	folder := baseDir(entrypoint, how)
	main := stem(under(folder, entrypoint)) + ".js"
	var additional []spec.Module
	if how.FindModules {
		var refused *diag.Diagnostic
		if additional, refused = additionalModules(p, entrypoint, folder, compileRules(how.Rules, false)); refused != nil {
			return failed(*refused)
		}
	}
	if slices.ContainsFunc(additional, func(m spec.Module) bool { return m.Name == main }) {
		return failed(problem(RuleAdditionalModule, fmt.Sprintf("%q is beside the entrypoint %q, whose bundle has that name", path.Join(folder, main), entrypoint),
			"give one of the two another name, or leave the file out of `rules`"))
	}
	collected := &moduleCollector{project: p, rules: compileRules(how.Rules, true), folder: path.Dir(main)}
	options := workerOptions()
	options.EntryPointsAdvanced = []api.EntryPoint{{InputPath: p.abs(entrypoint), OutputPath: stem(path.Base(main))}}
	options.AbsWorkingDir = p.dir
	options.Outdir = p.abs("dist") // never written; esbuild wants a name
	options.TsconfigRaw = config.raw
	options.MinifyWhitespace, options.MinifyIdentifiers, options.MinifySyntax = how.Minify, how.Minify, how.Minify
	maps.Copy(options.Define, how.Define)
	if mapped {
		options.Sourcemap, options.SourcesContent = api.SourceMapExternal, api.SourcesContentExclude
	}
	options.Plugins = []api.Plugin{aliases(p, how.Alias), styleSheets(), additionalImports(p, folder, main, additional), collected.plugin(), newGuard(p).plugin(), settings.plugin()}

	result, stopped := filler{runtime: how.Runtime}.build(ctx, p, options)
	if stopped != nil {
		return failed(*stopped)
	}
	diags := append(settings.diags(), messages{project: p, runtime: how.Runtime, settings: settings}.diagnose(result)...)
	if diags.HasErrors() {
		return outcome{diags: diags}
	}
	meta := readMetafile(result)
	if !isCallable(meta.exports) {
		return outcome{diags: append(diags, noDefaultExport(p, entrypoint, meta.exports))}
	}
	made := outcome{main: main, modules: append(collected.modules(), additional...), diags: diags}
	for _, file := range result.OutputFiles {
		switch base := path.Base(main); filepath.Base(file.Path) {
		case base + ".map":
			made.mapping = file.Contents
		case base: // and no style sheet, which no Worker could serve
			made.modules = append(made.modules, spec.Module{Name: main, Type: spec.ESModule, Content: file.Contents})
		}
	}
	return made
}

// noDefaultExport points at the start of the entrypoint: what is missing has no
// place.
func noDefaultExport(p *project, entrypoint string, exports []string) diag.Diagnostic {
	content, _ := p.read(entrypoint)
	d := problem(RuleNoHandler, fmt.Sprintf("%q has no default export", entrypoint), exportHint(string(content), exports))
	firstLine, _, _ := strings.Cut(string(content), "\n")
	d.Range = diag.Range{File: entrypoint, Line: 1, Column: 1}
	d.Snippet = snippet(firstLine)
	return d
}

// run builds until the context ends. Whoever stops a build gets a diagnostic
// too, so that an incomplete code is never without one.
func run(ctx context.Context, options api.BuildOptions) (api.BuildResult, *diag.Diagnostic) {
	if err := ctx.Err(); err != nil {
		return api.BuildResult{}, interrupted(err)
	}
	build, err := api.Context(options)
	if err != nil {
		return api.BuildResult{Errors: err.Errors}, nil
	}
	defer build.Dispose()
	stop := context.AfterFunc(ctx, build.Cancel)
	defer stop()
	result := build.Rebuild()
	if err := ctx.Err(); err != nil {
		return api.BuildResult{}, interrupted(err)
	}
	return result, nil
}

func interrupted(err error) *diag.Diagnostic {
	d := problem(RuleBundle, fmt.Sprintf("bundling was stopped: %v", err), "")
	return &d
}

// metafile is what this package reads of esbuild's description of a build with
// one entrypoint.
type metafile struct {
	exports  []string // names the bundle exports
	commonJS bool     // the entrypoint is written as a CommonJS module
}

func readMetafile(result api.BuildResult) metafile {
	var described struct {
		Inputs map[string]struct {
			Format string `json:"format"`
		} `json:"inputs"`
		Outputs map[string]struct {
			Entrypoint string   `json:"entryPoint"`
			Exports    []string `json:"exports"`
		} `json:"outputs"`
	}
	var meta metafile
	if err := json.Unmarshal([]byte(result.Metafile), &described); err != nil {
		return meta // not JSON: nothing is known to be exported
	}
	for name, output := range described.Outputs {
		if output.Entrypoint != "" && !strings.HasSuffix(name, ".css") {
			meta.exports = output.Exports
			meta.commonJS = described.Inputs[output.Entrypoint].Format == "cjs"
		}
	}
	return meta
}
