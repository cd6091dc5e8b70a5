package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/wfpsync/wfpsync/internal/report"
)

func (a *app) showCommand() *cobra.Command {
	var output planOutput
	cmd := &cobra.Command{
		Use:   "show FILE",
		Short: "Show a saved plan",
		Long: `show renders a plan that "wfpsync plan --out FILE" has saved, in any format.
It needs neither the stack file nor the account.`,
		Example: `  wfpsync show plan.json
  wfpsync show plan.json --format html > plan.html`,
		Args: onePlan,
		RunE: func(_ *cobra.Command, args []string) error {
			if err := output.check(a); err != nil {
				return err
			}
			p, done, err := openPlan(args[0])
			if err != nil {
				return err
			}
			defer done()
			if err := a.printPlan(p, output); err != nil {
				return err
			}
			return a.writeReports(p, output)
		},
	}
	a.addFormatFlag(cmd, report.Plans.Names())
	output.addFlags(cmd)
	output.addGraphFlag(cmd)
	return cmd
}

func onePlan(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usage(fmt.Errorf("wfpsync %s takes one plan file", cmd.Name()))
	}
	return nil
}
