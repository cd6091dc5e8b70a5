package cloudflare

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// limiter sends requests no faster than the limits allow, and none while the
// server has told us to wait. Cloudflare counts requests per token, so what it
// tells one request applies to all.
// Source: https://developers.cloudflare.com/fundamentals/api/reference/limits/
type limiter struct {
	sleep func(context.Context, time.Duration) error

	mu         sync.Mutex
	windows    []*window
	policies   map[string]*window   // limits that the server announced, by name
	allowances map[string]allowance // what is left of them, as last announced
	sent       int                  // number of requests
	inFlight   int                  // of them, not answered yet
	paused     time.Time            // until when no request may be sent
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

// slot is the permission to send one request.
type slot struct {
	limiter *limiter
	entries []entry
	number  int // counts the sent requests; 0 before this one is sent
	others  int // that were in flight when it was sent
}

// acquire waits until a request may be sent. The caller must release the slot.
func (l *limiter) acquire(ctx context.Context) (*slot, error) {
	if t, reserved := ctx.Value(reservationKey{}).(*Reservation); reserved {
		if s := t.slot.Swap(nil); s != nil {
			return s, nil
		}
	}
	s, at := l.enqueue()
	// Another response may extend the pause while we wait.
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

// A Reservation is a slot that is acquired before it is known whether its
// request is needed.
type Reservation struct {
	slot   atomic.Pointer[slot]
	paused time.Time // until when requests were paused when the slot was acquired
}

type reservationKey struct{}

// Reserve waits until a request may be sent, and calls check just before it
// returns, so that what check sees does not grow old while the request waits. If
// the server meanwhile tells us to wait, it starts again. The caller must
// release the reservation.
func (c *Client) Reserve(ctx context.Context, check func() error) (*Reservation, error) {
	return c.limiter.reserve(ctx, check)
}

func (l *limiter) reserve(ctx context.Context, check func() error) (*Reservation, error) {
	for {
		s, err := l.acquire(ctx)
		if err != nil {
			return nil, err
		}
		r := &Reservation{paused: l.pausedUntil()}
		r.slot.Store(s)
		if err := check(); err != nil {
			r.Release()
			return nil, err
		}
		if !l.pausedUntil().After(r.paused) {
			return r, nil
		}
		r.Release()
	}
}

func (l *limiter) pausedUntil() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.paused
}

// Context returns a context whose first request uses the reservation.
func (r *Reservation) Context(ctx context.Context) context.Context {
	return context.WithValue(ctx, reservationKey{}, r)
}

// Release gives back the slot if no request used it.
func (r *Reservation) Release() {
	if s := r.slot.Swap(nil); s != nil {
		s.release(nil)
	}
}

// enqueue takes an entry in every window, and returns the time at which all of
// them allow the request.
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

// earliest returns when a request may be sent that its windows allow at a time.
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

// markSent counts the request as sent.
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

// release ends the request. The limits in the response's headers, if there is a
// response, apply to all requests from now on.
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
		// We do not know whether the server counted the requests that were in
		// flight at the same time before this one.
		uncounted := s.others + l.sent - s.number
		l.allowances[name] = allowance{left: said.requests - uncounted, until: now.Add(said.reset)}
	}
}

// setPolicy applies a limit that the server announced.
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

// pause stops all requests for a while.
func (l *limiter) pause(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until := time.Now().Add(d); until.After(l.paused) {
		l.paused = until
	}
}

// pace returns the shortest time in which a number of requests can be sent.
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

// sleep waits for a time, or until the context ends.
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
