package bundle

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// aliasing marks an import that an alias has led to: an alias leads no further.
var aliasing any = new(struct{ _ byte })

// aliases puts modules in the place of others. esbuild's own option would come
// after the plugins, and so after the runtime's modules; and it would replace
// what merely begins with the name.
// Source: workers-sdk, packages/wrangler/src/deployment-bundle/bundle.ts.
func aliases(p *project, alias map[string]string) api.Plugin {
	return api.Plugin{Name: "aliases", Setup: func(build api.PluginBuild) {
		if len(alias) == 0 {
			return
		}
		var names []string
		for _, name := range slices.Sorted(maps.Keys(alias)) {
			names = append(names, regexp.QuoteMeta(name))
		}
		filter := "^(" + strings.Join(names, "|") + ")$"
		build.OnResolve(api.OnResolveOptions{Filter: filter}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
			if args.PluginData == aliasing || args.PluginData == resolving || args.Kind == api.ResolveEntryPoint {
				return api.OnResolveResult{}, nil
			}
			target := alias[args.Path]
			found := build.Resolve(target, api.ResolveOptions{
				Importer:   args.Importer,
				ResolveDir: p.dir, // like main, what an alias leads to counts from the stack file
				Kind:       args.Kind,
				PluginData: aliasing,
			})
			if len(found.Errors) > 0 {
				return api.OnResolveResult{Errors: refuse(RuleBundle,
					fmt.Sprintf("cannot find %q, which `alias` puts in the place of %q", target, args.Path),
					"an alias leads to a package, or to a file by its path from the stack file")}, nil
			}
			return api.OnResolveResult{Path: found.Path, External: found.External, Namespace: found.Namespace, Suffix: found.Suffix}, nil
		})
	}}
}
