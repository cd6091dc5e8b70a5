package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/wfpsync/wfpsync/internal/report"
	"github.com/wfpsync/wfpsync/planner"
)

func (a *app) driftCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "drift",
		Short: "Show what changed in the account since the stack was applied, and when",
		Long: `drift compares as plan does, and reports what other programs changed, deleted or
added in the account. It exits with 2 if there is any drift.

Only Workers record when they were applied. Any other difference from the stack
file counts as drift, too, so apply a changed file first.`,
		Example: `  wfpsync drift
  wfpsync drift --format json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.interruptible(cmd.Context(), a.drift)
		},
	}
	a.addStackFlags(cmd)
	a.addFormatFlag(cmd, report.Drifts.Names())
	a.addAccountFlags(cmd.Flags())
	a.addRefreshFlag(cmd)
	return cmd
}

func (a *app) drift(ctx context.Context) error {
	s, err := a.prepare(ctx, planner.Apply, planMaking{})
	if err != nil {
		return err
	}
	defer s.close()
	plan := s.plan
	drift := planner.NewDrift(plan)
	if err := show(a, report.Drifts, drift); err != nil {
		return err
	}
	switch {
	case plan.Diagnostics.HasErrors():
		if err := report.Diagnostics(a.stderr, a.style(a.stderr), plan.Diagnostics); err != nil {
			return err
		}
		return told(exitError)
	case len(drift.Changes) > 0:
		return told(exitChanges)
	}
	return nil
}
