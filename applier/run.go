package applier

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// DefaultConcurrency is how many changes are made at once unless told otherwise.
const DefaultConcurrency = 16

// Options are how a plan is applied.
type Options struct {
	// Concurrency is how many changes are made at once; 0 means
	// [DefaultConcurrency].
	Concurrency int

	// Secret reads the value of a secret from its source.
	Secret func(spec.SecretSource) (spec.Secret, error)

	// Key makes the fingerprints of the secrets that are written; nil for none.
	Key *spec.SecretsKey

	// Stop, when closed, lets no further change begin; those under way end.
	Stop <-chan struct{}

	// StopOn says of a failure that no further change may begin after it; nil
	// means that only what depends on the failed change is skipped.
	StopOn func(error) bool

	// Prober sends probes; nil will do for plans without any.
	Prober Prober

	// Now is the clock that durations are measured by; nil means time.Now.
	Now func() time.Time

	// After is the clock of pauses; nil means time.After.
	After func(time.Duration) <-chan time.Time
}

// ErrBlocked says that a plan has changes that may not be made.
var ErrBlocked = errors.New("the plan has blocked changes")

// Run applies a plan. It returns an error, and changes nothing, when the plan
// cannot be applied as a whole: a change is blocked, code or a secret is
// missing. What goes wrong with single changes is in the result. When ctx is
// done, changes under way are abandoned; see Options.Stop for the gentle way.
func Run(ctx context.Context, target Target, plan *planner.Plan, options Options, emit func(Event)) (*Result, error) {
	if len(plan.Blocked()) > 0 {
		return nil, ErrBlocked
	}
	if err := plan.Complete(); err != nil {
		return nil, err
	}
	if options.Prober == nil && slices.ContainsFunc(plan.Changes, func(c planner.Change) bool { return probeOf(c) != nil }) {
		return nil, ErrNoProber
	}
	secrets, err := readSecrets(plan, options.Secret)
	if err != nil {
		return nil, err
	}
	r := newRun(target, plan, secrets, options, emit)
	r.loop(ctx)
	r.confirm(ctx)
	return r.result(), nil
}

// run is a plan being applied. Only the goroutine that called Run touches it;
// workers get what they need by value and answer over a channel.
type run struct {
	target  Target
	stack   string
	options Options
	emit    func(Event)

	order    []*job                    // in the plan's order
	ready    []*job                    // may begin, in the order in which they became so
	gathered map[changeSort]*gathering // may begin as soon as there are enough; see together.go

	// unsettled counts the changes of each sort that have not begun.
	unsettled map[changeSort]int
	outcomes  map[spec.Address]Outcome
	ids       map[spec.Address]string
	traces    map[spec.Address]*trace // of what was marked or deleted
	secrets   map[spec.SecretSource]spec.Secret
	done      chan []answer // of what was made together
	halted    bool          // by a failure

	underWay int // requests
	rollouts []*rollout
	restores []answer       // of failed waves, that are to be taken back
	told     chan Event     // by workers
	rested   chan *rollout  // after a pause
	pausing  int            // rollouts that rest
	over     chan struct{}  // closed at the end
	waiting  sync.WaitGroup // for pauses
	ended    bool           // the rest is skipped
}

// job is a change and its place in the graph.
type job struct {
	change  planner.Change
	waiting int    // how many changes it still waits for
	next    []*job // what waits for it
	wave    *wave  // that it belongs to; nil for none
	begun   bool
}

// answer is what a worker says of a job.
type answer struct {
	job      *job
	revision spec.Revision
	took     time.Duration
	err      error

	written  bool           // although there may be an error
	uploaded *spec.Revision // before it was doubted; nil for anything else
	former   *spec.Live     // what was replaced; nil where nobody may want it back
	restored bool           // it is about taking the job back
	lost     []string       // secrets that were not brought back
}

func newRun(target Target, plan *planner.Plan, secrets map[spec.SecretSource]spec.Secret, options Options, emit func(Event)) *run {
	if options.Concurrency <= 0 {
		options.Concurrency = DefaultConcurrency
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.After == nil {
		options.After = time.After
	}
	r := &run{
		target: target, stack: plan.Stack, options: options, emit: emit, secrets: secrets,
		outcomes: map[spec.Address]Outcome{},
		ids:      map[spec.Address]string{},
		traces:   map[spec.Address]*trace{},
		done:     make(chan []answer),
		told:     make(chan Event),
		rested:   make(chan *rollout),
		over:     make(chan struct{}),

		gathered:  map[changeSort]*gathering{},
		unsettled: map[changeSort]int{},
	}
	jobs := map[spec.Address]*job{}
	for _, c := range plan.Changes {
		j := &job{change: c, waiting: len(c.DependsOn)}
		jobs[c.Address] = j
		r.order = append(r.order, j)
	}
	r.setUpRollouts(plan, jobs)
	for _, j := range r.order {
		for _, first := range j.change.DependsOn {
			jobs[first].next = append(jobs[first].next, j)
		}
		if r.together(j) > 1 {
			r.unsettled[sortOf(j)]++
		}
		if j.waiting == 0 {
			r.release(j)
		}
	}
	for _, ro := range r.rollouts {
		r.openNext(ro)
	}
	return r
}

// loop begins jobs while it may, and takes answers until none is under way.
func (r *run) loop(ctx context.Context) {
	for more := true; more; more = r.await(ctx) {
		for len(r.restores) > 0 && r.underWay < r.options.Concurrency && ctx.Err() == nil {
			a := r.restores[0]
			r.restores = r.restores[1:]
			r.startRestoring(ctx, a)
			r.underWay++
		}
		for r.underWay < r.options.Concurrency && !r.stopped(ctx) {
			jobs := r.next()
			if jobs == nil {
				break
			}
			for _, j := range jobs {
				r.beginWave(j.wave)
				r.emit(Started{j.change.Address, j.change.Action})
				j.begun = true
			}
			r.start(ctx, jobs)
			r.underWay++
		}
	}
	close(r.over)
	r.waiting.Wait()
	r.ended = true
	for _, a := range r.restores {
		r.takeRestored(answer{job: a.job, err: context.Cause(ctx)})
	}
	for _, j := range r.order {
		if !r.isSettled(j) {
			r.skip(j, cause{})
		}
	}
}

func (r *run) stopped(ctx context.Context) bool { return r.halted || r.isStopped(ctx) }

// isStopped reports whether somebody has stopped the run.
func (r *run) isStopped(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return true
	case <-r.options.Stop: // a nil channel never is ready
		return true
	default:
		return false
	}
}

// start makes a change, or several that are made together, in a goroutine of its
// own.
func (r *run) start(ctx context.Context, jobs []*job) {
	j := jobs[0]
	if r.together(j) > 1 {
		r.startTogether(ctx, jobs)
		return
	}
	began := r.options.Now()
	answered := func(a answer) {
		a.took = r.options.Now().Sub(began)
		r.done <- []answer{a}
	}
	if j.change.Action == planner.Delete {
		go func() { answered(answer{job: j, err: r.target.Delete(ctx, j.change.Address, *j.change.Prior)}) }()
		return
	}
	write, err := r.write(j.change)
	go func() {
		if err == nil && j.change.Action == planner.Replace {
			err = r.target.Delete(ctx, j.change.Address, *j.change.Prior)
		}
		if err != nil {
			answered(answer{job: j, err: err})
			return
		}
		answered(r.make(ctx, j, write))
	}()
}

// write is a change as the target takes it, with the ids and secrets it needs.
func (r *run) write(c planner.Change) (spec.Write, error) {
	w := spec.Write{Stack: r.stack, Resource: c.Desired, Prior: c.Prior, MarkOnly: c.MarkOnly}
	if c.Action == planner.Replace {
		w.Prior = nil // which is gone by then
	}
	scripted, ok := c.Desired.(spec.Scripted)
	if !ok {
		return w, nil
	}
	script, complete := scripted.AsScript().Resolved(func(a spec.Address) (string, bool) {
		id, known := r.ids[a]
		return id, known
	})
	if !complete {
		return w, fmt.Errorf("%s refers to a resource whose id is not known: make the plan again", c.Address)
	}
	w.Resource = scripted.WithScript(script)
	w.KeepBindings = c.LeavesBindings() && !script.IsTemplate() // which names all of them
	r.addSecrets(&w, c)
	return w, nil
}

// take records an answer and lets go on, or skips, what waited for it.
func (r *run) take(a answer) {
	c := a.job.change
	outcome := Outcome{Address: c.Address, Action: c.Action, Took: a.took}
	if errors.Is(a.err, spec.ErrVanished) {
		outcome.Status, outcome.Error = StatusVanished, a.err.Error()
		r.outcomes[c.Address] = outcome
		r.emit(Vanished{c.Address, c.Action, a.took, a.err})
		r.finish(a.job)
		return
	}
	if a.uploaded != nil {
		r.leaves(c, a.uploaded)
	}
	if a.revision.Mark != nil {
		r.leaves(c, &a.revision)
	}
	if a.written && a.job.isRolledBack() {
		a.job.wave.written = append(a.job.wave.written, a)
	}
	if a.err != nil {
		outcome.Status, outcome.Error = StatusFailed, a.err.Error()
		r.outcomes[c.Address] = outcome
		r.halted = r.halted || r.options.StopOn != nil && r.options.StopOn(a.err)
		r.emit(Failed{c.Address, c.Action, a.took, a.err})
		for _, next := range a.job.next {
			r.skip(next, cause{change: c.Address})
		}
		r.settle(a.job, a.err)
		return
	}
	outcome.Status = StatusApplied
	r.outcomes[c.Address] = outcome
	if c.Action == planner.Delete && c.Address.Kind.Info().Script {
		r.leaves(c, nil)
	}
	if a.revision.ID != "" {
		r.ids[c.Address] = a.revision.ID
	}
	r.emit(Succeeded{c.Address, c.Action, a.took})
	r.finish(a.job)
}

// finish lets begin what waited for nothing but a job.
func (r *run) finish(j *job) {
	for _, next := range j.next {
		if next.waiting--; next.waiting == 0 {
			r.release(next)
		}
	}
	r.settle(j, nil)
}

// cause is why a change is not tried: another change, or a rollout; neither when
// the run was stopped.
type cause struct {
	change  spec.Address
	rollout string
}

func (r *run) isSettled(j *job) bool {
	_, settled := r.outcomes[j.change.Address]
	return settled
}

// errSkipped counts in a wave like a failure: somebody in it did not get it.
var errSkipped = errors.New("skipped")

// skip records that a job, and everything that waits for it, is not tried.
func (r *run) skip(j *job, because cause) {
	c := j.change
	if r.isSettled(j) {
		return
	}
	r.outcomes[c.Address] = Outcome{Address: c.Address, Action: c.Action, Status: StatusSkipped, Because: because.change, Rollout: because.rollout}
	r.emit(Skipped{c.Address, c.Action, because.change, because.rollout})
	if r.together(j) > 1 {
		r.unsettled[sortOf(j)]--
	}
	for _, next := range j.next {
		r.skip(next, because)
	}
	r.settle(j, errSkipped)
}

func (r *run) result() *Result {
	result := &Result{}
	for _, j := range r.order {
		outcome := r.outcomes[j.change.Address]
		result.Outcomes = append(result.Outcomes, outcome)
		switch outcome.Status {
		case StatusApplied:
			result.Applied++
		case StatusFailed:
			result.Failed++
		case StatusSkipped:
			result.Skipped++
		case StatusVanished:
			result.Vanished++
		case StatusRolledBack:
			result.RolledBack++
		}
	}
	for _, ro := range r.rollouts {
		result.Rollouts = append(result.Rollouts, ro.outcome)
	}
	return result
}
