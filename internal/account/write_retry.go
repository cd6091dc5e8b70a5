package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

// errAbsent is a lookup by name that found nothing.
var errAbsent = errors.New("it does not exist")

// notMadeError is a create whose answer was lost, and of which a look has found
// nothing: it may be sent again.
type notMadeError struct{ error }

func (e notMadeError) Unwrap() error { return e.error }

// afterLostAnswer settles a create that failed, when the server may have acted
// although its answer did not say so, and when what was to be created exists:
// made by a lost attempt, or by somebody in the same moment. A look tells.
// Nothing is created twice on a guess, since the second would be refused, or
// make a second one.
func afterLostResponse(err error, lookup func() (spec.Revision, error)) (spec.Revision, error) {
	err = cloudflare.Plain(err)
	if !ambiguous(err) && !IsExists(err) {
		return spec.Revision{}, err
	}
	revision, lookupErr := lookup()
	switch {
	case lookupErr == nil:
		return revision, nil
	case ambiguous(err) && IsNotFound(lookupErr):
		return spec.Revision{}, notMadeError{err}
	default:
		return spec.Revision{}, err // the first error is the one that explains
	}
}

// insist makes a write until it is known whether it was made. When an answer is
// lost, made looks first, and only what was not made is sent again. The look comes
// when all waits are over: it would grow old before.
func (a *Account) writeUntilKnown(ctx context.Context, write func(context.Context) error, made func(err error) (bool, error)) error {
	err := write(ctx)
	for try := 1; ctx.Err() == nil && (ambiguous(err) || looksFirst(ctx) && cloudflare.Is(err, postponed)); try++ {
		var e *cloudflare.Error
		if errors.As(err, &e) {
			e.Attempts = max(e.Attempts, try)
		}
		if try > a.api.RetryMax() {
			return lastly(err, made)
		}
		if !e.Throttled() { // or else everybody waits, until the same time
			if err := a.api.SleepBeforeRetry(ctx, try); err != nil {
				return fmt.Errorf("%w while waiting to try again after: %v", err, e)
			}
		}
		var settled bool
		if settled, err = a.writeAgain(ctx, err, write, made); settled {
			return err
		}
	}
	return err
}

// again sends a write once more unless it was made, or is not to be made any more.
func (a *Account) writeAgain(ctx context.Context, failed error, write func(context.Context) error, made func(err error) (bool, error)) (settled bool, err error) {
	var done bool
	var lookErr error
	reservation, err := a.api.Reserve(ctx, func() error {
		done, lookErr = made(failed)
		return lookErr
	})
	switch {
	case IsMoved(lookErr):
		return true, lookErr
	case lookErr != nil:
		return true, failed // the first error is the one that explains
	case err != nil:
		return true, fmt.Errorf("%w while waiting to try again after: %v", err, failed)
	}
	defer reservation.Release()
	if done {
		return true, nil
	}
	return false, write(reservation.Context(ctx))
}

// lastly settles a write that is not sent again.
func lastly(err error, made func(err error) (bool, error)) error {
	done, lookErr := made(err)
	switch {
	case IsMoved(lookErr):
		return lookErr
	case done && lookErr == nil:
		return nil
	}
	return err
}

type lookFirstKey struct{}

// lookFirst lets a write that was refused for now, or not sent at all, be looked at
// before it is sent again: somebody else may have written meanwhile, and has where
// the platform says so. Only [Account.insist] does that.
func lookFirst(ctx context.Context) context.Context {
	return context.WithValue(ctx, lookFirstKey{}, true)
}

func looksFirst(ctx context.Context) bool { return ctx.Value(lookFirstKey{}) != nil }

const (
	settleTime  = time.Minute
	settlePause = 2 * time.Second
	settleTries = 5
)

// settled repeats a write that is refused because something it refers to, or is
// a part of, does not exist, as long as this process created something moments
// ago: a new KV namespace or Worker is not known everywhere at once. (Alchemy
// waits for the same codes.) A reference that is simply wrong fails at once.
func (a *Account) untilSettled(ctx context.Context, write func() (spec.Revision, error)) (spec.Revision, error) {
	for tries := 1; ; tries++ {
		revision, err := write()
		created := time.Unix(0, a.lastCreated.Load())
		if err == nil || tries == settleTries || !notYetThere(err) || time.Since(created) > settleTime {
			return revision, err
		}
		if err := a.api.Sleep(ctx, settlePause); err != nil {
			return spec.Revision{}, err
		}
	}
}

func notYetThere(err error) bool {
	return cloudflare.Is(err, missingTarget) || IsNotFound(err)
}

// idOf is the id of what a write refers to by name. Of what this process has written
// itself it was answered, and a list may not show it yet.
func (a *Account) idOf(ctx context.Context, address spec.Address, lookUp func(ctx context.Context, name string) (spec.Revision, error)) (string, error) {
	if id, known := a.written.Load(address); known {
		return id.(string), nil
	}
	found, err := lookUp(ctx, address.Name)
	return found.ID, err
}
