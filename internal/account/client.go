package account

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

	"github.com/cloudflare/cloudflare-go/v4/accounts"

	"github.com/wfpsync/wfpsync/spec"
)

// DefaultBaseURL is Cloudflare's own API.
const DefaultBaseURL = "https://api.cloudflare.com/client/v4"

const (
	defaultConcurrency  = 8
	defaultRetryMax     = 6
	defaultRetryWaitMin = 500 * time.Millisecond
	defaultRetryWaitMax = 30 * time.Second
)

// Options are what a [Client] is made of. The zero value of a field means
// its default.
type Options struct {
	// BaseURL is where the API is; [DefaultBaseURL] when empty.
	BaseURL string

	// Credentials are sent to the host of BaseURL and to no other. Empty ones
	// are not sent at all.
	Credentials Credentials

	// UserAgent names the program to Cloudflare.
	UserAgent string

	// Limits hold for every request, retries included. What the server says of
	// its own limits holds besides.
	Limits []Limit

	// Concurrency bounds how many collections, or Workers of one collection,
	// are read at once.
	Concurrency int

	// Tags remembers the tags of scripts where lists do not show them; nil means
	// for as long as the client is there.
	Tags *TagCache

	// Transport sends requests; nil means a clone of [http.DefaultTransport].
	Transport http.RoundTripper

	// Debug gets every request that is sent and its answer, for a person to read;
	// nil means that nobody asked. What is confidential is masked.
	Debug io.Writer

	// RetryMax is how often a request is sent again; negative means never.
	RetryMax int

	// RetryWaitMin and RetryWaitMax bound the wait before a retry where the
	// server does not say how long to wait.
	RetryWaitMin, RetryWaitMax time.Duration

	// Sleep waits; nil means a timer. It must return early with the context's
	// error when the context ends.
	Sleep func(ctx context.Context, d time.Duration) error
}

// Client speaks to the API with one set of credentials. It is safe for
// concurrent use.
type Client struct {
	http        *http.Client
	base        string // without a final slash
	sdk         services
	clock       *serverClock
	gate        *gate
	retries     *retries
	tags        *TagCache
	concurrency int
	sleep       func(context.Context, time.Duration) error
}

// New returns a client. Nothing is sent yet.
func New(o Options) (*Client, error) {
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
		base:        base.String(),
		clock:       new(serverClock),
		tags:        o.Tags,
		concurrency: positive(o.Concurrency, defaultConcurrency),
		sleep:       o.Sleep,
	}
	if c.sleep == nil {
		c.sleep = sleep
	}
	if c.tags == nil {
		c.tags = NewTagCache("")
	}
	for _, limit := range o.Limits {
		if limit.Requests < 1 || limit.Window <= 0 {
			return nil, fmt.Errorf("a limit of %d requests in %v lets nothing through", limit.Requests, limit.Window)
		}
	}
	c.gate = newGate(o.Limits, c.sleep)
	c.retries = &retries{
		most:    max(0, cmp.Or(o.RetryMax, defaultRetryMax)),
		waitMin: positive(o.RetryWaitMin, defaultRetryWaitMin),
		waitMax: positive(o.RetryWaitMax, defaultRetryWaitMax),
	}
	next := cmp.Or[http.RoundTripper](o.Transport, defaultTransport())
	if o.Debug != nil {
		next = &debugTransport{next: next, out: o.Debug, redact: o.Credentials.redactor()}
	}
	c.http = &http.Client{Transport: &transport{
		base: base,
		attempt: &http.Client{Transport: &attempt{
			base:      base,
			next:      next,
			authorize: authorize,
			redact:    o.Credentials.redactor(),
			userAgent: cmp.Or(o.UserAgent, "wfpsync"),
			gate:      c.gate,
			clock:     c.clock,
		}},
		gate:    c.gate,
		retries: c.retries,
		sleep:   c.sleep,
	}}
	c.sdk = newServices(c.base, c.http)
	return c, nil
}

func positive[N int | time.Duration](n, otherwise N) N {
	if n <= 0 {
		return otherwise
	}
	return n
}

// defaultTransport keeps a connection for each of the concurrent requests of an
// apply, and does not wait for ever for a server that accepts and says nothing.
func defaultTransport() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 64
	t.ResponseHeaderTimeout = 2 * time.Minute
	return t
}

// Pace is how long it takes at least until a number of requests have gone out.
func (c *Client) Pace(requests int) time.Duration { return c.gate.pace(requests) }

// Account is the account with an identifier. Nothing is sent yet.
func (c *Client) Account(id string) *Account {
	return &Account{client: c, id: id, tags: c.tags, zones: map[string]zone{}}
}

// Accounts are the accounts that the credentials can see, in the API's order.
func (c *Client) Accounts(ctx context.Context) ([]spec.Account, error) {
	const perPage = 50 // the maximum: API reference, "List Accounts"
	list, err := allPages(ctx, perPage, func(ctx context.Context, page float64) ([]accounts.Account, string, error) {
		var params accounts.AccountListParams
		params.Page.Value, params.Page.Present = page, true
		params.PerPage.Value, params.PerPage.Present = perPage, true
		answer, err := c.sdk.accounts.List(ctx, params)
		if err != nil {
			return nil, "", err
		}
		raw := answer.JSON.RawJSON()
		return answer.Result, raw, isList("accounts", raw)
	}, func(a accounts.Account) string { return a.ID })
	if err != nil {
		return nil, err
	}
	var out []spec.Account
	for _, a := range list {
		out = append(out, spec.Account{ID: a.ID, Name: a.Name})
	}
	return out, nil
}
