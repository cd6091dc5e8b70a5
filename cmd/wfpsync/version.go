package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
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
		RunE: func(*cobra.Command, []string) error {
			v := struct {
				Version  string `json:"version"`
				Revision string `json:"revision,omitempty"`
				Go       string `json:"go"`
				Platform string `json:"platform"`
			}{version, revision(), runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
			if a.flags.format == formatJSON {
				return json.NewEncoder(a.stdout).Encode(v)
			}
			built := v.Go + " " + v.Platform
			if v.Revision != "" {
				built = v.Revision + ", " + built
			}
			_, err := fmt.Fprintf(a.stdout, "wfpsync %s (%s)\n", v.Version, built)
			return err
		},
	}
	a.addFormatFlag(cmd)
	return cmd
}

// revision is the commit the program was built from, where the build knows it.
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
