package cloudflare

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// transport sends a request until it is answered for good. It is what a
// client's http.Client sends through, so that all requests are retried alike and
// fail alike: every error is an [*Error].
type transport struct {
	base     *url.URL
	products Products
	attempt  *http.Client // sends once
	gate     *gate
	retries  *retries
	sleep    func(context.Context, time.Duration) error
}

// retries are how often, and after which waits, something is tried again.
type retries struct {
	most             int
	waitMin, waitMax time.Duration
}

// wait doubles with each attempt. The jitter keeps requests that failed
// together from returning together.
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
		defer req.Body.Close() // every attempt sends a body of its own
	}
	r := &run{transport: t, request: req}
	if err := checkPath(req.URL); err != nil {
		return nil, r.failed(err)
	}
	retryable, err := replayable(req)
	if err != nil {
		return nil, r.failed(err)
	}
	client := &retryablehttp.Client{
		HTTPClient:   t.attempt,
		RetryMax:     t.retries.most,
		CheckRetry:   r.check,
		Backoff:      func(time.Duration, time.Duration, int, *http.Response) time.Duration { return 0 },
		PrepareRetry: r.wait,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	resp, err := client.Do(retryable)
	if err != nil {
		return nil, r.failed(err)
	}
	return resp, nil
}

// checkPath refuses a path with a segment that is empty or that a proxy would
// resolve: deleting the script "" of a namespace is a request to delete every
// script, deleting ".." one to delete the namespace.
func checkPath(u *url.URL) error {
	for segment := range strings.SplitSeq(strings.TrimPrefix(u.EscapedPath(), "/"), "/") {
		if segment == "" || segment == "." || segment == ".." {
			return errors.New("a name in the path is empty or consists of dots; nothing was sent")
		}
	}
	return nil
}

// replayable is the request with a body that can be sent again.
// retryablehttp.FromRequest would first read the body into memory.
func replayable(req *http.Request) (*retryablehttp.Request, error) {
	r := &retryablehttp.Request{Request: req.Clone(req.Context())}
	r.Body = nil
	if req.Body == nil || req.Body == http.NoBody {
		return r, nil
	}
	if req.GetBody == nil {
		return nil, errors.New("the request's body cannot be sent again")
	}
	return r, r.SetBody(retryablehttp.ReaderFunc(func() (io.Reader, error) {
		body, err := req.GetBody()
		return &sizedBody{body, int(req.ContentLength)}, err
	}))
}

// sizedBody tells retryablehttp the content length; without it the body would
// be sent in chunks.
type sizedBody struct {
	io.ReadCloser
	size int
}

// Len is the number of bytes in the whole body.
func (b *sizedBody) Len() int { return b.size }

// run is one request and all its attempts.
type run struct {
	transport *transport
	request   *http.Request
	attempts  int
	last      *Error
}

// check decides whether to send again. Its signature is retryablehttp.CheckRetry.
func (r *run) check(ctx context.Context, _ *http.Response, err error) (bool, error) {
	r.attempts++
	switch {
	case err == nil: // what is done is done, even if the context ended meanwhile
		return false, nil
	case ctx.Err() != nil:
		return false, ctx.Err()
	case !errors.As(err, &r.last): // never let through the gate
		return false, nil
	}
	if r.last.Throttled() {
		r.transport.gate.close(r.delay())
	}
	return r.transport.products.Retryable(ctx, r.last), nil
}

// wait passes the time until the next attempt. Throttled requests wait at the
// gate, with everybody else. Its signature is retryablehttp.PrepareRetry.
func (r *run) wait(req *http.Request) error {
	if r.last.Throttled() {
		return nil
	}
	return r.transport.sleep(req.Context(), r.delay())
}

// delay is what the server asks for, or else doubles with each attempt.
func (r *run) delay() time.Duration {
	if r.last.RetryAfter > 0 {
		return r.last.RetryAfter
	}
	return r.transport.retries.wait(r.attempts)
}

// failed is the error to return: the last attempt's, unless the context ended
// or nothing was sent at all.
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
