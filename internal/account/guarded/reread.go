package guarded

import (
	"context"
	"time"

	"github.com/wfpsync/wfpsync/spec"
)

// mostPatience is for how long the look at the end waits for others, at most.
const maxPatience = 10 * time.Second

// Reread reads resources once more, as far as it takes to see who wrote them. Few of
// a large namespace are looked at one by one, which takes fewer requests than its list,
// and so are those that are to be looked at alone.
//
// Who looked just before our last write has not seen it, and may write after it: that
// is waited for, twice as long as it has taken us at most.
func (g *Account) Reread(ctx context.Context, addresses []spec.Address, alone bool) (*spec.Snapshot, error) {
	if err := g.waitForOverlap(ctx); err != nil {
		return nil, err
	}
	return g.behind.Reread(ctx, addresses, func(c spec.Collection, wanted int) bool {
		return alone || c.Kind == spec.KindUserWorker && wanted < g.pages(c)
	})
}

// beLast waits until those have written who looked before our last write.
func (g *Account) waitForOverlap(ctx context.Context) error {
	g.mu.Lock()
	patience := min(2*g.slowest, maxPatience) - time.Since(g.wrote)
	g.mu.Unlock()
	if patience <= 0 || g.SoleWriter {
		return ctx.Err()
	}
	return g.behind.Sleep(ctx, patience)
}
