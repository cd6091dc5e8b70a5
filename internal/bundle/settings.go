package bundle

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/internal/sourcemap"
)

// fileSettings is what a tsconfig.json changes about the code of a file. Two
// that say the same in different words are equal.
type fileSettings struct {
	jsx jsxSettings

	// These are of TypeScript only.
	decorators    bool // the experimental ones
	assignsFields bool // where JavaScript would define them
	keepsImports  bool // even where nothing but types comes from them
}

type jsxSettings struct{ mode, factory, fragment, source string }

func settingsOf(fields map[string]json.RawMessage) fileSettings {
	option := func(name, otherwise string) string {
		text := otherwise
		_ = json.Unmarshal(fields[name], &text) // esbuild, too, takes no notice of what is not text
		return text
	}
	isTrue := func(name string) bool { return string(fields[name]) == "true" }
	s := fileSettings{
		jsx: jsxSettings{
			mode:     strings.ToLower(option("jsx", "")),
			factory:  option("jsxFactory", "React.createElement"),
			fragment: option("jsxFragmentFactory", "React.Fragment"),
			source:   option("jsxImportSource", "react"),
		},
		decorators: isTrue("experimentalDecorators"),
		assignsFields: string(fields["useDefineForClassFields"]) == "false" ||
			!isTrue("useDefineForClassFields") && slices.Contains(targetsThatAssign, strings.ToLower(option("target", ""))),
		keepsImports: isTrue("verbatimModuleSyntax") || isTrue("preserveValueImports") ||
			slices.Contains([]string{"preserve", "error"}, option("importsNotUsedAsValues", "")),
	}
	if !strings.HasPrefix(s.jsx.mode, "react-jsx") {
		s.jsx.mode = "react" // "preserve" would be for another tool to go on with
	}
	return s
}

// targetsThatAssign are the targets at which TypeScript assigns the fields of a
// class, unless it is told otherwise.
var targetsThatAssign = []string{"es3", "es5", "es6", "es2015", "es2016", "es2017", "es2018", "es2019", "es2020", "es2021"}

// tsconfig is the settings as esbuild reads them. A file is read once more after
// it has been transformed, and then an import stays only if it has no names.
func (s fileSettings) tsconfig() string {
	notUsed := "remove"
	if s.keepsImports {
		notUsed = "preserve"
	}
	raw, _ := json.Marshal(map[string]any{"compilerOptions": map[string]any{ // texts and truth values
		"jsx":                     s.jsx.mode,
		"jsxFactory":              s.jsx.factory,
		"jsxFragmentFactory":      s.jsx.fragment,
		"jsxImportSource":         s.jsx.source,
		"experimentalDecorators":  s.decorators,
		"useDefineForClassFields": !s.assignsFields,
		"importsNotUsedAsValues":  notUsed,
	}})
	return string(raw)
}

// matters reports whether a file might mean something else with other settings.
func (s fileSettings) matters(other fileSettings, name string, content []byte) bool {
	has := func(text string) bool { return bytes.Contains(content, []byte(text)) }
	ext := path.Ext(name)
	takesJSX := ext != ".ts" && ext != ".mts" && ext != ".cts"
	return takesJSX && s.jsx != other.jsx && (has("</") || has("/>")) ||
		isTypeScript(name) && (s.decorators != other.decorators && has("@") ||
			s.assignsFields != other.assignsFields && has("class") ||
			s.keepsImports != other.keepsImports && has("import"))
}

func isTypeScript(name string) bool {
	return slices.Contains([]string{".ts", ".tsx", ".mts", ".cts"}, path.Ext(name))
}

// ownSettings gives each file of a bundle the settings of the tsconfig.json that
// is nearest to it. esbuild is handed those of the entrypoint for all files,
// because it would look for others outside the project by itself.
type ownSettings struct {
	project *project
	whole   *tsconfig // the entrypoint's
	mapped  bool      // the bundle gets a source map

	mu          sync.Mutex // esbuild resolves and loads concurrently
	used        map[*tsconfig]bool
	transformed map[string][]byte // source maps by file
}

func newOwnSettings(p *project, whole *tsconfig, mapped bool) *ownSettings {
	return &ownSettings{project: p, whole: whole, mapped: mapped, used: map[*tsconfig]bool{whole: true}, transformed: map[string][]byte{}}
}

// diags is what there is to say about the tsconfig.json files of the bundle.
func (o *ownSettings) diags() diag.List {
	var diags diag.List
	for config := range o.used {
		diags = append(diags, config.diags...)
	}
	return diags.Sorted()
}

// of is the settings of the files in a folder, nil where they are esbuild's to
// find: the entrypoint's, or none.
func (o *ownSettings) of(absDir string) *tsconfig {
	dir, err := filepath.Rel(o.project.dir, absDir)
	if err != nil || !filepath.IsLocal(dir) {
		return nil
	}
	config := o.project.tsconfig(filepath.ToSlash(dir))
	if config == o.whole {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.used[config] = true
	return config
}

// reexports holds files that are reached through "paths". esbuild does not look
// what package.json says of a file that a plugin names, but of one that another
// file imports.
const (
	reexports = "tsconfig-paths"
	required  = "?require"
)

func (o *ownSettings) plugin() api.Plugin {
	return api.Plugin{Name: "tsconfig", Setup: func(build api.PluginBuild) {
		build.OnResolve(api.OnResolveOptions{Filter: "^[^.]", Namespace: "file"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
			if args.Kind == api.ResolveEntryPoint {
				return api.OnResolveResult{}, nil
			}
			return o.resolve(build, args), nil
		})
		build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: reexports}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
			file, _ := json.Marshal("./" + filepath.Base(args.Path)) // text
			// In TypeScript, a name that is not there may be a type.
			content := "export * from " + string(file) + "; export { default } from " + string(file)
			if args.Suffix == required {
				content = "module.exports = require(" + string(file) + ")"
			}
			return api.OnLoadResult{Contents: &content, Loader: api.LoaderTS, ResolveDir: filepath.Dir(args.Path)}, nil
		})
		build.OnLoad(api.OnLoadOptions{Filter: `\.[cm]?[jt]sx?$`, Namespace: "file"}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
			return o.load(args.Path), nil
		})
	}}
}

// resolve leads an import where "paths" and "baseUrl" of its file's own
// tsconfig.json lead, and not where those of the entrypoint's do.
func (o *ownSettings) resolve(build api.PluginBuild, args api.OnResolveArgs) api.OnResolveResult {
	own := o.of(args.ResolveDir)
	if own == nil || own == noTSConfig && strings.Contains(filepath.ToSlash(args.ResolveDir)+"/", "/node_modules/") {
		return api.OnResolveResult{}
	}
	found, ok := o.lookUp(build, args, own)
	if !ok {
		if _, elsewhere := o.lookUp(build, args, o.whole); !elsewhere {
			return api.OnResolveResult{} // as esbuild finds it
		}
		found = o.installed(build, args)
	}
	if len(found.Errors) > 0 || args.PluginData == resolving || !o.isModule(found.Path) {
		return api.OnResolveResult{Path: found.Path, Errors: found.Errors}
	}
	reached := api.OnResolveResult{Path: found.Path, Namespace: reexports}
	if args.Kind == api.ResolveJSRequireCall {
		reached.Suffix = required
	}
	return reached
}

// lookUp finds the file that a tsconfig.json leads an import to.
func (o *ownSettings) lookUp(build api.PluginBuild, args api.OnResolveArgs, config *tsconfig) (api.ResolveResult, bool) {
	candidates := config.substituted(args.Path)
	if config.baseURL != nil && !path.IsAbs(args.Path) {
		candidates = append(candidates, path.Join(*config.baseURL, args.Path))
	}
	for _, candidate := range candidates {
		if !path.IsAbs(candidate) {
			candidate = "./" + path.Clean(candidate)
		}
		found := build.Resolve(candidate, api.ResolveOptions{ResolveDir: o.project.dir, Kind: args.Kind, PluginData: resolving})
		if len(found.Errors) == 0 && found.Namespace == "file" {
			return found, true
		}
	}
	return api.ResolveResult{}, false
}

// substituted lists where the "paths" of a tsconfig.json lead an import. Of the
// patterns that match, that with the longest beginning counts.
func (c *tsconfig) substituted(specifier string) []string {
	targets, exact := c.paths[specifier]
	var matched string
	best := [2]int{-1, -1}
	for pattern := range c.paths {
		before, after, starred := strings.Cut(pattern, "*")
		if exact || !starred || len(specifier) < len(before)+len(after) || !strings.HasPrefix(specifier, before) || !strings.HasSuffix(specifier, after) {
			continue
		}
		if length := [2]int{len(before), len(after)}; slices.Compare(length[:], best[:]) > 0 {
			best, matched, targets = length, specifier[len(before):len(specifier)-len(after)], c.paths[pattern]
		}
	}
	var list []string
	for _, target := range targets {
		if target = strings.Replace(target, "*", matched, 1); !strings.HasSuffix(strings.ToLower(target), ".d.ts") {
			list = append(list, target)
		}
	}
	return list
}

// installed finds a package for a file that the entrypoint's tsconfig.json says
// nothing about. None counts for what is in node_modules.
func (o *ownSettings) installed(build api.PluginBuild, args api.OnResolveArgs) api.ResolveResult {
	for dir := args.ResolveDir; ; dir = filepath.Dir(dir) {
		name, inside := o.project.rel(dir)
		if !inside {
			return api.ResolveResult{Errors: []api.Message{{Text: unresolved(args.Path)}}}
		}
		packages := path.Join(name, "node_modules")
		if info, err := o.project.stat(packages); err == nil && info.IsDir() {
			return build.Resolve(args.Path, api.ResolveOptions{
				Importer: args.Importer, ResolveDir: o.project.abs(packages), Kind: args.Kind, PluginData: resolving,
			})
		}
	}
}

// isModule reports whether package.json says that a file is an ES module, so
// that CommonJS modules look to it as they do in Node.js.
func (o *ownSettings) isModule(file string) bool {
	name, inside := o.project.rel(file)
	if ext := path.Ext(name); !inside || ext != ".js" && ext != ".jsx" && ext != ".ts" && ext != ".tsx" {
		return false
	}
	for dir := path.Dir(name); ; dir = path.Dir(dir) {
		if content, err := o.project.read(path.Join(dir, manifest)); err == nil {
			var described struct{ Type string }
			_ = json.Unmarshal(content, &described)
			return described.Type == "module"
		}
		if dir == "." {
			return false
		}
	}
}

// load transforms a file whose settings are not those of the entrypoint, where
// that makes a difference.
func (o *ownSettings) load(file string) api.OnLoadResult {
	own := o.of(filepath.Dir(file))
	installedScript := own == noTSConfig && strings.Contains(filepath.ToSlash(file), "/node_modules/") && !isTypeScript(file)
	if own == nil || own.settings == o.whole.settings || installedScript {
		return api.OnLoadResult{}
	}
	name, _ := o.project.rel(file)
	content, err := o.project.read(name)
	if err != nil || !own.settings.matters(o.whole.settings, name, content) || o.project.emptied(name) {
		return api.OnLoadResult{}
	}
	with := workerOptions()
	options := api.TransformOptions{
		Sourcefile: name, Loader: loaders[path.Ext(name)], Target: with.Target, Supported: with.Supported,
		TsconfigRaw: own.settings.tsconfig(), Sourcemap: api.SourceMapExternal, SourcesContent: api.SourcesContentExclude,
	}
	if o.whole.settings.assignsFields && !own.settings.assignsFields {
		// What is read once more must have no fields that would be assigned then.
		options.Supported["class-field"], options.Supported["class-static-field"] = false, false
	}
	result := api.Transform(string(content), options)
	if len(result.Errors) > 0 {
		return api.OnLoadResult{Errors: result.Errors}
	}
	code, loader := string(result.Code), api.LoaderJS
	if isTypeScript(name) {
		loader = api.LoaderTS // a name that it exports again may be a type
	}
	if o.mapped {
		code += "//# sourceMappingURL=data:application/json;base64," + base64.StdEncoding.EncodeToString(beside(result.Map, name))
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.transformed[name] = result.Map
	return api.OnLoadResult{Contents: &code, Loader: loader}
}

var loaders = map[string]api.Loader{
	".js": api.LoaderJSX, ".mjs": api.LoaderJSX, ".cjs": api.LoaderJSX, ".jsx": api.LoaderJSX,
	".ts": api.LoaderTS, ".mts": api.LoaderTS, ".cts": api.LoaderTS, ".tsx": api.LoaderTSX,
}

// beside names the source of a source map as seen from its own folder.
func beside(mapping []byte, name string) []byte {
	var fields map[string]any
	_ = json.Unmarshal(mapping, &fields) // esbuild's own
	fields["sources"] = []string{path.Base(name)}
	encoded, _ := json.Marshal(fields)
	return encoded
}

// written is a place in a file as it was written, before it was transformed.
func (o *ownSettings) written(at *api.Location) *api.Location {
	if o == nil || at == nil || o.transformed[at.File] == nil {
		return at
	}
	mapping, _ := sourcemap.Parse(o.transformed[at.File]) // esbuild's own
	origin, found := mapping.Find(at.Line, characters(at.LineText, at.Column)+1)
	content, err := o.project.read(at.File)
	lines := strings.Split(string(content), "\n")
	if !found || err != nil || origin.Line > len(lines) {
		return &api.Location{File: at.File}
	}
	line := []rune(lines[origin.Line-1])
	column := len(string(line[:min(len(line), origin.Column-1)]))
	return &api.Location{
		File: at.File, Line: origin.Line, Column: column,
		Length: min(at.Length, len(string(line))-column), LineText: string(line), Suggestion: at.Suggestion,
	}
}
