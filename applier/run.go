package applier

import (
	"context"
	"errors"
	"fmt"
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

	// Now is the clock that durations are measured by; nil means time.Now.
	Now func() time.Time
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

	order    []*job // in the plan's order
	ready    []*job // may begin, in the order in which they became so
	outcomes map[spec.Address]Outcome
	ids      map[spec.Address]string
	marks    map[spec.Address]spec.Mark // that were left by this run
	secrets  map[spec.SecretSource]spec.Secret
	done     chan answer
	halted   bool // by a failure
}

// job is a change and its place in the graph.
type job struct {
	change  planner.Change
	waiting int    // how many changes it still waits for
	next    []*job // what waits for it
}

// answer is what a worker says of a job.
type answer struct {
	job      *job
	revision spec.Revision
	took     time.Duration
	err      error
}

func newRun(target Target, plan *planner.Plan, secrets map[spec.SecretSource]spec.Secret, options Options, emit func(Event)) *run {
	if options.Concurrency <= 0 {
		options.Concurrency = DefaultConcurrency
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	r := &run{
		target: target, stack: plan.Stack, options: options, emit: emit, secrets: secrets,
		outcomes: map[spec.Address]Outcome{},
		ids:      map[spec.Address]string{},
		marks:    map[spec.Address]spec.Mark{},
		done:     make(chan answer),
	}
	jobs := map[spec.Address]*job{}
	for _, c := range plan.Changes {
		j := &job{change: c, waiting: len(c.DependsOn)}
		jobs[c.Address] = j
		r.order = append(r.order, j)
	}
	for _, j := range r.order {
		for _, first := range j.change.DependsOn {
			jobs[first].next = append(jobs[first].next, j)
		}
		if j.waiting == 0 {
			r.ready = append(r.ready, j)
		}
	}
	return r
}

// loop begins jobs while it may, and takes answers until none is under way.
func (r *run) loop(ctx context.Context) {
	underWay := 0
	for {
		for len(r.ready) > 0 && underWay < r.options.Concurrency && !r.stopped(ctx) {
			j := r.ready[0]
			r.ready = r.ready[1:]
			r.emit(Started{j.change.Address, j.change.Action})
			r.start(ctx, j)
			underWay++
		}
		if underWay == 0 {
			break
		}
		r.take(<-r.done)
		underWay--
	}
	for _, j := range r.order {
		if _, settled := r.outcomes[j.change.Address]; !settled {
			r.skip(j, spec.Address{})
		}
	}
}

func (r *run) stopped(ctx context.Context) bool {
	if r.halted {
		return true
	}
	select {
	case <-ctx.Done():
		return true
	case <-r.options.Stop: // a nil channel never is ready
		return true
	default:
		return false
	}
}

// start makes a change in a goroutine of its own.
func (r *run) start(ctx context.Context, j *job) {
	began := r.options.Now()
	answered := func(revision spec.Revision, err error) {
		r.done <- answer{job: j, revision: revision, took: r.options.Now().Sub(began), err: err}
	}
	if j.change.Action == planner.Delete {
		go func() { answered(spec.Revision{}, r.target.Delete(ctx, j.change.Address, *j.change.Prior)) }()
		return
	}
	write, err := r.write(j.change)
	go func() {
		if err == nil && j.change.Action == planner.Replace {
			err = r.target.Delete(ctx, j.change.Address, *j.change.Prior)
		}
		if err != nil {
			answered(spec.Revision{}, err)
			return
		}
		answered(r.target.Put(ctx, write))
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
	script, complete := scripted.Definition().Resolved(func(a spec.Address) (string, bool) {
		id, known := r.ids[a]
		return id, known
	})
	if !complete {
		return w, fmt.Errorf("%s refers to something whose id nobody knows: make the plan anew", c.Address)
	}
	w.Resource = scripted.WithDefinition(script)
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
		r.release(a.job)
		return
	}
	if a.err != nil {
		outcome.Status, outcome.Error = StatusFailed, a.err.Error()
		r.outcomes[c.Address] = outcome
		r.halted = r.halted || r.options.StopOn != nil && r.options.StopOn(a.err)
		r.emit(Failed{c.Address, c.Action, a.took, a.err})
		for _, next := range a.job.next {
			r.skip(next, c.Address)
		}
		return
	}
	outcome.Status = StatusApplied
	r.outcomes[c.Address] = outcome
	if a.revision.ID != "" {
		r.ids[c.Address] = a.revision.ID
	}
	if a.revision.Mark != nil {
		r.marks[c.Address] = *a.revision.Mark
	}
	r.emit(Succeeded{c.Address, c.Action, a.took})
	r.release(a.job)
}

// release lets begin what waited for nothing but a job.
func (r *run) release(j *job) {
	for _, next := range j.next {
		if next.waiting--; next.waiting == 0 {
			r.ready = append(r.ready, next)
		}
	}
}

// skip records that a job, and everything that waits for it, is not tried.
func (r *run) skip(j *job, because spec.Address) {
	c := j.change
	if _, settled := r.outcomes[c.Address]; settled {
		return
	}
	r.outcomes[c.Address] = Outcome{Address: c.Address, Action: c.Action, Status: StatusSkipped, Because: because}
	r.emit(Skipped{c.Address, c.Action, because})
	for _, next := range j.next {
		r.skip(next, because)
	}
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
		}
	}
	return result
}
