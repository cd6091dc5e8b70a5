package applier

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/wfpsync/wfpsync/spec"
)

// ErrOverwritten is why a change has failed that was made.
var ErrOverwritten = errors.New("somebody else has written it right after this run did: two runs at once?")

// confirmTime is how long the look at the end may take.
const confirmTime = 10 * time.Minute

// confirm reads once more what was marked. Nothing keeps another
// run from writing between the look at a Worker and its upload, but then one of
// the two does not find its mark at the end, and says so. A list that does not
// show marks proves nothing, and one that cannot be read takes nothing back:
// every write was answered.
func (r *run) confirm(ctx context.Context) {
	if len(r.marks) == 0 || ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, confirmTime)
	defer cancel()
	now, err := r.target.Revisit(ctx, slices.SortedFunc(maps.Keys(r.marks), spec.Address.Compare))
	if err != nil {
		r.emit(Unconfirmed{err})
		return
	}
	for _, j := range r.order {
		a := j.change.Address
		ours, marked := r.marks[a]
		live := now.Resources[a]
		if !marked || live != nil && (live.Revision.Mark == nil || *live.Revision.Mark == ours) {
			continue
		}
		outcome := r.outcomes[a]
		outcome.Status, outcome.Error = StatusFailed, ErrOverwritten.Error()
		r.outcomes[a] = outcome
		r.emit(Overwritten{a, j.change.Action})
	}
}
