package applier

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// Why a change has failed that was made.
var (
	ErrOverwritten = errors.New("somebody else has written it right after this run did: two runs at once?")
	ErrDeleted     = errors.New("somebody else has deleted it right after this run had written it: two runs at once?")
	ErrRecreated   = errors.New("somebody else has written it right after this run had deleted it: two runs at once?")
)

// confirmTime is how long the look at the end may take.
const confirmTime = 10 * time.Minute

// confirm reads once more what was marked, or deleted. Nothing keeps another
// run from writing between the look at a Worker and its upload, but then one of
// the two does not find its mark at the end, and says so. A list that does not
// show marks proves nothing, and one that cannot be read takes nothing back:
// every write was answered.
func (r *run) confirm(ctx context.Context) {
	left := maps.Clone(r.marks)
	for a, outcome := range r.outcomes {
		if outcome.Action == planner.Delete && outcome.Status == StatusApplied && (a.Kind == spec.KindUserWorker || a.Kind == spec.KindWorker) {
			left[a] = nil
		}
	}
	if len(left) == 0 || ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, confirmTime)
	defer cancel()
	now, err := r.target.Revisit(ctx, slices.SortedFunc(maps.Keys(left), spec.Address.Compare))
	if err != nil {
		r.emit(Unconfirmed{err})
		return
	}
	for _, j := range r.order {
		a := j.change.Address
		mark, looked := left[a]
		if !looked {
			continue
		}
		if err := undone(mark, now.Resources[a]); err != nil {
			outcome := r.outcomes[a]
			outcome.Status, outcome.Error = StatusFailed, err.Error()
			r.outcomes[a] = outcome
			r.emit(Overwritten{a, j.change.Action, err})
		}
	}
}

// undone is what somebody else has done to a script since it was left with a mark,
// or deleted.
func undone(mark *spec.Mark, live *spec.Live) error {
	switch {
	case mark == nil && live != nil:
		return ErrRecreated
	case mark == nil:
		return nil
	case live == nil:
		return ErrDeleted
	case live.Untagged || live.Revision.Mark != nil && *live.Revision.Mark == *mark:
		return nil
	}
	return ErrOverwritten
}
