package applier

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/spec"
)

// rollBack queues the rollback of everything that a failed wave has written and
// that was captured.
func (r *run) rollBack(w *wave) {
	if len(w.written) > 0 {
		r.rollbacks = append(r.rollbacks, w.written...)
		w.rollout.outcome.Status = RolloutRolledBack
	}
	w.written = nil
}

// startRollback rolls one write back, in its own goroutine.
func (r *run) startRollback(ctx context.Context, a jobResult) {
	began := r.options.Now()
	restoration := spec.Restoration{Stack: r.stack, Written: a.job.change.Desired, Revision: a.revision}
	if t := r.traces[a.job.change.Address]; t != nil {
		restoration.Before = slices.Clone(t.before)
	}
	var lost []string
	if a.former != nil {
		over := a.job.change.Desired
		if a.job.change.LeavesBindings() { // and with them any secrets
			over = a.former.Resource
		}
		restoration.Former, lost = a.former.RestorableOver(over.(spec.Scripted).AsScript())
	}
	go func() {
		revision, err := r.target.Restore(ctx, restoration)
		r.done <- []jobResult{{job: a.job, former: a.former, revision: revision, took: r.options.Now().Sub(began), err: err, rolledBack: true, lost: lost}}
	}()
}

// recordRollback records the outcome of rolling a write back.
func (r *run) recordRollback(a jobResult) {
	c, ro := a.job.change, a.job.wave.rollout
	outcome := r.outcomes[c.Address]
	defer func() { r.outcomes[c.Address] = outcome }()
	if a.err != nil {
		ro.outcome.Status = RolloutNotRolledBack
		outcome.Error = strings.TrimPrefix(fmt.Sprintf("%s; it could not be rolled back: %v", outcome.Error, a.err), "; ")
		outcome.Status = StatusFailed
		r.emit(RollbackFailed{c.Address, c.Action, a.took, a.err})
		return
	}
	if a.revision.Mark != nil {
		r.noteRevision(c, &a.revision)
	} else {
		delete(r.traces, c.Address)
	}
	if outcome.Status == StatusApplied {
		outcome.Status = StatusRolledBack
	} else {
		outcome.Error += "; it was rolled back"
	}
	outcome.Lost = a.lost
	r.emit(RolledBack{c.Address, c.Action, a.took, a.lost})
}
