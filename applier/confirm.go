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

// These are the errors of changes that were made and did not last.
var (
	ErrOverwritten = errors.New("another run overwrote it right after this one: are two runs active?")
	ErrDeleted     = errors.New("another run deleted it right after this one had written it: are two runs active?")
	ErrRecreated   = errors.New("another run wrote it right after this one had deleted it: are two runs active?")
)

// NotShownError says that the account still showed the former state of some
// changes when the run gave up looking.
type NotShownError struct {
	First   spec.Address
	Changes int
}

func (e *NotShownError) Error() string {
	which := fmt.Sprintf("%s is changed, and", e.First)
	if e.Changes > 1 {
		which = fmt.Sprintf("%s and %d more are changed, and", e.First, e.Changes-1)
	}
	return which + " the account does not show it yet; run `wfpsync plan` a little later to check"
}

// confirmTime limits how long the checks at the end may take.
const confirmTime = 10 * time.Minute

// trace is what a run knows about a script that it has written or deleted.
type trace struct {
	current *spec.Revision  // the revision that this run left; nil: deleted
	before  []spec.Revision // earlier revisions, oldest first

	sawNothing bool // the last look showed nothing
	absences   int  // how many consecutive single looks showed nothing
}

// noteRevision records the revision that a change left its script at; nil if it
// was deleted.
func (r *run) noteRevision(c planner.Change, now *spec.Revision) {
	t := r.traces[c.Address]
	switch {
	case t == nil:
		t = &trace{}
		r.traces[c.Address] = t
		if c.Prior != nil {
			t.before = append(t.before, *c.Prior)
		}
	case t.current != nil:
		t.before = append(t.before, *t.current)
	}
	t.current = now
}

// confirm reads again what was marked or deleted. Another run can write between
// the check of a Worker and its upload. One of the two runs then does not find
// its mark at the end, and reports that. A list without marks proves nothing,
// and a list that cannot be read does not make a change fail: the API has
// accepted every write.
//
// A look that shows the former state proves nothing either, because the account
// is eventually consistent. The run looks again for half a minute, and then
// says that it cannot tell. Two observations prove that there is another
// writer:
//
//   - a revision that is neither ours nor an earlier one, see [spec.Observe];
//   - nothing, in the last two looks, 15 seconds apart, each of which requests
//     the script by itself.
func (r *run) confirm(ctx context.Context) {
	left := maps.Clone(r.traces)
	if len(left) == 0 || ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, confirmTime)
	defer cancel()
	for try := 0; ; try++ {
		if err := r.reread(ctx, left, try >= len(spec.RereadPauses)-1); err != nil {
			r.emit(Unconfirmed{err})
			return
		}
		if len(left) == 0 {
			return
		}
		if try == len(spec.RereadPauses) || !r.pause(ctx, spec.RereadPauses[try]) {
			break
		}
	}
	first := slices.SortedFunc(maps.Keys(left), spec.Address.Compare)[0]
	r.emit(Unconfirmed{&NotShownError{First: first, Changes: len(left)}})
}

// reread looks at the resources in left and deletes those that the look
// settles. If alone is set, resources that were missing are requested one by
// one.
func (r *run) reread(ctx context.Context, left map[spec.Address]*trace, alone bool) error {
	var together, single []spec.Address
	for _, a := range slices.SortedFunc(maps.Keys(left), spec.Address.Compare) {
		if alone && left[a].sawNothing {
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
			if settled, err := left[a].observe(now.Resources[a], i == 1); err != nil {
				r.overwritten(a, err)
				delete(left, a)
			} else if settled {
				delete(left, a)
			}
		}
	}
	return nil
}

// observe evaluates a look, and reports whether it settles what became of the
// script. The error is what another run did to it.
func (t *trace) observe(live *spec.Live, alone bool) (settled bool, err error) {
	if live != nil && live.TagsUnread && t.current != nil {
		return true, nil
	}
	var now *spec.Revision
	if live != nil {
		now = &live.Revision
	}
	saw := spec.Observe(now, t.current, t.before)
	if t.sawNothing = saw == spec.SawNothing; t.sawNothing && alone {
		t.absences++
	} else {
		t.absences = 0
	}
	switch {
	case saw == spec.SawOther && t.current == nil:
		return true, ErrRecreated
	case saw == spec.SawOther:
		return true, ErrOverwritten
	case t.absences == 2:
		return true, ErrDeleted
	}
	return saw == spec.SawOurs, nil
}

// overwritten counts a change that was made as failed.
func (r *run) overwritten(a spec.Address, err error) {
	outcome := r.outcomes[a]
	outcome.Status, outcome.Error = StatusFailed, err.Error()
	r.outcomes[a] = outcome
	r.emit(Overwritten{a, outcome.Action, err})
}
