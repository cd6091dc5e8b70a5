package main

import (
	"fmt"
	"maps"
	"os"
	"strings"

	"github.com/wfpsync/wfpsync/spec/stackfile"
)

// stackOptions are what the command line and the environment say about the
// stack file. Of two values for a variable the later counts, and --var counts
// more than --var-file.
func (a *app) stackOptions() (stackfile.Options, error) {
	options := stackfile.Options{
		Environment:    a.flags.environment,
		Variables:      map[string]any{},
		LookupVariable: a.lookupEnv,
	}
	for _, name := range a.flags.variableFiles {
		content, err := os.ReadFile(name)
		if err != nil {
			return options, fmt.Errorf("--var-file: %w", err)
		}
		values, list := stackfile.ParseVariables(name, content)
		if err := list.Err(); err != nil {
			return options, err
		}
		maps.Copy(options.Variables, values)
	}
	for _, assignment := range a.flags.variables {
		name, value, ok := strings.Cut(assignment, "=")
		if !ok || name == "" {
			return options, usage(fmt.Errorf("--var %q is not of the form NAME=VALUE", assignment))
		}
		options.Variables[name] = value
	}
	return options, nil
}
