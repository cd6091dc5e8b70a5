package applier

import (
	"context"
	"errors"
	"slices"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// rollout is a rollout under way. Its waves are not part of the graph: a change
// begins when both the graph and its wave allow it.
type rollout struct {
	planned planner.Rollout
	waves   []*wave
	then    []*job // what comes after the last wave
	done    bool   // no further wave begins
	outcome RolloutOutcome
}

// wave is one step of a rollout.
type wave struct {
	rollout *rollout
	number  int // from 1
	jobs    []*job
	held    []*job // jobs that the graph allows to begin

	open, begun, closed bool
	failed              bool
	unproven            bool // a probe was given up because the run was stopped
	remaining           int  // jobs that are not settled
	failures            int
	written             []jobResult // what a rollback undoes
}

// maxFailures returns how many failures the wave tolerates.
func (w *wave) maxFailures() int { return w.rollout.planned.MaxFailures.Of(len(w.jobs)) }

// setUpRollouts assigns the plan's changes to their waves.
func (r *run) setUpRollouts(plan *planner.Plan, jobs map[spec.Address]*job) {
	byName := map[string]*rollout{}
	for _, planned := range plan.Rollouts {
		ro := &rollout{planned: planned, outcome: RolloutOutcome{Name: planned.Name, Waves: len(planned.Waves), Status: RolloutInterrupted}}
		for i := range planned.Waves {
			ro.waves = append(ro.waves, &wave{rollout: ro, number: i + 1})
		}
		for _, a := range planned.Then {
			j := jobs[a]
			j.waiting++
			ro.then = append(ro.then, j)
		}
		byName[planned.Name] = ro
		r.rollouts = append(r.rollouts, ro)
	}
	for _, j := range r.order {
		if member := j.change.Rollout; member != nil {
			j.wave = byName[member.Name].waves[member.Wave-1]
			j.wave.jobs = append(j.wave.jobs, j)
			j.wave.remaining++
		}
	}
}

// release lets a job begin that the graph allows to begin, or holds it until
// its wave opens.
func (r *run) release(j *job) {
	if j.wave != nil && !j.wave.open {
		j.wave.held = append(j.wave.held, j)
		return
	}
	r.makeReady(j)
}

// openNext opens the next wave that has changes. After the last one, it
// releases what waits for all waves.
func (r *run) openNext(ro *rollout) {
	if w := ro.nextWave(); w != nil {
		w.open = true
		ro.outcome.Wave = w.number
		for _, j := range w.held {
			r.makeReady(j)
		}
		w.held = nil
		r.checkWave(w)
		return
	}
	ro.done, ro.outcome.Status = true, RolloutComplete
	for _, j := range ro.then {
		if j.waiting--; j.waiting == 0 {
			r.release(j)
		}
	}
}

// nextWave returns the next wave that has changes; nil after the last one.
func (ro *rollout) nextWave() *wave {
	for _, w := range ro.waves {
		if !w.open && len(w.jobs) > 0 {
			return w
		}
	}
	return nil
}

// beginWave reports a wave whose first change begins.
func (r *run) beginWave(w *wave) {
	if w == nil || w.begun {
		return
	}
	w.begun = true
	r.emit(WaveStarted{w.rollout.planned.Name, w.number, len(w.rollout.waves), len(w.jobs)})
}

// countInWave counts a settled job in its wave. A job whose probe was given up
// because the run was stopped counts as neither made nor failed: it is not
// known how its wave would have ended.
func (r *run) countInWave(j *job, err error) {
	w := j.wave
	if w == nil || r.ended {
		return
	}
	w.remaining--
	switch {
	case errors.Is(err, errStopped):
		w.unproven = true
	case err == nil || w.failed && errors.Is(err, errSkipped): // a skip that the failed wave caused itself
	default:
		w.failures++
	}
	if w.open {
		r.checkWave(w)
	}
}

// checkWave checks whether an open wave has failed, and whether it is over.
func (r *run) checkWave(w *wave) {
	if !w.failed && w.failures > w.maxFailures() {
		w.failed = true
		r.stopRollout(w.rollout)
	}
	if w.remaining == 0 && !w.closed {
		w.closed = true
		r.closeWave(w)
	}
}

// stopRollout skips everything in a rollout that has not begun.
func (r *run) stopRollout(ro *rollout) {
	if ro.done {
		return
	}
	ro.done, ro.outcome.Status = true, RolloutStopped
	because := cause{rollout: ro.planned.Name}
	for _, w := range ro.waves {
		for _, j := range w.jobs {
			if !j.begun {
				r.skip(j, because)
			}
		}
	}
	for _, j := range ro.then {
		r.skip(j, because)
	}
	r.ready = slices.DeleteFunc(r.ready, func(j *job) bool { return r.isSettled(j) })
}

// closeWave ends a wave in which nothing is under way any more.
func (r *run) closeWave(w *wave) {
	ro := w.rollout
	name := ro.planned.Name
	if w.failed {
		ro.outcome.Wave, ro.outcome.Failures, ro.outcome.MaxFailures = w.number, w.failures, w.maxFailures()
		r.emit(WaveFailed{name, w.number, len(ro.waves), w.failures, w.maxFailures()})
		r.rollBack(w)
		return
	}
	if w.written = nil; w.unproven {
		return
	}
	r.emit(WaveFinished{name, w.number, len(ro.waves), w.failures})
	if ro.nextWave() == nil || ro.planned.Pause == 0 {
		r.openNext(ro)
		return
	}
	r.emit(Paused{name, ro.nextWave().number, len(ro.waves), ro.planned.Pause})
	r.pausing++
	after := r.options.After(ro.planned.Pause)
	r.waiting.Go(func() {
		select {
		case <-after:
		case <-r.finished:
			return
		}
		select {
		case r.pauseEnded <- ro:
		case <-r.finished:
		}
	})
}

// await handles the next thing that happens. It returns false if nothing can
// happen any more.
func (r *run) await(ctx context.Context) (more bool) {
	stopped := r.stopped(ctx)
	if r.underWay == 0 && (r.pausing == 0 || stopped) {
		return false
	}
	var stop, done <-chan struct{} // nil channels are never ready
	if !stopped {
		stop, done = r.options.Stop, ctx.Done()
	}
	select {
	case results := <-r.done:
		r.underWay--
		for _, a := range results {
			if a.rolledBack {
				r.recordRollback(a)
			} else {
				r.record(a)
			}
		}
	case e := <-r.events:
		r.emit(e)
	case ro := <-r.pauseEnded:
		r.pausing--
		r.openNext(ro)
	case <-stop:
	case <-done:
	}
	return true
}
