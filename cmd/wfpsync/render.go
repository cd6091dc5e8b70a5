package main

import (
	"cmp"

	"github.com/spf13/cobra"

	"github.com/wfpsync/wfpsync"
)

func (a *app) renderCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "render",
		Short: "Print the effective stack file: includes, environment, defaults and lists in place",
		Long: `render prints the stack file as wfpsync understands it: with what it includes,
in one environment, with defaults and profiles in each Worker, and with an entry
for each item of the lists. The output is a stack file that means the same.`,
		Example: `  wfpsync render
  wfpsync render --env production | less`,
		RunE: a.render,
	}
	a.addStackFlags(cmd)
	return cmd
}

func (a *app) render(*cobra.Command, []string) error {
	options, err := a.stackOptions()
	if err != nil {
		return err
	}
	list, err := wfpsync.Render(a.stdout, a.flags.file, options)
	return cmp.Or(list.Err(), err)
}
