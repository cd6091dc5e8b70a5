package account

import (
	"cmp"
	"context"
	"time"

	"github.com/wfpsync/wfpsync/spec"
)

// This file has what package guarded needs in addition to reads and writes, so
// that a look and the write that follows it share one place in the queue of the
// rate limit.

// Reserve waits until a request may be sent, and calls look just before it
// returns, so that what look sees does not grow old while the request waits. If
// the server meanwhile tells us to wait, it starts again. The first request
// with the returned context uses the reservation. The caller must call release.
func (a *Account) Reserve(ctx context.Context, look func() error) (write context.Context, release func(), err error) {
	reservation, err := a.api.Reserve(ctx, look)
	if err != nil {
		return nil, nil, err
	}
	return reservation.Context(ctx), reservation.Release, nil
}

// Pace returns the shortest time in which a number of requests can be sent.
func (a *Account) Pace(requests int) time.Duration { return a.api.Pace(requests) }

// Sleep waits, or returns the context's error as soon as it ends.
func (a *Account) Sleep(ctx context.Context, d time.Duration) error { return a.api.Sleep(ctx, d) }

// PageSize returns the number of resources on a page of the list of a kind.
func (a *Account) PageSize(kind spec.Kind) int { return cmp.Or(opsByKind[kind].page, pageLimit) }
