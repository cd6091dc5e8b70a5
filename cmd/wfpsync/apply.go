package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"github.com/wfpsync/wfpsync"
	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/internal/report"
	"github.com/wfpsync/wfpsync/planner"
)

// applyOptions are the flags of commands that change the account.
type applyOptions struct {
	autoApprove  bool
	making       planMaking
	expectDigest string
	concurrency  int
	failFast     bool
	quiet        bool
	timeout      time.Duration
	result       string
	again        string // the command that continues an incomplete run
	output       planOutput
}

func (a *app) addApplyFlags(cmd *cobra.Command, o *applyOptions) {
	cmd.Flags().BoolVar(&o.autoApprove, "auto-approve", false, "skip the prompt")
	o.making.addFlags(cmd)
	cmd.Flags().IntVar(&o.concurrency, "concurrency", applier.DefaultConcurrency, "how many changes to make at once")
	cmd.Flags().BoolVar(&o.failFast, "fail-fast", false, "start no further change after one fails")
	cmd.Flags().DurationVar(&o.timeout, "timeout", 0, "give up after this `TIME`, such as 30m; what was begun is abandoned (default never)")
	cmd.Flags().StringVar(&o.result, "result", "", "write the outcome of every change to `FILE`, as JSON")
	cmd.Flags().BoolVarP(&o.quiet, "quiet", "q", false, "show no progress")
	o.output.addFlags(cmd)
}

func (a *app) applyCommand() *cobra.Command {
	var options applyOptions
	cmd := &cobra.Command{
		Use:   "apply [FILE]",
		Short: "Change the account to match the stack file, or a saved plan",
		Long: `Without FILE, apply makes a plan of the stack file, shows it, asks, and applies
it. With FILE, it applies that saved plan and nothing else. It refuses if a
resource that the plan touches has changed since.`,
		Example: `  wfpsync apply
  wfpsync apply plan.json
  wfpsync apply --auto-approve --expect-digest "$DIGEST" --result result.json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return onePlan(cmd, args)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.checkApproval(options); err != nil {
				return err
			}
			if err := checkReviewed(cmd, options, args); err != nil {
				return err
			}
			options.again = a.continuation()
			if len(args) == 1 {
				options.again = a.replan(args[0])
			}
			return a.change(cmd.Context(), options, func(ctx context.Context) error {
				if len(args) == 1 {
					return a.applySaved(ctx, args[0], options)
				}
				return a.applyStack(ctx, planner.Apply, options)
			})
		},
	}
	a.addStackFlags(cmd)
	a.addFormatFlag(cmd, report.Runs.Names())
	a.addAccountFlags(cmd.Flags())
	a.addRefreshFlag(cmd)
	a.addApplyFlags(cmd, &options)
	options.making.addSecretsFlag(cmd)
	options.making.addWaveFlag(cmd)
	cmd.Flags().StringVar(&options.expectDigest, "expect-digest", "", "apply only the plan with this `DIGEST`, as `plan` shows it")
	return cmd
}

// change runs something that changes the account, until a signal or the time
// that it is given ends it.
func (a *app) change(ctx context.Context, o applyOptions, run func(context.Context) error) error {
	if err := prepareResult(o.result); err != nil {
		return err
	}
	return a.interruptible(ctx, func(ctx context.Context) error { return timed(ctx, o.timeout, run) })
}

var planDigest = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// checkReviewed refuses what is not a digest: an empty variable of a pipeline
// must not mean that any plan will do. A saved plan is applied as it is.
func checkReviewed(cmd *cobra.Command, o applyOptions, args []string) error {
	switch {
	case cmd.Flags().Changed("expect-digest") && !planDigest.MatchString(o.expectDigest):
		return usage(fmt.Errorf("--expect-digest %q is not the digest of a plan: it begins with sha256: and has 64 hexadecimal digits", o.expectDigest))
	case len(args) == 1 && len(o.making.targets) > 0:
		return usage(errors.New("a saved plan is applied as it is: use --target when it is made"))
	case len(args) == 1 && o.making.writeSecrets:
		return usage(errors.New("a saved plan is applied as it is: use --write-secrets when it is made"))
	case len(args) == 1 && cmd.Flags().Changed("wave"):
		return usage(errors.New("a saved plan is applied as it is: use --wave when it is made"))
	}
	return o.making.checkWave(cmd)
}

// checkApproval makes sure that a person can be asked, before anything is done:
// without a terminal, silence is not consent.
func (a *app) checkApproval(o applyOptions) error {
	if o.concurrency < 1 {
		return usage(fmt.Errorf("--concurrency %d: use at least 1", o.concurrency))
	}
	if o.timeout < 0 {
		return usage(fmt.Errorf("--timeout %v: it cannot be negative", o.timeout))
	}
	if !o.autoApprove && !a.isTerminal(a.stdin) {
		return usage(errors.New("cannot ask without a terminal: review the plan first, then pass --auto-approve"))
	}
	if err := o.making.checkAllow(); err != nil {
		return err
	}
	return o.output.check(a)
}

// applyStack plans the stack file and applies the plan.
func (a *app) applyStack(ctx context.Context, mode planner.Mode, o applyOptions) error {
	s, err := a.prepare(ctx, mode, o.making)
	if err != nil {
		return err
	}
	defer s.close()
	return a.carryOut(ctx, s.account, s.plan, o)
}

// applySaved applies a saved plan, if the account is still what it was.
func (a *app) applySaved(ctx context.Context, name string, o applyOptions) error {
	plan, closePlan, err := openPlan(name)
	if err != nil {
		return err
	}
	defer closePlan()
	if err := plan.Complete(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if fromEnv := a.env("CLOUDFLARE_ACCOUNT_ID"); fromEnv != "" && fromEnv != plan.Account.ID && !a.flags.local.on() {
		return fmt.Errorf("%s is a plan for account %s, and CLOUDFLARE_ACCOUNT_ID is %s", name, plan.Account.ID, fromEnv)
	}
	c, done, err := a.connect(ctx, plan.Account.ID)
	if err != nil {
		return err
	}
	defer done()
	if err := a.checkCurrent(ctx, c, plan); err != nil {
		return err
	}
	return a.carryOut(ctx, c, plan, o)
}

// carryOut shows a plan, asks unless told not to, and applies it.
func (a *app) carryOut(ctx context.Context, c *wfpsync.Account, plan *planner.Plan, o applyOptions) error {
	if err := a.announce(plan, o.output); err != nil {
		return err
	}
	if o.expectDigest != "" && plan.Digest != o.expectDigest {
		return errors.Join(a.teller(a.output()).Unexpected(plan, o.expectDigest), told(exitStale))
	}
	if err := a.applicable(plan); err != nil {
		return errors.Join(a.teller(a.output()).Refused(plan), err)
	}
	if err := a.checkProbes(plan); err != nil {
		return err
	}
	if plan.HasChanges() && !o.autoApprove {
		if err := a.approve(ctx, plan); err != nil {
			return err
		}
		// Another program may have written to the account while the person was
		// reading.
		if err := a.checkCurrent(ctx, c, plan); err != nil {
			return err
		}
	}
	return a.execute(ctx, c, plan, o)
}

// announce shows what is about to be done.
func (a *app) announce(plan *planner.Plan, o planOutput) error {
	if err := a.writeReports(plan, o); err != nil {
		return err
	}
	return a.teller(o.shape(a.output())).Plan(plan)
}

// teller tells an apply in the wanted format.
func (a *app) teller(out report.Output) report.Run { return report.Runs.In(a.flags.format)(out) }

// checkCurrent refuses a plan whose resources have been written since, and
// shows what it would be now.
func (a *app) checkCurrent(ctx context.Context, c *wfpsync.Account, plan *planner.Plan) error {
	moved, now, err := c.Stale(ctx, plan)
	if err != nil || len(moved) == 0 {
		return err
	}
	return errors.Join(a.teller(a.output()).Stale(moved, now), told(exitStale))
}

// checkProbes makes sure, before the person is asked, that something can answer
// the probes of a plan.
func (a *app) checkProbes(plan *planner.Plan) error {
	if !a.flags.local.on() || !wfpsync.HasProbes(plan) {
		return nil
	}
	if _, err := a.workerd(); err != nil {
		return fmt.Errorf("the rollout has probes, and with --local only the Workers on this machine can answer them: %w", err)
	}
	return nil
}

// execute applies the plan and reports what became of it.
func (a *app) execute(ctx context.Context, c *wfpsync.Account, plan *planner.Plan, o applyOptions) error {
	key, err := a.secretsKey()
	if err != nil {
		return err
	}
	progress := report.NewProgress(a.stderr, plan, report.ProgressOptions{
		Style: a.style(a.stderr),
		Live:  a.canRedraw(a.stderr),
		Quiet: o.quiet,
		Pace:  c.Pace(plan),
		Now:   a.now,
	})
	stop := a.drainOnInterrupt(ctx, progress.Note)
	overtaken := false
	tell := a.teller(a.output())
	var unreported error // a reader that went away does not stop the run
	folder, _ := wfpsync.SplitFile(a.flags.file)
	result, err := c.Apply(ctx, plan, applier.Options{
		Concurrency: o.concurrency,
		Secret:      wfpsync.SecretIn(folder, a.lookupEnv),
		Key:         key,
		Stop:        stop,
		StopOn: func(err error) bool {
			// Where one change meets another run, the others will, too.
			overtaken = overtaken || wfpsync.IsMoved(err)
			return o.failFast || overtaken
		},
		Now: a.now,
	}, func(e applier.Event) {
		progress.Event(e)
		if unreported == nil {
			unreported = tell.Applied(e)
		}
	})
	progress.Close()
	if err != nil {
		return err
	}
	if !result.Complete() {
		result.Continue = o.again
	}
	outcome := outcomeOf(result, isClosed(stop), overtaken)
	if err := errors.Join(unreported, tell.Result(plan, result), saveResult(o.result, plan, result)); err != nil {
		if outcome == nil {
			outcome = told(exitError)
		}
		return errors.Join(outcome, err) // the result is out, and stays the only document
	}
	return outcome
}

// outcomeOf returns how a run with this result ends; the result has been
// reported.
func outcomeOf(result *applier.Result, interrupted, overtaken bool) error {
	switch {
	case result.Complete():
		return nil
	case interrupted:
		return told(exitInterrupted)
	case overtaken && result.Applied == 0:
		return told(exitStale)
	default:
		return told(exitPartial)
	}
}

// prepareResult makes sure that the result of a run can be written before
// anything is changed, and that one of an earlier run is not taken for it.
func prepareResult(name string) error {
	if name == "" {
		return nil
	}
	if info, err := os.Lstat(name); err == nil && !info.Mode().IsRegular() {
		return nil
	}
	nothing := func(io.Writer) error { return nil }
	if err := writeFile(name, 0o666, nothing); err != nil {
		return fmt.Errorf("--result: %w", err)
	}
	return os.Remove(name)
}

// saveResult writes what became of a plan to a file, if one is named.
func saveResult(name string, plan *planner.Plan, result *applier.Result) error {
	if name == "" {
		return nil
	}
	write := func(w io.Writer) error { return report.ResultJSON(w, plan, result) }
	if err := writeFile(name, 0o666, write); err != nil {
		return fmt.Errorf("--result: %w", err)
	}
	return nil
}
