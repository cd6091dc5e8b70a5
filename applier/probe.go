package applier

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// Prober asks user Workers whether they work.
type Prober interface {
	// Probe sends a probe once. The error says what is wrong with the answer,
	// or why there is none. Secrets are the confidential headers, by name.
	Probe(ctx context.Context, p *spec.Probe, secrets map[string]spec.Secret) error
}

// ErrNoProber says that a plan has probes and that [Options.Prober] is nil.
var ErrNoProber = errors.New("the plan has probes, and the options have no Prober to send them")

// errStopped says that a probe was given up because the run was stopped.
var errStopped = errors.New("the run was stopped before it had answered its probe")

// ProbeError says that a user Worker was uploaded and did not answer its probe.
type ProbeError struct {
	URL      string
	Attempts int
	Err      error // of the last attempt

	// MarkErr says why the Worker's mark could not be changed to say so, in
	// which case the next plan does not know; nil if it was.
	MarkErr error
}

func (e *ProbeError) Error() string {
	text := fmt.Sprintf("the probe of %s failed %d times: %v", e.URL, e.Attempts, e.Err)
	if e.Attempts <= 1 {
		text = fmt.Sprintf("the probe of %s failed: %v", e.URL, e.Err)
	}
	if e.MarkErr != nil {
		text += fmt.Sprintf("; its mark could not be changed to say so, and the next plan will not probe it again: %v", e.MarkErr)
	}
	return text
}

func (e *ProbeError) Unwrap() error { return e.Err }

// writeAndProbe writes a resource. If it may have to be rolled back, it is
// captured first; if it has a probe, it is probed afterwards.
func (r *run) writeAndProbe(ctx context.Context, j *job, write spec.Write) jobResult {
	a := jobResult{job: j}
	if j.isRolledBack() && j.change.Action != planner.Create {
		if a.former, a.err = r.target.Capture(ctx, j.change.Address, *write.Prior); a.err != nil {
			a.err = fmt.Errorf("it was not changed, because it cannot be read for a rollback: %w", a.err)
			return a
		}
	}
	if a.revision, a.err = r.target.Put(ctx, write); a.err != nil {
		return a
	}
	a.written = true
	if member := j.change.Rollout; member != nil && member.Probe != nil {
		a.err = r.probeOrMark(ctx, j, write, &a)
	}
	return a
}

// isRolledBack reports whether the change is rolled back if its wave fails. A
// change that writes only a mark, or only secrets, which cannot be read back,
// has nothing to roll back.
func (j *job) isRolledBack() bool {
	return j.wave != nil && j.wave.rollout.planned.OnFailure == spec.RollBack && !j.change.MarkOnly && j.change.Action != planner.WriteSecrets
}

// probeOrMark probes what was written. If it does not answer, its mark is
// changed to say so.
func (r *run) probeOrMark(ctx context.Context, j *job, write spec.Write, a *jobResult) error {
	attempts, err := r.probe(ctx, j.change)
	if err == nil {
		return nil
	}
	failure := &ProbeError{URL: j.change.Rollout.Probe.URL, Attempts: attempts, Err: err}
	uploaded := a.revision
	var before []spec.Revision
	if write.Prior != nil {
		before = append(before, *write.Prior)
	}
	revision, err := r.target.MarkUnproven(ctx, spec.Write{Stack: write.Stack, Resource: write.Resource, Prior: &uploaded, Fingerprints: write.Fingerprints}, before)
	if err != nil {
		failure.MarkErr = err
	} else {
		a.uploaded, a.revision = &uploaded, revision
	}
	return failure
}

// probe sends the probe until the answer is as expected, and returns the number
// of attempts.
func (r *run) probe(ctx context.Context, c planner.Change) (attempts int, err error) {
	p := c.Rollout.Probe
	secrets := map[string]spec.Secret{}
	for _, h := range p.Headers {
		if h.Secret != nil {
			secrets[h.Name] = r.secrets[*h.Secret]
		}
	}
	for attempts = 1; ; attempts++ {
		if err = r.options.Prober.Probe(ctx, p, secrets); err == nil {
			return attempts, nil
		}
		r.events <- ProbeFailed{c.Address, attempts, p.Attempts, err}
		if ctx.Err() == nil && attempts >= p.Attempts {
			return attempts, err
		}
		if !r.pause(ctx, p.Interval) {
			return attempts, fmt.Errorf("%w; the last attempt: %w", errStopped, err)
		}
	}
}

// pause waits, and reports whether the run continues.
func (r *run) pause(ctx context.Context, d time.Duration) bool {
	if d == 0 {
		return !r.isStopped(ctx)
	}
	select {
	case <-r.options.After(d):
		return true
	case <-r.options.Stop:
	case <-ctx.Done():
	}
	return false
}

// probeOf returns the probe of a change's user Worker; nil if it has none.
func probeOf(c planner.Change) *spec.Probe {
	if c.Rollout == nil {
		return nil
	}
	return c.Rollout.Probe
}
