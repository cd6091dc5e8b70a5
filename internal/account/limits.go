package account

import (
	"cmp"
	"context"
	"time"

	"github.com/wfpsync/wfpsync/spec"
)

// What package guarded needs beside reads and writes, so that a look and the write
// that follows it share one turn at the limits.

// Ahead returns when the first request may be sent that is made with the context it
// returns, and has looked then: what is seen does not grow old while the request waits.
// If the server tells everybody to wait meanwhile, it begins anew. The turn is to be ended.
func (a *Account) Reserve(ctx context.Context, look func() error) (write context.Context, release func(), err error) {
	reservation, err := a.api.Reserve(ctx, look)
	if err != nil {
		return nil, nil, err
	}
	return reservation.Context(ctx), reservation.Release, nil
}

// Pace is how long it takes at least until a number of requests have gone out.
func (a *Account) Pace(requests int) time.Duration { return a.api.Pace(requests) }

// Sleep waits, or returns the context's error as soon as it ends.
func (a *Account) Sleep(ctx context.Context, d time.Duration) error { return a.api.Sleep(ctx, d) }

// PageSize is how many resources a page of the list of a kind has.
func (a *Account) PageSize(kind spec.Kind) int { return cmp.Or(opsByKind[kind].page, pageLimit) }
