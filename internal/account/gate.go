package account

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// gate lets requests through at the rate of a limiter, and nobody at all while
// the server has told one of them to wait: Cloudflare counts requests per
// token, so what one request is told holds for every other.
// Source: https://developers.cloudflare.com/fundamentals/api/reference/limits/
type gate struct {
	limiter *rate.Limiter
	sleep   func(context.Context, time.Duration) error

	mu     sync.Mutex
	closed time.Time // until when nobody passes
}

// wait returns when a request may be sent.
func (g *gate) wait(ctx context.Context) error {
	if g.limiter != nil {
		if err := g.limiter.Wait(ctx); err != nil {
			return err
		}
	}
	// The gate may be closed for longer by another answer while we wait.
	for waited := (time.Time{}); ; {
		until := g.closedUntil()
		d := time.Until(until)
		if d <= 0 || !until.After(waited) {
			return ctx.Err()
		}
		if err := g.sleep(ctx, d); err != nil {
			return err
		}
		waited = until
	}
}

// close holds everybody back for a while.
func (g *gate) close(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if until := time.Now().Add(d); until.After(g.closed) {
		g.closed = until
	}
}

func (g *gate) closedUntil() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.closed
}

// sleep waits until the time is over or the context ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
