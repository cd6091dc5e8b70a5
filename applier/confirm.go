package applier

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/wfpsync/wfpsync/spec"
)

// ErrOverwritten is why a change has failed that was made.
var ErrOverwritten = errors.New("somebody else has written it right after this run did: two runs at once?")

// confirm reads once more the lists of what was marked. Nothing keeps another
// run from writing between the look at a Worker and its upload, but then one of
// the two does not find its mark at the end, and says so. A list that does not
// show marks, or cannot be read, proves nothing.
func (r *run) confirm(ctx context.Context) {
	collections := map[spec.Collection]bool{}
	for a := range r.marks {
		collections[a.Collection()] = true
	}
	if len(collections) == 0 || ctx.Err() != nil {
		return
	}
	// Without a stack, nothing but the lists is read.
	now, err := r.target.Read(ctx, "", slices.SortedFunc(maps.Keys(collections), spec.Collection.Compare))
	if err != nil {
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
