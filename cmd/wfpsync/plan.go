package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/wfpsync/wfpsync/internal/report"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// planOptions are the flags of plan.
type planOptions struct {
	out              string
	detailedExitcode bool
	allow            []string
}

func (a *app) planCommand() *cobra.Command {
	var options planOptions
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what applying the stack file would change",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.interruptible(cmd.Context(), func(ctx context.Context) error { return a.plan(ctx, options) })
		},
	}
	a.addStackFlags(cmd)
	a.addFormatFlag(cmd)
	a.addAccountFlags(cmd.Flags())
	addAllowFlag(cmd, &options.allow)
	cmd.Flags().StringVar(&options.out, "out", "", "save the plan in `FILE`, for `wfpsync apply FILE`")
	cmd.Flags().BoolVar(&options.detailedExitcode, "detailed-exitcode", false, "exit with 2 when there are changes")
	return cmd
}

func (a *app) plan(ctx context.Context, o planOptions) error {
	p, c, err := a.prepare(ctx, planner.Apply, o.allow)
	if err != nil {
		return err
	}
	defer c.close()
	if err := a.printPlan(p); err != nil {
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
func (a *app) prepare(ctx context.Context, mode planner.Mode, allow []string) (*planner.Plan, *connection, error) {
	p, err := a.openProject()
	if err != nil {
		return nil, nil, err
	}
	if mode != planner.Destroy { // what is to go needs no code
		if err := p.build(ctx); err != nil {
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
	plan, err := c.plan(ctx, p, planner.Options{Mode: mode, Tool: userAgent(), Allow: allow})
	if err != nil {
		c.close()
		return nil, nil, err
	}
	return plan, c, nil
}

// plan compares the stack with the account.
func (c *connection) plan(ctx context.Context, p *project, options planner.Options) (*planner.Plan, error) {
	zones, err := c.ZonesOf(ctx, p.stack.HostsWithoutZone())
	if err != nil {
		return nil, err
	}
	p.note(p.stack.ResolveZones(zones))
	if err := p.diagnostics.Err(); err != nil {
		return nil, err
	}
	live, err := c.look(ctx, p.stack, options)
	if err != nil {
		return nil, err
	}
	plan, err := planner.New(p.stack, live, options)
	if err != nil {
		return nil, err
	}
	p.note(plan.Diagnostics)
	plan.Diagnostics = p.diagnostics
	return plan, nil
}

// look reads what planning a stack needs of the account.
func (c *connection) look(ctx context.Context, stack *spec.Stack, options planner.Options) (*spec.Snapshot, error) {
	live, err := c.Read(ctx, stack.Name, stack.Scope())
	if err != nil {
		return nil, err
	}
	live.Account = c.info
	live.Follow(stack)
	if err := c.Extend(ctx, live, planner.Trailing(stack, live, options)); err != nil {
		return nil, err
	}
	return live, c.Inspect(ctx, live, planner.Inspect(stack, live, options))
}

// printPlan prints the plan in the wanted format, and warnings to the person.
func (a *app) printPlan(p *planner.Plan) error {
	if a.flags.format == formatJSON {
		return report.PlanJSON(a.stdout, p)
	}
	if err := report.PlanText(a.stdout, a.style(a.stdout), p); err != nil {
		return err
	}
	return report.Diagnostics(a.stderr, a.style(a.stderr), p.Diagnostics)
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
// code. A regular file appears whole or not at all; what is at the other end of
// a link, a pipe or a device stays what it is and is written to.
func savePlan(name string, p *planner.Plan) error {
	write := writeWhole
	if info, err := os.Lstat(name); err == nil && !info.Mode().IsRegular() {
		write = writeThrough
	}
	if err := write(name, func(w io.Writer) error { return planner.Write(w, p) }); err != nil {
		return fmt.Errorf("save plan: %w", err)
	}
	return nil
}

func writeWhole(name string, write func(io.Writer) error) error {
	temporary, err := os.CreateTemp(filepath.Dir(name), ".plan-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	if err := writeAndClose(temporary, write); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), name)
}

func writeThrough(name string, write func(io.Writer) error) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	return writeAndClose(file, write)
}

func writeAndClose(file *os.File, write func(io.Writer) error) error {
	buffer := bufio.NewWriter(file)
	err := write(buffer)
	if err == nil {
		err = buffer.Flush()
	}
	return errors.Join(err, file.Close())
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
