package cloudflare

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// attemptTimeout ends an attempt that has stalled. Even on a slow line, the
	// largest upload that the platform takes is faster.
	attemptTimeout = 10 * time.Minute

	// maxResponse limits what is read of a response. The largest script that
	// the platform stores is 64 MiB.
	maxResponse = 128 << 20
)

// attempt sends a request once and turns every response that is not a success
// into an [*Error]. A redirect is not a success: the API has none, and
// following one could send an upload, or the credentials, to an unknown host.
type attempt struct {
	base      *url.URL
	products  Products
	next      http.RoundTripper
	authorize func(http.Header)
	redact    func(string) string
	userAgent string
	limiter   *limiter
	clock     *serverClock
}

// RoundTrip implements [http.RoundTripper].
func (a *attempt) RoundTrip(req *http.Request) (*http.Response, error) {
	slot, err := a.limiter.acquire(req.Context())
	if err != nil {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, err
	}
	var header http.Header // of the response, if there is one
	defer func() { slot.release(header) }()
	ctx, cancel := context.WithTimeout(req.Context(), attemptTimeout)
	defer cancel() // the response is read to its end below
	req = req.Clone(ctx)
	req.Header.Set("User-Agent", a.userAgent)
	if req.URL.Scheme == a.base.Scheme && req.URL.Host == a.base.Host {
		if token, ok := req.Context().Value(tokenKey{}).(string); ok {
			req.Header.Set("Authorization", "Bearer "+token)
		} else {
			a.authorize(req.Header)
		}
	}

	failure := newError(a.base, a.products, req)
	resp, err := a.next.RoundTrip(req)
	if err != nil {
		failure.Cause = err
		return nil, failure
	}
	header = resp.Header
	a.clock.observe(resp.Header)
	failure.RayID = resp.Header.Get("Cf-Ray")
	// A response that breaks off is a broken connection.
	body, err := readResponse(resp)
	resp.Body.Close()
	if err == nil && len(body) > maxResponse {
		err = fmt.Errorf("the response is longer than %d bytes", maxResponse)
	}
	if err != nil {
		failure.Cause = err
		return nil, failure
	}
	failure.Status = resp.StatusCode
	failure.RetryAfter = retryAfter(resp.Header, a.clock.now())
	success, ok := judge(req, resp, body, failure)
	if !ok {
		failure.Message = a.redact(failure.Message)
		return nil, failure
	}
	success.Reader = bytes.NewReader(success.content)
	resp.Body, resp.ContentLength = success, int64(len(success.content))
	return resp, nil
}

// judged is the body of a successful response, in memory.
type judged struct {
	*bytes.Reader
	content []byte
	info    json.RawMessage // the envelope's result_info, if it has one
}

// Close implements [io.Closer].
func (*judged) Close() error { return nil }

// tokenKey is the context's key of a token that replaces the credentials.
type tokenKey struct{}

// WithToken returns a context whose requests are sent with a token that the API
// has issued for them, and without the credentials.
func WithToken(ctx context.Context, token string) context.Context {
	return context.WithValue(ctx, tokenKey{}, token)
}

// newError returns an error about a request, before its cause is known.
func newError(base *url.URL, products Products, req *http.Request) *Error {
	path := strings.TrimPrefix(req.URL.EscapedPath(), base.EscapedPath())
	return &Error{Product: products.Of(path), Method: req.Method, Path: path, hint: products.Hint}
}

// retryAfter reads Retry-After: seconds, or a date by the server's clock.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := h.Get("Retry-After")
	if seconds, err := strconv.ParseInt(value, 10, 32); err == nil {
		return max(0, time.Duration(seconds)*time.Second)
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}

// readResponse reads a body, or one byte more than the limit. If the server
// gives its length, it is read into one piece of memory.
func readResponse(resp *http.Response) ([]byte, error) {
	var body bytes.Buffer
	if resp.ContentLength > 0 && resp.ContentLength <= maxResponse {
		body.Grow(int(resp.ContentLength) + bytes.MinRead) // ReadFrom wants them free at the end
	}
	_, err := body.ReadFrom(io.LimitReader(resp.Body, maxResponse+1))
	return body.Bytes(), err
}
