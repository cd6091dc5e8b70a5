package cloudflare

import "time"

// Limit is how many requests may be made within any period of a length.
type Limit struct {
	Requests int
	Window   time.Duration
}

// window keeps requests within a limit without delaying them more than needed:
// a request may be sent as soon as the one that is limit.Requests before it is
// a window old. A token bucket that never breaks the same limit would allow
// only half as many.
type window struct {
	limit Limit
	times []time.Time // a ring of the last requests, with the oldest at next
	next  int
}

func newWindow(limit Limit) *window {
	return &window{limit: limit, times: make([]time.Time, limit.Requests)}
}

// entry is a request's entry in a window.
type entry struct {
	window *window
	index  int
	at     time.Time
}

// reserve takes the next entry and sets its time.
func (w *window) reserve(now time.Time) entry {
	e := entry{window: w, index: w.next, at: w.earliest(0, now)}
	w.times[e.index] = e.at
	w.next = (w.next + 1) % len(w.times)
	return e
}

// answered counts the request from the time of its response, because we do not
// know when it arrived between being sent and being answered.
func (e entry) answered(now time.Time) {
	if e.window.times[e.index].Equal(e.at) {
		e.window.times[e.index] = now
	}
}

// earliest returns when the request after a number of others may be sent.
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
