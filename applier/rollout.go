package applier

import (
	"context"
	"errors"
	"slices"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// rollout is a rollout under way. Its waves are no part of the graph: a change
// begins when both the graph and its wave let it.
type rollout struct {
	planned planner.Rollout
	waves   []*wave
	then    []*job // what comes after the last wave
	over    bool   // no further wave begins
	outcome RolloutOutcome
}

// wave is one step of it.
type wave struct {
	rollout *rollout
	number  int // from 1
	jobs    []*job
	held    []*job // that the graph would let begin

	open, begun, closed bool
	failed              bool
	unproven            bool // a probe was given up, because the run was stopped
	left                int  // jobs that are not settled
	failures            int
	written             []answer // what a rollback takes back
}

// most is how many failures the wave stands.
func (w *wave) most() int { return w.rollout.planned.MaxFailures.Of(len(w.jobs)) }

// setUpRollouts gives the changes of a plan their waves.
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
		if turn := j.change.Rollout; turn != nil {
			j.wave = byName[turn.Name].waves[turn.Wave-1]
			j.wave.jobs = append(j.wave.jobs, j)
			j.wave.left++
		}
	}
}

// release lets a job begin that the graph lets begin, if its wave does.
func (r *run) release(j *job) {
	if j.wave != nil && !j.wave.open {
		j.wave.held = append(j.wave.held, j)
		return
	}
	r.makeReady(j)
}

// openNext opens the first wave that changes anything after those that are done;
// after the last one, what waits for all of them may begin.
func (r *run) openNext(ro *rollout) {
	if w := ro.next(); w != nil {
		w.open = true
		ro.outcome.Wave = w.number
		for _, j := range w.held {
			r.makeReady(j)
		}
		w.held = nil
		r.judge(w)
		return
	}
	ro.over, ro.outcome.Status = true, RolloutComplete
	for _, j := range ro.then {
		if j.waiting--; j.waiting == 0 {
			r.release(j)
		}
	}
}

// next is the wave that comes next; nil after the last one.
func (ro *rollout) next() *wave {
	for _, w := range ro.waves {
		if !w.open && len(w.jobs) > 0 {
			return w
		}
	}
	return nil
}

// beginWave tells of a wave whose first change begins.
func (r *run) beginWave(w *wave) {
	if w == nil || w.begun {
		return
	}
	w.begun = true
	r.emit(WaveStarted{w.rollout.planned.Name, w.number, len(w.rollout.waves), len(w.jobs)})
}

// settle counts a job of a wave that was made, has failed, or is not tried. What
// was not asked whether it works, because somebody has stopped the run, is none of
// these: nobody knows how the wave would have ended.
func (r *run) settle(j *job, err error) {
	w := j.wave
	if w == nil || r.ended {
		return
	}
	w.left--
	switch {
	case errors.Is(err, errStopped):
		w.unproven = true
	case err == nil || w.failed && errors.Is(err, errSkipped): // for which it has failed already
	default:
		w.failures++
	}
	if w.open {
		r.judge(w)
	}
}

// judge looks whether an open wave has failed, and whether it is over.
func (r *run) judge(w *wave) {
	if !w.failed && w.failures > w.most() {
		w.failed = true
		r.stopRollout(w.rollout)
	}
	if w.left == 0 && !w.closed {
		w.closed = true
		r.closeWave(w)
	}
}

// stopRollout skips whatever of a rollout has not begun.
func (r *run) stopRollout(ro *rollout) {
	if ro.over {
		return
	}
	ro.over, ro.outcome.Status = true, RolloutStopped
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

// closeWave ends a wave of which nothing is under way any more.
func (r *run) closeWave(w *wave) {
	ro := w.rollout
	name := ro.planned.Name
	if w.failed {
		ro.outcome.Wave, ro.outcome.Failures, ro.outcome.MaxFailures = w.number, w.failures, w.most()
		r.emit(WaveFailed{name, w.number, len(ro.waves), w.failures, w.most()})
		r.rollBack(w)
		return
	}
	if w.written = nil; w.unproven {
		return
	}
	r.emit(WaveFinished{name, w.number, len(ro.waves), w.failures})
	if ro.next() == nil || ro.planned.Pause == 0 {
		r.openNext(ro)
		return
	}
	r.emit(Paused{name, ro.next().number, len(ro.waves), ro.planned.Pause})
	r.pausing++
	after := r.options.After(ro.planned.Pause)
	r.waiting.Go(func() {
		select {
		case <-after:
		case <-r.over:
			return
		}
		select {
		case r.rested <- ro:
		case <-r.over:
		}
	})
}

// await takes what happens next, unless nothing can happen any more.
func (r *run) await(ctx context.Context) (more bool) {
	stopped := r.stopped(ctx)
	if r.underWay == 0 && (r.pausing == 0 || stopped) {
		return false
	}
	var stop, done <-chan struct{} // nil channels, which never are ready
	if !stopped {
		stop, done = r.options.Stop, ctx.Done()
	}
	select {
	case answers := <-r.done:
		r.underWay--
		for _, a := range answers {
			if a.restored {
				r.takeRestored(a)
			} else {
				r.take(a)
			}
		}
	case e := <-r.told:
		r.emit(e)
	case ro := <-r.rested:
		r.pausing--
		r.openNext(ro)
	case <-stop:
	case <-done:
	}
	return true
}
