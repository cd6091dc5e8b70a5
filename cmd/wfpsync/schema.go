package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/wfpsync/wfpsync/schema"
)

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:       "schema [stack|plan]",
		Short:     "Print the JSON Schema of the stack file or of plans",
		ValidArgs: []string{"stack", "plan"},
		Args:      func(_ *cobra.Command, args []string) error { return checkSchemaArgs(args) },
		RunE: func(_ *cobra.Command, args []string) error {
			text := schema.Stack()
			if len(args) == 1 && args[0] == "plan" {
				text = schema.Plan()
			}
			_, err := a.stdout.Write(text)
			return err
		},
	}
}

func checkSchemaArgs(args []string) error {
	if len(args) == 0 || len(args) == 1 && (args[0] == "stack" || args[0] == "plan") {
		return nil
	}
	return usage(fmt.Errorf("wfpsync schema takes stack or plan, not %q", args[0]))
}
