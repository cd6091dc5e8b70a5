// Package cloudflare is an HTTP client of Cloudflare's API. It does not know
// any resources, only how to send requests, how fast, how often, and what a
// failure looks like.
//
//	client, err := cloudflare.New(cloudflare.Options{Credentials: …}, products)
//	_, err = client.Exchange(ctx, http.MethodGet, cloudflare.Path("accounts", id, "queues"), nil, nil, &result)
//
// A request passes through a [Client]'s http.Client in three layers: transport
// sends it until there is a final response; attempt sends it once, when the
// limiter allows it, and judges the response; debugTransport writes down what
// is on the wire. A request that fails is an [*Error]. cloudflare-go, too,
// sends its requests through [Client.HTTP], and gets all of that.
//
// What paths and codes mean depends on the product behind them, see [Products].
package cloudflare

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// DefaultBaseURL is Cloudflare's own API.
const DefaultBaseURL = "https://api.cloudflare.com/client/v4"

const (
	defaultRetryMax     = 6
	defaultRetryWaitMin = 500 * time.Millisecond
	defaultRetryWaitMax = 30 * time.Second
)

// Options configure a [Client]. The zero value of a field means its default.
type Options struct {
	// BaseURL is the address of the API; [DefaultBaseURL] if empty.
	BaseURL string

	// Credentials are sent to the host of BaseURL and to no other. Empty ones
	// are not sent at all.
	Credentials Credentials

	// UserAgent names the program to Cloudflare.
	UserAgent string

	// Limits apply to every request, retries included, in addition to the
	// limits that the server announces.
	Limits []Limit

	// Transport sends requests; nil means a clone of [http.DefaultTransport].
	Transport http.RoundTripper

	// Debug receives every request that is sent and its response, in text for a
	// person; nil turns this off. Confidential values are masked.
	Debug io.Writer

	// RetryMax is how often a request is sent again; negative means never.
	RetryMax int

	// RetryWaitMin and RetryWaitMax bound the wait before a retry if the server
	// does not say how long to wait.
	RetryWaitMin, RetryWaitMax time.Duration

	// Sleep waits; nil means a timer. It must return early with the context's
	// error when the context ends.
	Sleep func(ctx context.Context, d time.Duration) error
}

// Products tells a client about the products behind the API, because paths and
// codes mean nothing without them. All fields are required.
type Products struct {
	// Of returns the product of a path below the base URL.
	Of func(path string) string

	// Retryable reports whether to send a failed request again.
	Retryable func(ctx context.Context, e *Error) bool

	// Hint returns what to do about an error, or "" if there is no useful
	// advice.
	Hint func(e *Error) string
}

// Client speaks to the API with one set of credentials. It is safe for
// concurrent use.
type Client struct {
	http     *http.Client
	base     *url.URL // without a final slash
	products Products
	clock    *serverClock
	limiter  *limiter
	retries  *retries
	sleep    func(context.Context, time.Duration) error
}

// New returns a client. It sends nothing yet.
func New(o Options, products Products) (*Client, error) {
	base, err := url.Parse(strings.TrimRight(cmp.Or(o.BaseURL, DefaultBaseURL), "/"))
	if err != nil {
		return nil, errors.New("the API's base URL is malformed")
	}
	if base.Scheme != "https" && base.Scheme != "http" || base.Host == "" {
		return nil, fmt.Errorf("the API's base URL %q is not an http(s) URL", base.Redacted())
	}
	if base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, fmt.Errorf("the API's base URL %q has more than a host and a path", base.Redacted())
	}
	authorize, err := o.Credentials.authorizer()
	if err != nil {
		return nil, err
	}
	c := &Client{
		base:     base,
		products: products,
		clock:    new(serverClock),
		sleep:    o.Sleep,
	}
	if c.sleep == nil {
		c.sleep = sleep
	}
	for _, limit := range o.Limits {
		if limit.Requests < 1 || limit.Window <= 0 {
			return nil, fmt.Errorf("a limit of %d requests in %v lets nothing through", limit.Requests, limit.Window)
		}
	}
	c.limiter = newLimiter(o.Limits, c.sleep)
	c.retries = &retries{
		max:     max(0, cmp.Or(o.RetryMax, defaultRetryMax)),
		waitMin: positive(o.RetryWaitMin, defaultRetryWaitMin),
		waitMax: positive(o.RetryWaitMax, defaultRetryWaitMax),
	}
	next := cmp.Or[http.RoundTripper](o.Transport, defaultTransport())
	if o.Debug != nil {
		next = &debugTransport{next: next, out: o.Debug, redact: o.Credentials.redactor()}
	}
	c.http = &http.Client{Transport: &transport{
		base:     base,
		products: products,
		attempt: &http.Client{Transport: &attempt{
			base:      base,
			products:  products,
			next:      next,
			authorize: authorize,
			redact:    o.Credentials.redactor(),
			userAgent: cmp.Or(o.UserAgent, "wfpsync"),
			limiter:   c.limiter,
			clock:     c.clock,
		}},
		limiter: c.limiter,
		retries: c.retries,
		sleep:   c.sleep,
	}}
	return c, nil
}

func positive(n, otherwise time.Duration) time.Duration {
	if n <= 0 {
		return otherwise
	}
	return n
}

// defaultTransport keeps a connection for each of the concurrent requests of an
// apply. It gives up on a server that accepts a connection and stays silent.
func defaultTransport() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 64
	t.ResponseHeaderTimeout = 2 * time.Minute
	return t
}

// Pace returns the shortest time in which a number of requests can be sent.
func (c *Client) Pace(requests int) time.Duration { return c.limiter.pace(requests) }

// HTTP returns the http.Client that every request of the client is sent through.
func (c *Client) HTTP() *http.Client { return c.http }

// BaseURL returns where the API is, without a final slash.
func (c *Client) BaseURL() string { return c.base.String() }

// Now returns the server's time; see [Client.Skew].
func (c *Client) Now() time.Time { return c.clock.now() }

// Skew returns how far the server's clock was ahead of this machine's in the
// last response. It is exact to a second.
func (c *Client) Skew() time.Duration { return time.Duration(c.clock.offset.Load()) }

// Sleep waits, or returns the context's error as soon as it ends.
func (c *Client) Sleep(ctx context.Context, d time.Duration) error { return c.sleep(ctx, d) }

// RetryMax returns how often a request is sent again.
func (c *Client) RetryMax() int { return c.retries.max }

// SleepBeforeRetry waits before something is tried again, longer after more
// tries.
func (c *Client) SleepBeforeRetry(ctx context.Context, tries int) error {
	return c.sleep(ctx, c.retries.wait(tries))
}
