package main

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/spf13/cobra"

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
them, or a pattern in which a star stands for any part of a name:

  wfpsync adopt worker/router 'user_worker/customers/*'`,
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
			return usage(fmt.Errorf("%q is no pattern of addresses: %w", pattern, err))
		}
		address, err := spec.ParseAddress(pattern)
		if err != nil {
			return usage(err)
		}
		if !address.Kind.Info().Script {
			return usage(fmt.Errorf("%s cannot be marked: this command marks Workers and user Workers. A DNS record or a custom hostname is taken over by `adopt: true`, and everything else is whose Worker it belongs to", pattern))
		}
	}
	return nil
}

// adopt plans to mark Workers, shows it, asks, and marks them.
func (a *app) adopt(ctx context.Context, patterns []string, o applyOptions) error {
	p, err := a.openProject()
	if err != nil {
		return err
	}
	if err := p.build(ctx); err != nil {
		return err
	}
	if err := p.diagnostics.Err(); err != nil {
		return err
	}
	c, err := a.connect(ctx, p.stack.AccountID, zonesOf(p.stack))
	if err != nil {
		return err
	}
	defer c.close()
	live, err := c.readWorkers(ctx, p.stack, patterns)
	if err != nil {
		return err
	}
	addresses, err := matching(live, p.stack, patterns)
	if err != nil {
		return err
	}
	if err := c.behind.Inspect(ctx, live, planner.InspectAdoption(p.stack, live, addresses)); err != nil {
		return err
	}
	plan, err := planner.Adoption(p.stack, live, addresses, planner.Options{Mode: planner.Apply, Tool: userAgent()})
	if err != nil {
		return err
	}
	p.note(plan.Diagnostics)
	plan.Diagnostics = p.diagnostics
	return a.carryOut(ctx, c, plan, o)
}

// readWorkers reads what the stack refers to, and the collections that the
// patterns are about.
func (c *connection) readWorkers(ctx context.Context, stack *spec.Stack, patterns []string) (*spec.Snapshot, error) {
	collections := stack.Scope()
	for _, pattern := range patterns {
		if address, err := spec.ParseAddress(pattern); err == nil && address.Kind == spec.KindUserWorker && !isPattern(address.Parent) {
			collections = append(collections, address.Collection())
		}
	}
	c.behind.Narrow(stack.ReadPrefixes())
	live, err := c.Read(ctx, stack.Name, collections)
	if err != nil {
		return nil, err
	}
	live.Account = c.info
	return live, nil
}

func isPattern(text string) bool {
	return path.Base(text) == text && slices.ContainsFunc([]byte(text), isSpecial)
}

func isSpecial(c byte) bool { return c == '*' || c == '?' || c == '[' }

// matching are the live Workers that patterns name. A pattern means Workers that
// the file declares; an address means the one it is.
func matching(live *spec.Snapshot, stack *spec.Stack, patterns []string) ([]spec.Address, error) {
	var addresses []spec.Address
	for _, pattern := range patterns {
		wanted, err := spec.ParseAddress(pattern)
		if err != nil {
			return nil, usage(err)
		}
		found := false
		for _, a := range live.Addresses() {
			if a.Kind != wanted.Kind {
				continue
			}
			_, declared := stack.Lookup(a)
			if match, _ := path.Match(pattern, a.String()); a == wanted || match && declared {
				addresses, found = append(addresses, a), true
			}
		}
		if !found {
			return nil, fmt.Errorf("no Worker of the stack file that is in the account has the address %s", pattern)
		}
	}
	slices.SortFunc(addresses, spec.Address.Compare)
	return slices.Compact(addresses), nil
}
