package cloudflare

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// transport sends a request until there is a final response. Everything that a
// client's http.Client sends goes through it, so that all requests are retried
// alike and fail alike: every error is an [*Error].
type transport struct {
	base     *url.URL
	products Products
	attempt  *http.Client // sends once
	limiter  *limiter
	retries  *retries
	sleep    func(context.Context, time.Duration) error
}

// retries are how often something is tried again, and after which waits.
type retries struct {
	max              int
	waitMin, waitMax time.Duration
}

// wait doubles with each attempt. The jitter spreads requests that failed
// together.
func (r *retries) wait(attempts int) time.Duration {
	d := r.waitMax
	if doublings := attempts - 1; doublings < 16 {
		d = min(d, r.waitMin<<doublings)
	}
	return d/2 + rand.N(d/2+1)
}

// RoundTrip implements [http.RoundTripper].
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close() // each attempt sends its own body
	}
	r := &run{transport: t, request: req}
	if err := checkPath(req.URL); err != nil {
		return nil, r.failed(err)
	}
	for {
		again, err := replayed(req)
		if err != nil {
			return nil, r.failed(err)
		}
		resp, err := t.attempt.Do(again)
		if err == nil { // a success counts, even if the context has ended
			return resp, nil
		}
		if err := r.beforeRetry(err); err != nil {
			return nil, r.failed(err)
		}
	}
}

// checkPath rejects a path with a segment that is empty or that a proxy would
// resolve. Deleting the script "" of a namespace would delete every script, and
// deleting ".." would delete the namespace.
func checkPath(u *url.URL) error {
	for segment := range strings.SplitSeq(strings.TrimPrefix(u.EscapedPath(), "/"), "/") {
		if segment == "" || segment == "." || segment == ".." {
			return errors.New("a name in the path is empty or consists of dots; nothing was sent")
		}
	}
	return nil
}

// replayed returns the request with a new body.
func replayed(req *http.Request) (*http.Request, error) {
	again := req.Clone(req.Context())
	if req.Body == nil || req.Body == http.NoBody {
		return again, nil
	}
	if req.GetBody == nil {
		return nil, errors.New("the request's body cannot be sent again")
	}
	body, err := req.GetBody()
	again.Body = body
	return again, err
}

// run is one request with all its attempts.
type run struct {
	transport *transport
	request   *http.Request
	attempts  int
	last      *Error
}

// beforeRetry waits until the request may be sent again, or returns the error
// that ends it. A throttled request waits in the limiter, with all others.
func (r *run) beforeRetry(err error) error {
	r.attempts++
	ctx := r.request.Context()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case !errors.As(err, &r.last): // the limiter did not let it through
		return err
	}
	if r.last.Throttled() {
		r.transport.limiter.pause(r.delay())
	}
	if !r.transport.products.Retryable(ctx, r.last) || r.attempts > r.transport.retries.max {
		return err
	}
	if r.last.Throttled() {
		return nil
	}
	return r.transport.sleep(ctx, r.delay())
}

// delay returns the wait that the server asks for, or else one that doubles
// with each attempt.
func (r *run) delay() time.Duration {
	if r.last.RetryAfter > 0 {
		return r.last.RetryAfter
	}
	return r.transport.retries.wait(r.attempts)
}

// failed returns the last attempt's error, unless the context ended or nothing
// was sent at all.
func (r *run) failed(err error) *Error {
	var e *Error
	if !errors.As(err, &e) {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		if r.last != nil {
			err = fmt.Errorf("%w while waiting to try again after: %v", err, r.last.reason())
		}
		e = newError(r.transport.base, r.transport.products, r.request)
		e.Cause = err
	}
	e.Attempts = r.attempts
	return e
}
