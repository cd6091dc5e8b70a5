package bundle

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"github.com/evanw/esbuild/pkg/api"
)

// manifest is the file that describes an npm package.
const manifest = "package.json"

// guard keeps a bundle to its project. It looks at every file before esbuild
// loads it, because not every import is offered to plugins when it is resolved:
// import(`./pages/${name}.ts`) is not.
type guard struct {
	project *project

	mu    sync.Mutex        // esbuild loads files concurrently
	stray map[string]string // by folder; see strayManifest
}

func newGuard(p *project) *guard { return &guard{project: p, stray: map[string]string{}} }

func (g *guard) plugin() api.Plugin {
	return api.Plugin{Name: "guard", Setup: func(build api.PluginBuild) {
		build.OnResolve(api.OnResolveOptions{Filter: "^(https?:)?//"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
			return api.OnResolveResult{Errors: refuse(RuleBundle, fmt.Sprintf("cannot import %q from the network", args.Path),
				"install the package with npm, or save the file in the project")}, nil
		})
		if g.project.underManifest {
			build.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
				return g.withoutManifest(build, args), nil
			})
		}
		build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: "file"}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
			return g.check(args.Path), nil
		})
	}}
}

// check refuses a file outside the project, one whose package is described by a
// file outside, and a pipe or a device, which could be read for ever. Otherwise it leaves the loading to esbuild, which knows of
// files that a package wants replaced by nothing.
func (g *guard) check(file string) api.OnLoadResult {
	name, inside := g.project.rel(file)
	if !inside {
		return api.OnLoadResult{Errors: refuseOutside(name)}
	}
	if info, err := g.project.stat(name); err == nil && !info.Mode().IsRegular() {
		return api.OnLoadResult{Errors: refuse(RuleBundle, fmt.Sprintf("%q is not a regular file", name), "")}
	}
	if stray := g.strayManifest(filepath.Dir(file)); stray != "" {
		return api.OnLoadResult{Errors: refuse(RuleEntrypointOutside, leadsOutside(stray), outsideHint)}
	}
	return api.OnLoadResult{}
}

// strayManifest is a package.json that is a link to somewhere outside, in a
// folder or one above it up to the project's; "" if there is none.
func (g *guard) strayManifest(dir string) string {
	name, inside := g.project.rel(dir)
	if !inside {
		return "" // above the project, where manifests do not count
	}
	g.mu.Lock()
	stray, known := g.stray[dir]
	g.mu.Unlock()
	if known {
		return stray
	}
	if _, inside := g.project.rel(filepath.Join(dir, manifest)); !inside {
		stray = path.Join(name, manifest)
	} else {
		stray = g.strayManifest(filepath.Dir(dir))
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stray[dir] = stray
	return stray
}

func leadsOutside(name string) string {
	return fmt.Sprintf("%q leads outside the project folder", name)
}

// withoutManifest resolves a file that has no package.json in the project to
// the same file without any: "type": "module" in a folder above would change
// how its imports of CommonJS packages work, and so the bundle.
func (g *guard) withoutManifest(build api.PluginBuild, args api.OnResolveArgs) api.OnResolveResult {
	file, found := resolve(build, args, args.Path)
	if !found || args.PluginData == resolving {
		return api.OnResolveResult{}
	}
	name, inside := g.project.rel(file)
	if !inside {
		return api.OnResolveResult{}
	}
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if path.Base(dir) == "node_modules" {
			return api.OnResolveResult{}
		}
		if _, err := g.project.stat(path.Join(dir, manifest)); err == nil {
			return api.OnResolveResult{}
		}
	}
	return api.OnResolveResult{Path: file}
}

// resolving marks the questions that a plugin asks of esbuild, which come back
// to the plugins first.
var resolving any = new(struct{ _ byte })

// resolve asks esbuild for the file an import leads to.
func resolve(build api.PluginBuild, args api.OnResolveArgs, specifier string) (file string, found bool) {
	if args.PluginData == resolving {
		return "", false
	}
	result := build.Resolve(specifier, api.ResolveOptions{
		Importer:   args.Importer,
		Namespace:  args.Namespace,
		ResolveDir: args.ResolveDir,
		Kind:       args.Kind,
		With:       args.With,
		PluginData: resolving,
	})
	return result.Path, len(result.Errors) == 0 && result.Namespace == "file" && !result.External
}

// refusal travels with an error of a plugin through esbuild.
type refusal struct{ rule, hint string }

// refuse is the error of a plugin that fails an import. esbuild adds the place of
// the import.
func refuse(rule, message, hint string) []api.Message {
	return []api.Message{{Text: message, Detail: refusal{rule, hint}}}
}

func refuseOutside(name string) []api.Message {
	hint := outsideHint
	if strings.Contains(name, "node_modules/") {
		hint = "a bundle takes only files under the project folder; install the package there"
	}
	return refuse(RuleEntrypointOutside, fmt.Sprintf("%q lies outside the project folder", name), hint)
}
