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

// DefaultConcurrency is how many changes are made at once by default.
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

	// Stop, once closed, lets no further change begin. Changes under way are
	// finished.
	Stop <-chan struct{}

	// StopOn reports whether no further change may begin after a failure. If it
	// is nil, only what depends on the failed change is skipped.
	StopOn func(error) bool

	// Prober sends probes; it may be nil for plans without any.
	Prober Prober

	// Now is the clock for durations; nil means time.Now.
	Now func() time.Time

	// After is the clock for pauses; nil means time.After.
	After func(time.Duration) <-chan time.Time
}

// ErrBlocked says that a plan has blocked changes.
var ErrBlocked = errors.New("the plan has blocked changes")

// Run applies a plan. If the plan cannot be applied as a whole, because a
// change is blocked or because code or a secret is missing, it changes nothing
// and returns an error. Failures of single changes are in the result. When ctx
// is done, changes under way are abandoned; Options.Stop lets them finish.
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

// run is a plan being applied. Only the goroutine that called Run touches it.
// Workers get what they need by value and answer over a channel.
type run struct {
	target  Target
	stack   string
	options Options
	emit    func(Event)

	order   []*job              // in the plan's order
	ready   []*job              // may begin, in the order in which they became ready
	batches map[batchKey]*batch // jobs that wait for more of their kind; see batch.go

	// notBegun counts the changes of each batch that have not begun.
	notBegun map[batchKey]int
	outcomes map[spec.Address]Outcome
	ids      map[spec.Address]string
	traces   map[spec.Address]*trace // of what was marked or deleted
	secrets  map[spec.SecretSource]spec.Secret
	done     chan []jobResult // results of the changes that one request made
	halted   bool             // by a failure

	underWay   int // requests
	rollouts   []*rollout
	rollbacks  []jobResult    // writes of failed waves that are to be rolled back
	events     chan Event     // from workers
	pauseEnded chan *rollout  // a rollout whose pause is over
	pausing    int            // rollouts that pause
	finished   chan struct{}  // closed at the end
	waiting    sync.WaitGroup // for pauses
	ended      bool           // the rest is skipped
}

// job is a change and its place in the graph.
type job struct {
	change     planner.Change
	waiting    int    // how many changes it still waits for
	dependents []*job // the jobs that wait for it
	wave       *wave  // nil if it is in no rollout
	begun      bool
}

// jobResult is what a worker reports about a job.
type jobResult struct {
	job      *job
	revision spec.Revision
	took     time.Duration
	err      error

	written    bool           // true even if a later step failed
	uploaded   *spec.Revision // the revision before it was marked unproven; nil otherwise
	former     *spec.Live     // what was replaced; nil if it need not be restored
	rolledBack bool           // this is the result of rolling the job back
	lost       []string       // secrets that were not restored
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
		outcomes:   map[spec.Address]Outcome{},
		ids:        map[spec.Address]string{},
		traces:     map[spec.Address]*trace{},
		done:       make(chan []jobResult),
		events:     make(chan Event),
		pauseEnded: make(chan *rollout),
		finished:   make(chan struct{}),

		batches:  map[batchKey]*batch{},
		notBegun: map[batchKey]int{},
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
			jobs[first].dependents = append(jobs[first].dependents, j)
		}
		if r.batchSize(j) > 1 {
			r.notBegun[batchKeyOf(j)]++
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

// loop begins jobs while it may, and handles results until none is under way.
func (r *run) loop(ctx context.Context) {
	for more := true; more; more = r.await(ctx) {
		for len(r.rollbacks) > 0 && r.underWay < r.options.Concurrency && ctx.Err() == nil {
			a := r.rollbacks[0]
			r.rollbacks = r.rollbacks[1:]
			r.startRollback(ctx, a)
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
	close(r.finished)
	r.waiting.Wait()
	r.ended = true
	for _, a := range r.rollbacks {
		r.recordRollback(jobResult{job: a.job, err: context.Cause(ctx)})
	}
	for _, j := range r.order {
		if !r.isSettled(j) {
			r.skip(j, cause{})
		}
	}
}

func (r *run) stopped(ctx context.Context) bool { return r.halted || r.isStopped(ctx) }

// isStopped reports whether the caller has stopped the run.
func (r *run) isStopped(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return true
	case <-r.options.Stop: // a nil channel is never ready
		return true
	default:
		return false
	}
}

// start makes a change, or the changes of a batch, in its own goroutine.
func (r *run) start(ctx context.Context, jobs []*job) {
	j := jobs[0]
	if r.batchSize(j) > 1 {
		r.startBatch(ctx, jobs)
		return
	}
	began := r.options.Now()
	report := func(a jobResult) {
		a.took = r.options.Now().Sub(began)
		r.done <- []jobResult{a}
	}
	if j.change.Action == planner.Delete {
		go func() { report(jobResult{job: j, err: r.target.Delete(ctx, j.change.Address, *j.change.Prior)}) }()
		return
	}
	write, err := r.write(j.change)
	go func() {
		if err == nil && j.change.Action == planner.Replace {
			err = r.target.Delete(ctx, j.change.Address, *j.change.Prior)
		}
		if err != nil {
			report(jobResult{job: j, err: err})
			return
		}
		report(r.writeAndProbe(ctx, j, write))
	}()
}

// write returns a change as the target takes it, with the ids and secrets that
// it needs.
func (r *run) write(c planner.Change) (spec.Write, error) {
	w := spec.Write{Stack: r.stack, Resource: c.Desired, Prior: c.Prior, MarkOnly: c.MarkOnly}
	if c.Action == planner.Replace {
		w.Prior = nil // it is deleted by then
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
	w.KeepBindings = c.LeavesBindings() && !script.IsTemplate() // a template names all bindings
	r.addSecrets(&w, c)
	return w, nil
}

// record records a result, and releases or skips the jobs that waited for it.
func (r *run) record(a jobResult) {
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
		r.noteRevision(c, a.uploaded)
	}
	if a.revision.Mark != nil {
		r.noteRevision(c, &a.revision)
	}
	if a.written && a.job.isRolledBack() {
		a.job.wave.written = append(a.job.wave.written, a)
	}
	if a.err != nil {
		outcome.Status, outcome.Error = StatusFailed, a.err.Error()
		r.outcomes[c.Address] = outcome
		r.halted = r.halted || r.options.StopOn != nil && r.options.StopOn(a.err)
		r.emit(Failed{c.Address, c.Action, a.took, a.err})
		for _, next := range a.job.dependents {
			r.skip(next, cause{change: c.Address})
		}
		r.countInWave(a.job, a.err)
		return
	}
	outcome.Status = StatusApplied
	r.outcomes[c.Address] = outcome
	if c.Action == planner.Delete && c.Address.Kind.Info().Script {
		r.noteRevision(c, nil)
	}
	if a.revision.ID != "" {
		r.ids[c.Address] = a.revision.ID
	}
	r.emit(Succeeded{c.Address, c.Action, a.took})
	r.finish(a.job)
}

// finish releases the jobs that waited for nothing but this one.
func (r *run) finish(j *job) {
	for _, next := range j.dependents {
		if next.waiting--; next.waiting == 0 {
			r.release(next)
		}
	}
	r.countInWave(j, nil)
}

// cause says why a change is not tried: another change, or a rollout; neither
// if the run was stopped.
type cause struct {
	change  spec.Address
	rollout string
}

func (r *run) isSettled(j *job) bool {
	_, settled := r.outcomes[j.change.Address]
	return settled
}

// errSkipped counts as a failure in a wave: a member did not get its change.
var errSkipped = errors.New("skipped")

// skip records that a job, and every job that waits for it, is not tried.
func (r *run) skip(j *job, because cause) {
	c := j.change
	if r.isSettled(j) {
		return
	}
	r.outcomes[c.Address] = Outcome{Address: c.Address, Action: c.Action, Status: StatusSkipped, Because: because.change, Rollout: because.rollout}
	r.emit(Skipped{c.Address, c.Action, because.change, because.rollout})
	if r.batchSize(j) > 1 {
		r.notBegun[batchKeyOf(j)]--
	}
	for _, next := range j.dependents {
		r.skip(next, because)
	}
	r.countInWave(j, errSkipped)
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
