package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

// errAbsent says that a lookup by name found nothing.
var errAbsent = errors.New("it does not exist")

// notMadeError wraps the error of a create whose response was lost. A look has
// found nothing, so the create may be sent again.
type notMadeError struct{ error }

func (e notMadeError) Unwrap() error { return e.error }

// afterLostResponse looks up a resource whose creation failed, if the server
// may have created it, or if it exists: made by a lost attempt, or by another
// program at the same moment. Nothing is created again on a guess, because the
// server would refuse it or make a second one.
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
		return spec.Revision{}, err // the first error explains it
	}
}

// writeUntilKnown sends a write until it is known whether it was made. If a
// response is lost, it calls made, which looks, and sends the write again only
// if it was not made. The look comes after all waits, so that it does not grow
// old.
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
		if !e.Throttled() { // otherwise the limiter makes all requests wait
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

// writeAgain sends a write again, unless it was made or must no longer be made.
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
		return true, failed // the first error explains it
	case err != nil:
		return true, fmt.Errorf("%w while waiting to try again after: %v", err, failed)
	}
	defer reservation.Release()
	if done {
		return true, nil
	}
	return false, write(reservation.Context(ctx))
}

// lastly returns the result of a write that is not sent again.
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

// lookFirst makes a write that was refused for now, or not sent at all, look
// before it is sent again. Another program may have written meanwhile, and has
// if the platform says so. Only [Account.writeUntilKnown] does that.
func lookFirst(ctx context.Context) context.Context {
	return context.WithValue(ctx, lookFirstKey{}, true)
}

func looksFirst(ctx context.Context) bool { return ctx.Value(lookFirstKey{}) != nil }

const (
	settleTime  = time.Minute
	settlePause = 2 * time.Second
	settleTries = 5
)

// untilSettled repeats a write that is refused because something it refers to,
// or belongs to, does not exist, if this process created something moments ago.
// A new KV namespace or Worker is not known everywhere at once. (Alchemy waits
// for the same codes.) A reference that is simply wrong fails at once.
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

// idOf returns the id of a resource that a write refers to by name. This
// process remembers the ids of its own creations, because a list may not show
// them yet.
func (a *Account) idOf(ctx context.Context, address spec.Address, lookUp func(ctx context.Context, name string) (spec.Revision, error)) (string, error) {
	if id, known := a.written.Load(address); known {
		return id.(string), nil
	}
	found, err := lookUp(ctx, address.Name)
	return found.ID, err
}
