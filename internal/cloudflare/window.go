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
type slot struct {
	window *window
	index  int
	at     time.Time
}

// reserve takes the next place and says when its turn is.
func (w *window) reserve(now time.Time) slot {
	s := slot{window: w, index: w.next, at: w.turn(0, now)}
	w.times[s.index] = s.at
	w.next = (w.next + 1) % len(w.times)
	return s
}

// answered counts the request from its answer on: when it arrived, between
// being sent and being answered, is not known here.
func (s slot) answered(now time.Time) {
	if s.window.times[s.index].Equal(s.at) {
		s.window.times[s.index] = now
	}
}

// turn is when the request after a number of others may go out.
func (w *window) turn(others int, now time.Time) time.Time {
	turn := w.times[(w.next+others)%len(w.times)]
	if !turn.IsZero() {
		turn = turn.Add(w.limit.Window)
	}
	if turn.Before(now) {
		turn = now
	}
	return turn.Add(time.Duration(others/len(w.times)) * w.limit.Window)
}
