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

// moduleCollector takes imported files that are not scripts out of the bundle
// and keeps them as modules of their own.
type moduleCollector struct {
	project *project
	rules   moduleRules
	folder  string // that the bundle's name has, and so those of the modules

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
		build.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
			rule, matches := c.rules.match(args.Path)
			if !matches || rule.isScript() || args.Kind == api.ResolveEntryPoint || args.PluginData == resolving {
				return api.OnResolveResult{}, nil
			}
			file, found := resolve(build, args, strings.TrimSuffix(args.Path, "?module"))
			switch {
			case !found:
				return api.OnResolveResult{}, nil // esbuild reports it, unless the code expects it to fail
			case rule.dropped:
				return api.OnResolveResult{Errors: refuse(RuleBundle, rule.droppedMessage(args.Path), fallthroughHint)}, nil
			case args.Kind == api.ResolveJSRequireCall:
				return api.OnResolveResult{Errors: refuseRequire(args.Path)}, nil
			}
			return c.add(file, rule.kind), nil
		})
	}}
}

// add collects a file and answers with the import that reaches it. The name
// carries the content's hash so that two files of one name can live side by
// side in the flat list of modules.
func (c *moduleCollector) add(file string, kind spec.ModuleType) api.OnResolveResult {
	name, inside := c.project.rel(file)
	if !inside {
		return api.OnResolveResult{Errors: refuseOutside(name)}
	}
	content, err := c.project.read(name)
	if err != nil {
		return api.OnResolveResult{Errors: refuse(RuleBundle, fmt.Sprintf("cannot read %q: %v", name, err), "")}
	}
	sum := sha256.Sum256(content)
	specifier := hex.EncodeToString(sum[:16]) + "-" + path.Base(name)
	m := spec.Module{
		Name:    path.Join(c.folder, specifier),
		Type:    kind,
		Content: content,
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byName == nil {
		c.byName = map[string]spec.Module{}
	}
	c.byName[m.Name] = m
	return api.OnResolveResult{Path: "./" + specifier, External: true}
}

func refuseRequire(specifier string) []api.Message {
	return refuse(RuleBundle, fmt.Sprintf("cannot require %q", specifier),
		fmt.Sprintf("it is a module of its own; write: import content from %q", specifier))
}
