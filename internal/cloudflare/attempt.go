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
	// attemptTimeout ends an attempt that has stopped moving. The largest
	// upload the platform takes passes a slow line in less.
	attemptTimeout = 10 * time.Minute

	// maxAnswer bounds what is read of an answer: the largest script the
	// platform stores is 64 MiB.
	maxResponse = 128 << 20
)

// attempt sends a request once and turns every answer that is not a success
// into an [*Error]. A redirect is not a success: the API has none, and following
// one would carry an upload, or the credentials, to who knows where.
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
	var header http.Header // of the answer, if there is one
	defer func() { slot.release(header) }()
	ctx, cancel := context.WithTimeout(req.Context(), attemptTimeout)
	defer cancel() // the answer is read to its end below
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
	// An answer that breaks off is a broken connection, not an answer.
	body, err := readResponse(resp)
	resp.Body.Close()
	if err == nil && len(body) > maxResponse {
		err = fmt.Errorf("the answer is longer than %d bytes", maxResponse)
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

// judged is the body of an answer that is a success, in memory.
type judged struct {
	*bytes.Reader
	content []byte
	info    json.RawMessage // the envelope's result_info, where there is one
}

// Close implements [io.Closer].
func (*judged) Close() error { return nil }

// tokenKey is the context's key of a token that takes the place of the
// credentials.
type tokenKey struct{}

// WithToken lets requests be sent with a token that the API has given out for
// them, and without the credentials.
func WithToken(ctx context.Context, token string) context.Context {
	return context.WithValue(ctx, tokenKey{}, token)
}

// newError is an error about a request, before anything is known of it.
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

// readAnswer reads a body, or as much of it as shows that it is too long. Where
// the server says how long it is, it goes into one piece of memory.
func readResponse(resp *http.Response) ([]byte, error) {
	var body bytes.Buffer
	if resp.ContentLength > 0 && resp.ContentLength <= maxResponse {
		body.Grow(int(resp.ContentLength) + bytes.MinRead) // which it wants to see free at the end
	}
	_, err := body.ReadFrom(io.LimitReader(resp.Body, maxResponse+1))
	return body.Bytes(), err
}
