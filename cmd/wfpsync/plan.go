package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/wfpsync/wfpsync/internal/report"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// planOptions are the flags of plan.
type planOptions struct {
	out              string
	detailedExitcode bool
	check            bool
	making           planMaking
	output           planOutput
}

func (a *app) planCommand() *cobra.Command {
	var options planOptions
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what applying the stack file would change",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := options.output.check(a); err != nil {
				return err
			}
			if err := cmp.Or(options.making.checkAllow(), options.making.checkWave(cmd)); err != nil {
				return err
			}
			return a.interruptible(cmd.Context(), func(ctx context.Context) error { return a.plan(ctx, options) })
		},
	}
	a.addStackFlags(cmd)
	a.addFormatFlag(cmd, report.Plans.Names())
	a.addAccountFlags(cmd.Flags())
	options.making.addFlags(cmd)
	options.making.addSecretsFlag(cmd)
	options.making.addWaveFlag(cmd)
	a.addRefreshFlag(cmd)
	options.output.addFlags(cmd)
	options.output.addGraphFlag(cmd)
	cmd.Flags().StringVar(&options.out, "out", "", "save the plan in `FILE`, for `wfpsync apply FILE`")
	cmd.Flags().BoolVar(&options.check, "check", false, "start the code of every changed Worker on workerd, as an upload is started, and report what would be refused")
	cmd.Flags().BoolVar(&options.detailedExitcode, "detailed-exitcode", false, "exit with 2 when there are changes")
	return cmd
}

func (a *app) plan(ctx context.Context, o planOptions) error {
	p, c, err := a.prepare(ctx, planner.Apply, o.making)
	if err != nil {
		return err
	}
	defer c.close()
	if o.check {
		if err := a.check(ctx, p, c.sources); err != nil {
			return err
		}
	}
	if err := a.printPlan(p, o.output); err != nil {
		return err
	}
	if err := a.writeReports(p, o.output); err != nil {
		return err
	}
	if o.out != "" {
		if err := savePlan(o.out, p); err != nil {
			return err
		}
	}
	if err := a.applicable(p); err != nil {
		return err
	}
	if o.detailedExitcode && p.HasChanges() {
		return told(exitChanges)
	}
	return nil
}

// prepare makes the plan of the stack file. The connection is the caller's to
// close.
func (a *app) prepare(ctx context.Context, mode planner.Mode, making planMaking) (*planner.Plan, *connection, error) {
	if err := a.checkRefresh(); err != nil {
		return nil, nil, err
	}
	p, err := a.openProject()
	if err != nil {
		return nil, nil, err
	}
	if mode != planner.Destroy { // what is to go needs no code
		if err := p.buildUnlessDiscovering(ctx); err != nil {
			return nil, nil, err
		}
	}
	if err := p.diagnostics.Err(); err != nil {
		return nil, nil, err
	}
	c, err := a.connect(ctx, p.stack.AccountID, zonesOf(p.stack))
	if err != nil {
		return nil, nil, err
	}
	plan, err := a.planOn(ctx, c, p, mode, making)
	if err != nil {
		c.close()
		return nil, nil, err
	}
	return plan, c, nil
}

// planOn makes the plan of a stack file that has been read, once it is known
// which user Workers of the account it is about.
func (a *app) planOn(ctx context.Context, c *connection, p *project, mode planner.Mode, making planMaking) (*planner.Plan, error) {
	if mode != planner.Destroy { // what was discovered is nobody's to destroy
		var err error
		if p, err = a.discover(ctx, c, p); err != nil {
			return nil, err
		}
	}
	secrets, err := a.secretValues(p.stack)
	if err != nil {
		return nil, err
	}
	options := making.options(mode)
	options.Refresh, options.Secrets = a.flags.refresh == refreshAll, secrets
	return c.plan(ctx, p, options)
}

// plan compares the stack with the account.
func (c *connection) plan(ctx context.Context, p *project, options planner.Options) (*planner.Plan, error) {
	zones, err := c.behind.ZonesOf(ctx, p.stack.HostsWithoutZone())
	if err != nil {
		return nil, err
	}
	p.note(p.stack.ResolveZones(zones))
	if err := p.diagnostics.Err(); err != nil {
		return nil, err
	}
	live, err := c.look(ctx, p.stack, p.live, options)
	if err != nil {
		return nil, err
	}
	plan, err := planner.New(p.stack, live, options)
	if err != nil {
		return nil, err
	}
	c.sources = p.sources()
	p.note(plan.Diagnostics)
	plan.Diagnostics = p.diagnostics
	return plan, nil
}

// look reads what planning a stack needs of the account, beside what is known.
func (c *connection) look(ctx context.Context, stack *spec.Stack, known *spec.Snapshot, options planner.Options) (*spec.Snapshot, error) {
	c.behind.Narrow(stack.ReadPrefixes())
	live, err := c.readBeyond(ctx, stack.Name, stack.Scope(), known)
	if err != nil {
		return nil, err
	}
	live.Account = c.info
	live.Follow(stack)
	more := planner.Trailing(stack, live, options)
	if c.local == nil {
		more = append(more, planner.RecordsToKnow(stack, live, options)...)
	}
	if err := c.behind.Extend(ctx, live, more); err != nil {
		return nil, err
	}
	if err := c.behind.LookElsewhere(ctx, stack.Name, live, planner.Elsewhere(stack, live, options)); err != nil {
		return nil, err
	}
	return live, c.behind.Inspect(ctx, live, planner.Inspect(stack, live, options))
}

// applicable is the error that a plan which cannot be applied ends with. What
// stands in the way has been printed with the plan.
func (a *app) applicable(p *planner.Plan) error {
	switch {
	case p.Diagnostics.HasErrors():
		return told(exitError)
	case len(p.Blocked()) > 0:
		return told(exitRefused)
	default:
		return nil
	}
}

// savePlan writes the plan to a file that only its owner can read: it holds
// code.
func savePlan(name string, p *planner.Plan) error {
	if err := writeFile(name, 0o600, func(w io.Writer) error { return planner.Write(w, p) }); err != nil {
		return fmt.Errorf("save plan: %w", err)
	}
	return nil
}

// openPlan reads a saved plan. The contents of static files stay in it, so it
// is the caller's to close when the plan has been applied.
func openPlan(name string) (*planner.Plan, func(), error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, nil, fmt.Errorf("open plan: %w", err)
	}
	done := func() { _ = file.Close() } // it was only read
	p, err := readPlan(file)
	if err != nil {
		done()
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	return p, done, nil
}

// readPlan reads a plan where it lies, and what has no places, a pipe, into
// memory.
func readPlan(file *os.File) (*planner.Plan, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if info.Mode().IsRegular() {
		return planner.Read(file, info.Size())
	}
	data, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	return planner.Decode(data)
}
