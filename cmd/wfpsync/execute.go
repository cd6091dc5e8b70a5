package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/internal/account"
	"github.com/wfpsync/wfpsync/internal/report"
	"github.com/wfpsync/wfpsync/planner"
)

// execute applies the plan and reports what became of it.
func (a *app) execute(ctx context.Context, c *connection, plan *planner.Plan, o applyOptions) error {
	key, err := a.secretsKey()
	if err != nil {
		return err
	}
	prober, done, err := a.prober(ctx, c, plan)
	if err != nil {
		return err
	}
	defer done()
	writes := c.writes(plan)
	progress := report.NewProgress(a.stderr, plan, report.ProgressOptions{
		Style: a.style(a.stderr),
		Live:  a.canRedraw(a.stderr),
		Quiet: o.quiet,
		Pace:  func(changes int) time.Duration { return c.behind.Pace(min(changes, writes)) },
		Now:   a.now,
	})
	stop := a.drainOnInterrupt(ctx, progress.Note)
	overtaken := false
	tell := a.teller(a.output())
	var untold error // a reader that went away does not stop the run
	c.Expect(writes)
	result, err := applier.Run(ctx, c, plan, applier.Options{
		Concurrency: o.concurrency,
		Secret:      a.readSecret,
		Key:         key,
		Stop:        stop,
		StopOn: func(err error) bool {
			// Where one change meets another run, the others will, too.
			overtaken = overtaken || account.IsMoved(err)
			return o.failFast || overtaken
		},
		Prober: prober,
		Now:    a.now,
	}, func(e applier.Event) {
		progress.Event(e)
		if untold == nil {
			untold = tell.Applied(e)
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
	if err := errors.Join(untold, tell.Result(plan, result), saveResult(o.result, plan, result)); err != nil {
		if outcome == nil {
			outcome = told(exitError)
		}
		return errors.Join(outcome, err) // the result is out, and stays the only document
	}
	return outcome
}

// outcomeOf is how a run ends that did this, and has said so.
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
