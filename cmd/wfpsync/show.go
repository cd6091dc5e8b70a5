package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) showCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show FILE",
		Short: "Show a saved plan",
		Args:  onePlan,
		RunE: func(_ *cobra.Command, args []string) error {
			p, done, err := openPlan(args[0])
			if err != nil {
				return err
			}
			defer done()
			return a.printPlan(p)
		},
	}
	a.addFormatFlag(cmd)
	return cmd
}

func onePlan(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usage(fmt.Errorf("wfpsync %s takes one plan file", cmd.Name()))
	}
	return nil
}
