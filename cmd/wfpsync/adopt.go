package main

import (
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/spf13/cobra"

	"github.com/wfpsync/wfpsync"
	"github.com/wfpsync/wfpsync/internal/report"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

func (a *app) adoptCommand() *cobra.Command {
	var options applyOptions
	cmd := &cobra.Command{
		Use:   "adopt ADDRESS…",
		Short: "Mark Workers of the account as the stack's, and change nothing else of them",
		Long: `adopt writes the stack's mark to Workers that the stack file declares and that
are in the account without one. Code and settings stay what they are: where they
differ from the file, the next plan shows how. An address is one as plans write
them, or a pattern in which a star stands for any part of a name.`,
		Example: `  wfpsync adopt worker/router 'user_worker/customers/*'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(errors.New("wfpsync adopt takes the addresses of the Workers to mark, as in user_worker/NAMESPACE/NAME"))
			}
			return checkPatterns(args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.checkApproval(options); err != nil {
				return err
			}
			return a.interruptible(cmd.Context(), func(ctx context.Context) error { return a.adopt(ctx, args, options) })
		},
	}
	a.addStackFlags(cmd)
	a.addFormatFlag(cmd, report.Runs.Names())
	a.addAccountFlags(cmd.Flags())
	a.addApplyFlags(cmd, &options)
	return cmd
}

// checkPatterns refuses what can be the address of no Worker.
func checkPatterns(patterns []string) error {
	for _, pattern := range patterns {
		if _, err := path.Match(pattern, ""); err != nil {
			return usage(fmt.Errorf("%q is not a pattern of addresses: %w", pattern, err))
		}
		address, err := spec.ParseAddress(pattern)
		if err != nil {
			return usage(err)
		}
		if !address.Kind.Info().Script {
			return usage(fmt.Errorf("%s cannot be marked: this command marks Workers and user Workers. A DNS record or a custom hostname is adopted with `adopt: true`, and anything else belongs to the owner of its Worker", pattern))
		}
	}
	return nil
}

// adopt plans to mark Workers, shows it, asks, and marks them.
func (a *app) adopt(ctx context.Context, patterns []string, o applyOptions) error {
	options, err := a.stackOptions()
	if err != nil {
		return err
	}
	s, err := a.compare(ctx, options, true, func(p *wfpsync.Project, c *wfpsync.Account) (*planner.Plan, error) {
		return p.Adopt(ctx, c, patterns)
	})
	if err != nil {
		return err
	}
	defer s.close()
	return a.carryOut(ctx, s.account, s.plan, o)
}
