package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wfpsync/wfpsync/schema"
)

// schemas are the schemas by the names that they are asked for by.
var schemas = map[string]func() []byte{"stack": schema.Stack, "plan": schema.Plan, "events": schema.Events}

func (a *app) schemaCommand() *cobra.Command {
	names := []string{"stack", "plan", "events"}
	return &cobra.Command{
		Use:   "schema [" + strings.Join(names, "|") + "]",
		Short: "Print the JSON Schema of the stack file, of plans, or of the events of an apply",
		Long: `schema prints a JSON Schema. That of the stack file lets editors complete and
check it: "wfpsync init" writes it beside the file, and this renews it.`,
		Example: `  wfpsync schema > wfpsync.schema.json
  wfpsync schema plan`,
		ValidArgs: names,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 || len(args) == 1 && schemas[args[0]] != nil {
				return nil
			}
			return usage(fmt.Errorf("wfpsync schema takes %s, not %q", alternatives(names), args[0]))
		},
		RunE: func(_ *cobra.Command, args []string) error {
			name := append(args, "stack")[0]
			_, err := a.stdout.Write(schemas[name]())
			return err
		},
	}
}
