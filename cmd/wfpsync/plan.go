package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/wfpsync/wfpsync"
	"github.com/wfpsync/wfpsync/internal/report"
	"github.com/wfpsync/wfpsync/planner"
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
		Long: `plan compares the stack file with the account and shows what would be created,
changed and deleted, in which order, and what stands in the way. Nothing in the
account changes. A plan that is saved with --out can be applied exactly as it
was reviewed.`,
		Example: `  wfpsync plan
  wfpsync plan --target 'user_worker/customers/*'
  wfpsync plan --out plan.json --report markdown=comment.md`,
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
	cmd.Flags().BoolVar(&options.check, "check", false, "start the code of every changed Worker on workerd, as Cloudflare does at an upload, and report what it would refuse")
	cmd.Flags().BoolVar(&options.detailedExitcode, "detailed-exitcode", false, "exit with 2 when there are changes")
	return cmd
}

func (a *app) plan(ctx context.Context, o planOptions) error {
	s, err := a.prepare(ctx, planner.Apply, o.making)
	if err != nil {
		return err
	}
	defer s.close()
	p := s.plan
	if o.check {
		workerd, err := a.workerd()
		if err == nil {
			err = s.project.CheckCode(ctx, p, workerd)
		}
		if err != nil {
			return fmt.Errorf("--check: %w", err)
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

// session is a plan, with what it was made of, until it is closed.
type session struct {
	project *wfpsync.Project
	account *wfpsync.Account
	plan    *planner.Plan
	close   func()
}

// prepare makes the plan of the stack file.
func (a *app) prepare(ctx context.Context, mode planner.Mode, making planMaking) (*session, error) {
	if err := a.checkRefresh(); err != nil {
		return nil, err
	}
	options, err := a.stackOptions()
	if err != nil {
		return nil, err
	}
	if options.SecretsKey, err = a.secretsKey(); err != nil {
		return nil, err
	}
	return a.compare(ctx, options, mode != planner.Destroy, func(p *wfpsync.Project, c *wfpsync.Account) (*planner.Plan, error) {
		o := making.options(mode)
		o.Refresh = a.flags.refresh == refreshAll
		return p.Plan(ctx, c, o)
	})
}

// compare opens the stack file and the account, and plans. What is to be destroyed needs no code.
func (a *app) compare(ctx context.Context, options wfpsync.Options, build bool, plan func(*wfpsync.Project, *wfpsync.Account) (*planner.Plan, error)) (*session, error) {
	p, err := wfpsync.Open(a.flags.file, options)
	if err != nil {
		return nil, err
	}
	if build {
		if err := p.Build(ctx); err != nil {
			return nil, err
		}
	}
	if err := p.Err(); err != nil {
		return nil, err
	}
	c, done, err := a.connect(ctx, p.Stack().AccountID)
	if err != nil {
		return nil, err
	}
	made, err := plan(p, c)
	if err != nil {
		done()
		return nil, err
	}
	return &session{p, c, made, done}, nil
}

// applicable returns the error that a plan which cannot be applied ends with.
// What stands in the way has been printed with the plan.
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

// planMaking are the flags of commands that make plans.
type planMaking struct {
	allow        []string
	targets      []string
	wave         int
	writeSecrets bool
}

func (m *planMaking) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&m.allow, "allow", nil, "acknowledge a guard by its `NAME`, such as "+planner.GuardNamespaceDelete)
	cmd.Flags().StringArrayVar(&m.targets, "target", nil, "plan only for the `ADDRESS`, in which * matches any characters, and what it needs; can be repeated")
}

// addSecretsFlag is the flag of commands that write secrets.
func (m *planMaking) addSecretsFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&m.writeSecrets, "write-secrets", false, "write every secret, even if the account seems to have it")
}

// addWaveFlag is the flag of commands that roll out.
func (m *planMaking) addWaveFlag(cmd *cobra.Command) {
	cmd.Flags().IntVar(&m.wave, "wave", 0, "plan only the wave `NUMBER` of each rollout, from 1, and what it needs")
}

// options returns what a plan is made by.
func (m *planMaking) options(mode planner.Mode) planner.Options {
	return planner.Options{Mode: mode, Tool: userAgent(), Allow: m.allow, Targets: m.targets, Wave: m.wave, WriteSecrets: m.writeSecrets}
}

// checkAllow refuses the name of an unknown guard.
func (m *planMaking) checkAllow() error {
	if err := planner.CheckGuards(m.allow); err != nil {
		return usage(fmt.Errorf("--allow: %w", err))
	}
	return nil
}

// checkWave refuses what is not a wave, such as an empty variable.
func (m *planMaking) checkWave(cmd *cobra.Command) error {
	if cmd.Flags().Changed("wave") && m.wave < 1 {
		return usage(fmt.Errorf("--wave %d: waves count from 1", m.wave))
	}
	return nil
}

// How much of the account a plan reads.
const (
	refreshAuto = "auto" // what the marks do not vouch for
	refreshAll  = "all"  // everything of the stack
)

// addRefreshFlag is the flag of commands that compare a stack with the account.
func (a *app) addRefreshFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.flags.refresh, "refresh", refreshAuto, "what to read in full: `auto`, only what no mark vouches for, or all, which also looks for leftovers in places that the file no longer names")
}

func (a *app) checkRefresh() error {
	switch a.flags.refresh {
	case "", refreshAuto, refreshAll: // "" where the command has no such flag
		return nil
	}
	return usage(fmt.Errorf("--refresh %q is unknown; it is %s", a.flags.refresh, alternatives([]string{refreshAuto, refreshAll})))
}
