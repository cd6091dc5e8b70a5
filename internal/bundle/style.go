package bundle

import (
	"regexp"

	"github.com/evanw/esbuild/pkg/api"
)

var onNetwork = regexp.MustCompile("^(https?:)?//")

// styleSheets leaves alone what style sheets point at. Nothing of a style sheet
// is in a Worker but the names of a CSS module, so its images and fonts need not
// be there.
func styleSheets() api.Plugin {
	return api.Plugin{Name: "style-sheets", Setup: func(build api.PluginBuild) {
		build.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
			if args.Kind == api.ResolveCSSURLToken || args.Kind == api.ResolveCSSImportRule && onNetwork.MatchString(args.Path) {
				return api.OnResolveResult{Path: args.Path, External: true}, nil
			}
			return api.OnResolveResult{}, nil
		})
	}}
}
