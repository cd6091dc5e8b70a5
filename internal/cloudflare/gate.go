package cloudflare

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// gate lets requests through as the limits allow, and nobody at all while the
// server has told one of them to wait: Cloudflare counts requests per token, so
// what one request is told holds for every other.
// Source: https://developers.cloudflare.com/fundamentals/api/reference/limits/
type gate struct {
	sleep func(context.Context, time.Duration) error

	mu         sync.Mutex
	windows    []*window
	policies   map[string]*window   // limits that the server said, by name
	allowances map[string]allowance // what is left of them, as it said last
	sent       int                  // requests that have passed
	underWay   int                  // of them, those that are not answered
	closed     time.Time            // until when nobody passes
}

// allowance is how many requests the server takes until a time.
type allowance struct {
	left  int
	until time.Time
}

func newGate(limits []Limit, sleep func(context.Context, time.Duration) error) *gate {
	g := &gate{sleep: sleep, policies: map[string]*window{}, allowances: map[string]allowance{}}
	for _, limit := range limits {
		g.windows = append(g.windows, newWindow(limit))
	}
	return g
}

// pass is a request that was let through.
type pass struct {
	gate   *gate
	slots  []slot
	number int // of the requests that have passed; 0 as long as it has not
	others int // that were under way when it did
}

// wait returns when a request may be sent. The pass is to be given back.
func (g *gate) wait(ctx context.Context) (*pass, error) {
	if t, ahead := ctx.Value(turnKey{}).(*Turn); ahead {
		if p := t.pass.Swap(nil); p != nil {
			return p, nil
		}
	}
	p, turn := g.enter()
	// The gate may be closed for longer by another answer while we wait.
	for waited := (time.Time{}); ; {
		until := g.opens(turn)
		d := time.Until(until)
		if d <= 0 || !until.After(waited) {
			break
		}
		if err := g.sleep(ctx, d); err != nil {
			p.back(nil)
			return nil, err
		}
		waited = until
	}
	if err := ctx.Err(); err != nil {
		p.back(nil)
		return nil, err
	}
	p.leave()
	return p, nil
}

// Turn is a pass that is there before its request is known to be wanted.
type Turn struct {
	pass   atomic.Pointer[pass]
	closed time.Time // until when the gate was closed when the pass was had
}

type turnKey struct{}

// Ahead returns when a request may be sent, and has looked then: what is seen does
// not grow old while the request waits. If the server tells everybody to wait
// meanwhile, it begins anew. The turn is to be ended.
func (c *Client) Ahead(ctx context.Context, look func() error) (*Turn, error) {
	return c.gate.ahead(ctx, look)
}

func (g *gate) ahead(ctx context.Context, look func() error) (*Turn, error) {
	for {
		p, err := g.wait(ctx)
		if err != nil {
			return nil, err
		}
		t := &Turn{closed: g.closedUntil()}
		t.pass.Store(p)
		if err := look(); err != nil {
			t.End()
			return nil, err
		}
		if !g.closedUntil().After(t.closed) {
			return t, nil
		}
		t.End()
	}
}

func (g *gate) closedUntil() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.closed
}

// Context gives the turn to the first request that is sent with it.
func (t *Turn) Context(ctx context.Context) context.Context {
	return context.WithValue(ctx, turnKey{}, t)
}

// End gives the pass back that nobody has used.
func (t *Turn) End() {
	if p := t.pass.Swap(nil); p != nil {
		p.back(nil)
	}
}

// enter takes a place in every window, and says when all of them allow it.
func (g *gate) enter() (*pass, time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	p, turn := &pass{gate: g}, now
	for _, w := range g.windows {
		s := w.reserve(now)
		p.slots = append(p.slots, s)
		if s.at.After(turn) {
			turn = s.at
		}
	}
	return p, turn
}

// opens is when a request may pass whose turn it is at a time.
func (g *gate) opens(turn time.Time) time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed.After(turn) {
		turn = g.closed
	}
	for _, a := range g.allowances {
		if a.left <= 0 && a.until.After(turn) {
			turn = a.until
		}
	}
	return turn
}

// leave counts the request among those that were sent.
func (p *pass) leave() {
	g := p.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	p.others = g.underWay
	g.sent++
	g.underWay++
	p.number = g.sent
	for name, a := range g.allowances {
		a.left--
		g.allowances[name] = a
	}
}

// back ends a request's stay. What the answer's headers, if there was one, say
// of the limits holds for everybody from now on.
func (p *pass) back(header http.Header) {
	g := p.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	for _, s := range p.slots {
		s.answered(now)
	}
	if p.number > 0 {
		g.underWay--
	}
	for name, limit := range parsePolicy(header) {
		if known := g.policies[name]; known == nil || known.limit != limit {
			g.adopt(name, limit)
		}
	}
	for name, said := range parseRemaining(header) {
		// Whether the server counted the requests that were under way at the
		// same time before this one, nobody knows.
		uncounted := p.others + g.sent - p.number
		g.allowances[name] = allowance{left: said.requests - uncounted, until: now.Add(said.reset)}
	}
}

// adopt keeps to a limit that the server has said, from now on.
func (g *gate) adopt(name string, limit Limit) {
	w := newWindow(limit)
	for i, other := range g.windows {
		if other == g.policies[name] {
			g.windows[i] = w
			g.policies[name] = w
			return
		}
	}
	g.policies[name] = w
	g.windows = append(g.windows, w)
}

// close holds everybody back for a while.
func (g *gate) close(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if until := time.Now().Add(d); until.After(g.closed) {
		g.closed = until
	}
}

// pace is how long it takes at least until a number of requests have gone out.
func (g *gate) pace(requests int) time.Duration {
	if requests <= 0 {
		return 0
	}
	now, turn := time.Now(), g.opens(time.Now())
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, w := range g.windows {
		if t := w.turn(requests-1, now); t.After(turn) {
			turn = t
		}
	}
	for _, a := range g.allowances {
		if requests > a.left && a.until.After(turn) {
			turn = a.until
		}
	}
	return turn.Sub(now)
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
