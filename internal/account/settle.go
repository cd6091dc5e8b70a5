package account

import (
	"context"
	"errors"
	"time"

	"github.com/wfpsync/wfpsync/spec"
)

// errAbsent is a lookup by name that found nothing.
var errAbsent = errors.New("it does not exist")

// goneIfAbsent makes a lookup that found nothing the success of a deletion.
func goneIfAbsent(err error) error {
	if errors.Is(err, errAbsent) {
		return nil
	}
	return err
}

// afterLostAnswer settles a create that failed. When the server may have acted
// although its answer did not say so, a lookup tells; a create must not be sent
// twice, since the second would be refused, or make a second one.
func afterLostAnswer(err error, lookup func() (spec.Revision, error)) (spec.Revision, error) {
	err = plain(err)
	if !ambiguous(err) {
		return spec.Revision{}, err
	}
	revision, lookupErr := lookup()
	if lookupErr != nil {
		return spec.Revision{}, err // the first error is the one that explains
	}
	return revision, nil
}

const (
	settleTime  = time.Minute
	settlePause = 2 * time.Second
	settleTries = 5
)

// settled repeats a write that is refused because something it refers to, or is
// a part of, does not exist, as long as this process created something moments
// ago: a new KV namespace or Worker is not known everywhere at once. (Alchemy
// waits for the same codes.) A reference that is simply wrong fails at once.
func (a *Account) settled(ctx context.Context, write func() (spec.Revision, error)) (spec.Revision, error) {
	for tries := 1; ; tries++ {
		revision, err := write()
		created := time.Unix(0, a.lastCreated.Load())
		if err == nil || tries == settleTries || !notYetThere(err) || time.Since(created) > settleTime {
			return revision, err
		}
		if err := a.client.sleep(ctx, settlePause); err != nil {
			return spec.Revision{}, err
		}
	}
}

func notYetThere(err error) bool {
	return is(err, missingTarget) || IsNotFound(err) || errors.Is(err, errAbsent)
}
