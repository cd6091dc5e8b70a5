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
type limiter struct {
	sleep func(context.Context, time.Duration) error

	mu         sync.Mutex
	windows    []*window
	policies   map[string]*window   // limits that the server said, by name
	allowances map[string]allowance // what is left of them, as it said last
	sent       int                  // requests that have passed
	inFlight   int                  // of them, those that are not answered
	paused     time.Time            // until when nobody passes
}

// allowance is how many requests the server takes until a time.
type allowance struct {
	left  int
	until time.Time
}

func newLimiter(limits []Limit, sleep func(context.Context, time.Duration) error) *limiter {
	l := &limiter{sleep: sleep, policies: map[string]*window{}, allowances: map[string]allowance{}}
	for _, limit := range limits {
		l.windows = append(l.windows, newWindow(limit))
	}
	return l
}

// pass is a request that was let through.
type slot struct {
	limiter *limiter
	entries []entry
	number  int // of the requests that have passed; 0 as long as it has not
	others  int // that were under way when it did
}

// wait returns when a request may be sent. The pass is to be given back.
func (l *limiter) acquire(ctx context.Context) (*slot, error) {
	if t, reserved := ctx.Value(reservationKey{}).(*Reservation); reserved {
		if s := t.slot.Swap(nil); s != nil {
			return s, nil
		}
	}
	s, at := l.enqueue()
	// The gate may be closed for longer by another answer while we wait.
	for waited := (time.Time{}); ; {
		until := l.earliest(at)
		d := time.Until(until)
		if d <= 0 || !until.After(waited) {
			break
		}
		if err := l.sleep(ctx, d); err != nil {
			s.release(nil)
			return nil, err
		}
		waited = until
	}
	if err := ctx.Err(); err != nil {
		s.release(nil)
		return nil, err
	}
	s.markSent()
	return s, nil
}

// Turn is a pass that is there before its request is known to be wanted.
type Reservation struct {
	slot   atomic.Pointer[slot]
	paused time.Time // until when the gate was closed when the pass was had
}

type reservationKey struct{}

// Ahead returns when a request may be sent, and has looked then: what is seen does
// not grow old while the request waits. If the server tells everybody to wait
// meanwhile, it begins anew. The turn is to be ended.
func (c *Client) Reserve(ctx context.Context, check func() error) (*Reservation, error) {
	return c.limiter.reserve(ctx, check)
}

func (l *limiter) reserve(ctx context.Context, check func() error) (*Reservation, error) {
	for {
		s, err := l.acquire(ctx)
		if err != nil {
			return nil, err
		}
		t := &Reservation{paused: l.pausedUntil()}
		t.slot.Store(s)
		if err := check(); err != nil {
			t.Release()
			return nil, err
		}
		if !l.pausedUntil().After(t.paused) {
			return t, nil
		}
		t.Release()
	}
}

func (l *limiter) pausedUntil() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.paused
}

// Context gives the turn to the first request that is sent with it.
func (t *Reservation) Context(ctx context.Context) context.Context {
	return context.WithValue(ctx, reservationKey{}, t)
}

// End gives the pass back that nobody has used.
func (t *Reservation) Release() {
	if s := t.slot.Swap(nil); s != nil {
		s.release(nil)
	}
}

// enter takes a place in every window, and says when all of them allow it.
func (l *limiter) enqueue() (*slot, time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	s, at := &slot{limiter: l}, now
	for _, w := range l.windows {
		e := w.reserve(now)
		s.entries = append(s.entries, e)
		if e.at.After(at) {
			at = e.at
		}
	}
	return s, at
}

// opens is when a request may pass whose turn it is at a time.
func (l *limiter) earliest(at time.Time) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.paused.After(at) {
		at = l.paused
	}
	for _, a := range l.allowances {
		if a.left <= 0 && a.until.After(at) {
			at = a.until
		}
	}
	return at
}

// leave counts the request among those that were sent.
func (s *slot) markSent() {
	l := s.limiter
	l.mu.Lock()
	defer l.mu.Unlock()
	s.others = l.inFlight
	l.sent++
	l.inFlight++
	s.number = l.sent
	for name, a := range l.allowances {
		a.left--
		l.allowances[name] = a
	}
}

// back ends a request's stay. What the answer's headers, if there was one, say
// of the limits holds for everybody from now on.
func (s *slot) release(header http.Header) {
	l := s.limiter
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for _, e := range s.entries {
		e.answered(now)
	}
	if s.number > 0 {
		l.inFlight--
	}
	for name, limit := range parsePolicy(header) {
		if known := l.policies[name]; known == nil || known.limit != limit {
			l.setPolicy(name, limit)
		}
	}
	for name, said := range parseRemaining(header) {
		// Whether the server counted the requests that were under way at the
		// same time before this one, nobody knows.
		uncounted := s.others + l.sent - s.number
		l.allowances[name] = allowance{left: said.requests - uncounted, until: now.Add(said.reset)}
	}
}

// adopt keeps to a limit that the server has said, from now on.
func (l *limiter) setPolicy(name string, limit Limit) {
	w := newWindow(limit)
	for i, other := range l.windows {
		if other == l.policies[name] {
			l.windows[i] = w
			l.policies[name] = w
			return
		}
	}
	l.policies[name] = w
	l.windows = append(l.windows, w)
}

// close holds everybody back for a while.
func (l *limiter) pause(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until := time.Now().Add(d); until.After(l.paused) {
		l.paused = until
	}
}

// pace is how long it takes at least until a number of requests have gone out.
func (l *limiter) pace(requests int) time.Duration {
	if requests <= 0 {
		return 0
	}
	now, at := time.Now(), l.earliest(time.Now())
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range l.windows {
		if t := w.earliest(requests-1, now); t.After(at) {
			at = t
		}
	}
	for _, a := range l.allowances {
		if requests > a.left && a.until.After(at) {
			at = a.until
		}
	}
	return at.Sub(now)
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
