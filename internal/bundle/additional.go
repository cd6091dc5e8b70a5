package bundle

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// baseDir is the folder that a code's additional modules are named from, and
// its main module with them.
func baseDir(entrypoint string, how spec.CodeOptions) string {
	if how.BaseDir == "" {
		return path.Dir(entrypoint)
	}
	return how.BaseDir
}

// under is a file's path from a folder that holds it.
func under(folder, name string) string {
	if folder == "." {
		return name
	}
	return strings.TrimPrefix(name, folder+"/")
}

// additionalModules collects the files below a folder that rules match. Hidden
// folders and installed packages are none of a Worker's files.
// Source: workers-sdk, packages/wrangler/src/deployment-bundle/find-additional-modules.ts.
func additionalModules(p *project, entrypoint, folder string, rules moduleRules) ([]spec.Module, *diag.Diagnostic) {
	var modules []spec.Module
	var refused *diag.Diagnostic
	refuse := func(rule, message, hint string) error {
		d := problem(rule, message, hint)
		refused = &d
		return fs.SkipAll
	}
	err := fs.WalkDir(p.root.FS(), folder, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != folder && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules"):
			return fs.SkipDir
		case entry.IsDir() || name == entrypoint:
			return nil
		}
		moduleName := under(folder, name)
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
		if rule.isScript() && !slices.Contains(plainScripts, path.Ext(name)) {
			return refuse(RuleAdditionalModule, fmt.Sprintf("%q matches the rule for %q, and would be uploaded as it is", name, rule.glob),
				"the runtime reads JavaScript: let the rule match .js, .mjs and .cjs only, and import the file so that it is bundled")
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

// plainScripts are the extensions of scripts that the runtime reads as they are.
var plainScripts = []string{".js", ".mjs", ".cjs"}

// additionalImports leaves the imports that lead to additional modules in the
// bundle, to be made at run time. folder is what the modules are named from, and
// main the name of the bundle.
func additionalImports(p *project, folder, main string, modules []spec.Module) api.Plugin {
	specifiers := map[string]string{} // by the file's name in the project
	for _, m := range modules {
		if file, inside := p.rel(p.abs(path.Join(folder, m.Name))); inside {
			specifiers[file] = relativeImport(path.Dir(main), m.Name)
		}
	}
	specifier := func(file string) string {
		name, _ := p.rel(file)
		return specifiers[name]
	}
	return api.Plugin{Name: "additional-modules", Setup: func(build api.PluginBuild) {
		if len(specifiers) == 0 {
			return
		}
		build.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
			if args.Kind == api.ResolveEntryPoint {
				return api.OnResolveResult{}, nil
			}
			file, found := resolve(build, args, args.Path)
			if !found || specifier(file) == "" {
				return api.OnResolveResult{}, nil
			}
			if args.Kind == api.ResolveJSRequireCall {
				return api.OnResolveResult{Errors: refuseRequire(args.Path)}, nil
			}
			return api.OnResolveResult{Path: specifier(file), External: true}, nil
		})
		// The files of import(`./pages/${name}.js`) are not offered when they are
		// resolved. What is bundled of each is where to find it.
		build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: "file"}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
			if specifier(args.Path) == "" {
				return api.OnLoadResult{}, nil
			}
			self, _ := json.Marshal("./" + filepath.Base(args.Path)) // text
			content := fmt.Sprintf("import * as module from %[1]s; export * from %[1]s; export default module.default;", self)
			return api.OnLoadResult{Contents: &content, Loader: api.LoaderJS, ResolveDir: filepath.Dir(args.Path)}, nil
		})
	}}
}

// relativeImport is how a module in a folder imports another by its name.
func relativeImport(folder, name string) string {
	up := 0
	for folder != "." && !strings.HasPrefix(name, folder+"/") {
		folder, up = path.Dir(folder), up+1
	}
	if up == 0 {
		return "./" + under(folder, name)
	}
	return strings.Repeat("../", up) + under(folder, name)
}
