package cloudflare

import "time"

// Limit is how many requests may be made within any span of a length.
type Limit struct {
	Requests int
	Window   time.Duration
}

// window holds requests to a limit, and no further back than it must: a request
// goes out as soon as the one that many places before it is a window old. A
// token bucket that never breaks the same limit would let through half of it.
type window struct {
	limit Limit
	times []time.Time // of the last requests, the ring's oldest at next
	next  int
}

func newWindow(limit Limit) *window {
	return &window{limit: limit, times: make([]time.Time, limit.Requests)}
}

// slot is a request's place in a window.
type entry struct {
	window *window
	index  int
	at     time.Time
}

// reserve takes the next place and says when its turn is.
func (w *window) reserve(now time.Time) entry {
	e := entry{window: w, index: w.next, at: w.earliest(0, now)}
	w.times[e.index] = e.at
	w.next = (w.next + 1) % len(w.times)
	return e
}

// answered counts the request from its answer on: when it arrived, between
// being sent and being answered, is not known here.
func (e entry) answered(now time.Time) {
	if e.window.times[e.index].Equal(e.at) {
		e.window.times[e.index] = now
	}
}

// turn is when the request after a number of others may go out.
func (w *window) earliest(others int, now time.Time) time.Time {
	at := w.times[(w.next+others)%len(w.times)]
	if !at.IsZero() {
		at = at.Add(w.limit.Window)
	}
	if at.Before(now) {
		at = now
	}
	return at.Add(time.Duration(others/len(w.times)) * w.limit.Window)
}
