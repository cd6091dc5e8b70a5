package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"strings"
	"sync"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/wfpsync/wfpsync/spec"
)

// moduleTypes are the files that become modules beside the bundle, by
// extension, as in wrangler's default rules.
var moduleTypes = map[string]spec.ModuleType{
	".wasm": spec.WebAssembly,
	".txt":  spec.TextModule,
	".html": spec.TextModule,
	".sql":  spec.TextModule,
	".bin":  spec.BinaryModule,
}

// moduleSpecifiers matches imports of such files. "?module" is how other tools
// ask for compiled WebAssembly, which is what a Worker gets anyway.
const moduleSpecifiers = `\.(wasm|wasm\?module|txt|html|sql|bin)$`

// moduleCollector takes imported files that are not scripts out of the bundle
// and keeps them as modules of their own.
type moduleCollector struct {
	project *project

	mu     sync.Mutex // esbuild resolves imports concurrently
	byName map[string]spec.Module
}

// modules are the collected modules in any order.
func (c *moduleCollector) modules() []spec.Module {
	var modules []spec.Module
	for _, m := range c.byName {
		modules = append(modules, m)
	}
	return modules
}

func (c *moduleCollector) plugin() api.Plugin {
	return api.Plugin{Name: "modules", Setup: func(build api.PluginBuild) {
		build.OnResolve(api.OnResolveOptions{Filter: moduleSpecifiers}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
			file, found := resolve(build, args, strings.TrimSuffix(args.Path, "?module"))
			if !found {
				return api.OnResolveResult{}, nil // esbuild reports it, unless the code expects it to fail
			}
			if args.Kind == api.ResolveJSRequireCall {
				return api.OnResolveResult{Errors: refuse(RuleBundle, fmt.Sprintf("cannot require %q", args.Path),
					fmt.Sprintf("it is a module of its own; write: import content from %q", args.Path))}, nil
			}
			return c.add(file), nil
		})
	}}
}

// add collects a file and answers with the import that reaches it. The name
// carries the content's hash so that two files of one name can live side by
// side in the flat list of modules.
func (c *moduleCollector) add(file string) api.OnResolveResult {
	name, inside := c.project.rel(file)
	if !inside {
		return api.OnResolveResult{Errors: refuseOutside(name)}
	}
	content, err := c.project.read(name)
	if err != nil {
		return api.OnResolveResult{Errors: refuse(RuleBundle, fmt.Sprintf("cannot read %q: %v", name, err), "")}
	}
	sum := sha256.Sum256(content)
	m := spec.Module{
		Name:    hex.EncodeToString(sum[:16]) + "-" + path.Base(name),
		Type:    moduleTypes[path.Ext(name)],
		Content: content,
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byName == nil {
		c.byName = map[string]spec.Module{}
	}
	c.byName[m.Name] = m
	return api.OnResolveResult{Path: "./" + m.Name, External: true}
}
