package applier

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// Why a change has failed that was made.
var (
	ErrOverwritten = errors.New("another run overwrote it right after this one: are two runs active?")
	ErrDeleted     = errors.New("another run deleted it right after this one had written it: are two runs active?")
	ErrRecreated   = errors.New("another run wrote it right after this one had deleted it: are two runs active?")
)

// NotShownError says that looks went on to show what was there before some changes.
type NotShownError struct {
	First   spec.Address
	Changes int
}

func (e *NotShownError) Error() string {
	which := fmt.Sprintf("%s is changed, and", e.First)
	if e.Changes > 1 {
		which = fmt.Sprintf("%s and %d more are changed, and", e.First, e.Changes-1)
	}
	return which + " the account does not show it yet; `wfpsync plan` tells a little later"
}

// confirmTime is how long the looks at the end may take.
const confirmTime = 10 * time.Minute

// trace is what a run knows of a script that it has written or deleted.
type trace struct {
	left   *spec.Revision  // as which it was left; nil: deleted
	before []spec.Revision // what it was, in the order of time

	missing bool // the last look showed nothing
	absent  int  // how many looks in a row did that asked for the script by itself
}

// leaves notes as what a change has left its script.
func (r *run) leaves(c planner.Change, now *spec.Revision) {
	t := r.traces[c.Address]
	switch {
	case t == nil:
		t = &trace{}
		r.traces[c.Address] = t
		if c.Prior != nil {
			t.before = append(t.before, *c.Prior)
		}
	case t.left != nil:
		t.before = append(t.before, *t.left)
	}
	t.left = now
}

// confirm reads once more what was marked, or deleted. Nothing keeps another
// run from writing between the look at a Worker and its upload, but then one of
// the two does not find its mark at the end, and says so. A list that does not
// show marks proves nothing, and one that cannot be read takes nothing back:
// every write was answered.
//
// Nor does a look prove anything that shows what was there before: the account is
// eventually consistent. It is looked at again for half a minute, and then the run
// says that it cannot tell. This is the rule of what tells of another writer:
//
//   - a revision that is neither ours nor one of before, see [spec.SightOf];
//   - that there is nothing, in the last two looks, 15 seconds apart, each of which
//     asks for the script by itself.
func (r *run) confirm(ctx context.Context) {
	left := maps.Clone(r.traces)
	if len(left) == 0 || ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, confirmTime)
	defer cancel()
	for try := 0; ; try++ {
		if err := r.lookAgain(ctx, left, try >= len(spec.RereadPauses)-1); err != nil {
			r.emit(Unconfirmed{err})
			return
		}
		if len(left) == 0 {
			return
		}
		if try == len(spec.RereadPauses) || !r.rest(ctx, spec.RereadPauses[try]) {
			break
		}
	}
	first := slices.SortedFunc(maps.Keys(left), spec.Address.Compare)[0]
	r.emit(Unconfirmed{&NotShownError{First: first, Changes: len(left)}})
}

// lookAgain looks at what is left to be confirmed, and strikes out what the look tells
// of. alone: what was missing is asked for by itself.
func (r *run) lookAgain(ctx context.Context, left map[spec.Address]*trace, alone bool) error {
	var together, single []spec.Address
	for _, a := range slices.SortedFunc(maps.Keys(left), spec.Address.Compare) {
		if alone && left[a].missing {
			single = append(single, a)
		} else {
			together = append(together, a)
		}
	}
	for i, addresses := range [][]spec.Address{together, single} {
		if len(addresses) == 0 {
			continue
		}
		now, err := r.target.Reread(ctx, addresses, i == 1)
		if err != nil {
			return err
		}
		for _, a := range addresses {
			if settled, err := left[a].sees(now.Resources[a], i == 1); err != nil {
				r.overwritten(a, err)
				delete(left, a)
			} else if settled {
				delete(left, a)
			}
		}
	}
	return nil
}

// sees takes a look into account, and reports whether it tells of the script what
// became of it. The error is what somebody else has done to it.
func (t *trace) sees(live *spec.Live, alone bool) (settled bool, err error) {
	if live != nil && live.TagsUnread && t.left != nil {
		return true, nil
	}
	var now *spec.Revision
	if live != nil {
		now = &live.Revision
	}
	sight := spec.Observe(now, t.left, t.before)
	if t.missing = sight == spec.SawNothing; t.missing && alone {
		t.absent++
	} else {
		t.absent = 0
	}
	switch {
	case sight == spec.SawOther && t.left == nil:
		return true, ErrRecreated
	case sight == spec.SawOther:
		return true, ErrOverwritten
	case t.absent == 2:
		return true, ErrDeleted
	}
	return sight == spec.SawOurs, nil
}

// overwritten counts a change as failed that was made.
func (r *run) overwritten(a spec.Address, err error) {
	outcome := r.outcomes[a]
	outcome.Status, outcome.Error = StatusFailed, err.Error()
	r.outcomes[a] = outcome
	r.emit(Overwritten{a, outcome.Action, err})
}
