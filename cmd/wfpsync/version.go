package main

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/wfpsync/wfpsync/internal/report"
)

// version is set by the build of a release.
var version = "0.1.0-dev"

// issuesPage is where bugs are reported.
const issuesPage = "https://github.com/wfpsync/wfpsync/issues"

func userAgent() string { return "wfpsync/" + version }

func (a *app) versionCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Long: `version prints the version of wfpsync, the commit that it was built from,
and the version of Go.`,
		Example: `  wfpsync version
  wfpsync version --format json`,
		RunE: func(*cobra.Command, []string) error {
			return show(a, report.Versions, report.Version{
				Version: version, Revision: revision(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
			})
		},
	}
	a.addFormatFlag(cmd, report.Versions.Names())
	return cmd
}

// revision returns the commit the program was built from, where the build knows
// it.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return ""
}
