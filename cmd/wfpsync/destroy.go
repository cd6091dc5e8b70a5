package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/wfpsync/wfpsync/internal/report"
	"github.com/wfpsync/wfpsync/planner"
)

func (a *app) destroyCommand() *cobra.Command {
	var options applyOptions
	cmd := &cobra.Command{
		Use:   "destroy",
		Short: "Remove everything the stack owns from the account",
		Long: `destroy removes the Workers that carry the stack's mark, their routes, custom
domains, cron triggers and queue consumers, and the namespaces and stores that
the stack file declares: traffic first, namespaces and stores last. Namespaces
need --allow namespace-delete; D1 databases, R2 buckets, queues and Vectorize
indexes need --allow store-delete. destroy does not delete a namespace that
holds anything of others, or a bucket that holds objects.`,
		Example: `  wfpsync destroy
  wfpsync destroy --allow namespace-delete`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.checkApproval(options); err != nil {
				return err
			}
			options.again = a.continuation()
			return a.change(cmd.Context(), options, func(ctx context.Context) error {
				return a.applyStack(ctx, planner.Destroy, options)
			})
		},
	}
	a.addStackFlags(cmd)
	a.addFormatFlag(cmd, report.Runs.Names())
	a.addAccountFlags(cmd.Flags())
	a.addApplyFlags(cmd, &options)
	return cmd
}
