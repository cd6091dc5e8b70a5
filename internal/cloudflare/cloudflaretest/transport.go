package cloudflaretest

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// Waits takes no time to wait, and records the waits.
type Waits struct {
	mu  sync.Mutex
	All []time.Duration
}

// Sleep is for [cloudflare.Options].
func (w *Waits) Sleep(ctx context.Context, d time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.All = append(w.All, d)
	return ctx.Err()
}

// Longest is the longest wait.
func (w *Waits) Longest() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	var longest time.Duration
	for _, d := range w.All {
		longest = max(longest, d)
	}
	return longest
}

// RoundTrip is a function that responds to requests.
type RoundTrip func(*http.Request) (*http.Response, error)

// RoundTrip implements [http.RoundTripper].
func (f RoundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// NoBody gives requests without a body an empty one, as a server does.
func NoBody(next http.RoundTripper) http.RoundTripper {
	return RoundTrip(func(r *http.Request) (*http.Response, error) {
		if r.Body == nil {
			r.Body = http.NoBody
		}
		return next.RoundTrip(r)
	})
}

// Answering is a function that responds to every request, as a server does.
type Answering func(*http.Request) *http.Response

// RoundTrip implements [http.RoundTripper].
func (f Answering) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	return f(r), nil
}
