package wfpsync

import (
	"context"
	"slices"
	"time"

	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/internal/account"
	"github.com/wfpsync/wfpsync/internal/probe"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// Apply makes the account what a plan says. It returns an error if the plan
// cannot be applied at all, and has changed nothing then. The result says what
// became of each change, including those that failed. Events are reported one
// at a time; emit may be nil.
//
// Each write first checks whether another program has written the resource
// since the plan was made. If so, it is not overwritten, and the change fails
// with an error that [IsMoved] recognises. Options have defaults; the probes of
// a rollout are sent to the Workers, or to those of the local account. A plan
// with secrets needs Secret, such as [Project.Secret].
func (a *Account) Apply(ctx context.Context, plan *planner.Plan, o applier.Options, emit func(applier.Event)) (*applier.Result, error) {
	a.target.mu.Lock()
	defer a.target.mu.Unlock()
	if o.Prober == nil && HasProbes(plan) {
		prober, done, err := a.target.prober(ctx)
		if err != nil {
			return nil, err
		}
		defer done()
		o.Prober = prober
	}
	if emit == nil {
		emit = func(applier.Event) {}
	}
	a.target.Expect(a.target.requests(plan))
	return applier.Run(ctx, a.target, plan, o, emit)
}

// IsMoved reports whether an error says that a resource was not written because
// another program has written it since the plan was made.
func IsMoved(err error) bool { return account.IsMoved(err) }

// Stale returns the changes of a plan whose resources other programs have
// written since, and what the plan for those would be now. Both are empty if
// the plan still applies. A plan to destroy is not made again.
func (a *Account) Stale(ctx context.Context, plan *planner.Plan) ([]applier.StaleChange, *planner.Plan, error) {
	a.target.mu.Lock()
	defer a.target.mu.Unlock()
	stack := plan.Desired()
	a.target.unguarded.SetKeyPrefixes(stack.ReadPrefixes())
	moved, err := applier.FindStale(ctx, a.target, plan)
	if err != nil || len(moved) == 0 || plan.Mode == planner.Destroy {
		return moved, nil, err
	}
	addresses := make([]spec.Address, len(moved))
	for i, m := range moved {
		addresses[i] = m.Address
	}
	options := planner.Options{Mode: plan.Mode, Tool: plan.Tool}
	live, err := a.target.readLive(ctx, stack, nil, options)
	if err != nil {
		return nil, nil, err
	}
	now, err := planner.Replan(plan, live, addresses, options)
	return moved, now, err
}

// Pace returns a function that estimates how long a number of the plan's
// changes takes at least, given the API's rate limit.
func (a *Account) Pace(plan *planner.Plan) func(changes int) time.Duration {
	requests := a.target.requests(plan)
	return func(changes int) time.Duration { return a.target.unguarded.Pace(min(changes, requests)) }
}

// requests estimates how many requests a plan's changes take.
func (t *target) requests(plan *planner.Plan) int {
	n, together := 0, map[spec.Collection]int{}
	for _, change := range plan.Changes {
		if t.BatchSize(change.Address.Kind) > 1 {
			together[change.Address.Collection()]++
		} else {
			n++
		}
	}
	for collection, changes := range together {
		n += 1 + changes/t.BatchSize(collection.Kind)
	}
	return n
}

// HasProbes reports whether a plan has rollouts that probe user Workers. With a
// local account that takes workerd.
func HasProbes(plan *planner.Plan) bool {
	return slices.ContainsFunc(plan.Changes, func(c planner.Change) bool { return c.Rollout != nil && c.Rollout.Probe != nil })
}

// prober returns a sender of the plan's probes. The Workers of an account on
// this machine run until done is called.
func (t *target) prober(ctx context.Context) (p applier.Prober, done func(), err error) {
	options, stop := probe.Options{UserAgent: t.userAgent}, func() {}
	if t.local != nil {
		run, err := t.local.Run(ctx, t.info.ID, nil)
		if err != nil {
			return nil, nil, err
		}
		options.Through, stop = run.address, run.Close
	}
	prober := probe.New(options)
	return prober, func() {
		prober.Close()
		stop()
	}, nil
}
