package guarded

import (
	"context"
	"time"

	"github.com/wfpsync/wfpsync/spec"
)

// maxPatience is the longest that the final check waits for other runs.
const maxPatience = 10 * time.Second

// Reread reads resources again, as far as needed to see who wrote them. If few
// of a large namespace are wanted, it looks at them one by one, which takes
// fewer requests than the list. With alone, it always does so.
//
// Another run that looked just before our last write has not seen it, and may
// write after it. So Reread first waits twice as long as our slowest write
// took.
func (g *Account) Reread(ctx context.Context, addresses []spec.Address, alone bool) (*spec.Snapshot, error) {
	if err := g.waitForOverlap(ctx); err != nil {
		return nil, err
	}
	return g.behind.Reread(ctx, addresses, func(c spec.Collection, wanted int) bool {
		return alone || c.Kind == spec.KindUserWorker && wanted < g.pages(c)
	})
}

// waitForOverlap waits until runs that looked before our last write have
// written.
func (g *Account) waitForOverlap(ctx context.Context) error {
	g.mu.Lock()
	patience := min(2*g.slowest, maxPatience) - time.Since(g.wrote)
	g.mu.Unlock()
	if patience <= 0 || g.SoleWriter {
		return ctx.Err()
	}
	return g.behind.Sleep(ctx, patience)
}
