package account

import (
	"context"
	"time"

	"github.com/cloudflare/cloudflare-go/v4/accounts"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

const defaultConcurrency = 8

// Options configure a [Client]. The zero value of a field means its default.
type Options struct {
	cloudflare.Options

	// Concurrency bounds how many collections, or Workers of one collection,
	// are read at once.
	Concurrency int

	// Tags remembers the tags of scripts if lists do not show them; nil means
	// that they are remembered for the lifetime of the client.
	Tags *TagCache
}

// Client speaks to the API with one set of credentials. It is safe for
// concurrent use.
type Client struct {
	api         *cloudflare.Client
	sdk         services
	tags        *TagCache
	concurrency int
}

// New returns a client. It sends nothing yet.
func New(o Options) (*Client, error) {
	api, err := cloudflare.New(o.Options, products)
	if err != nil {
		return nil, err
	}
	c := &Client{api: api, sdk: newServices(api.BaseURL(), api.HTTP()), tags: o.Tags, concurrency: o.Concurrency}
	if c.tags == nil {
		c.tags = NewTagCache("")
	}
	if c.concurrency <= 0 {
		c.concurrency = defaultConcurrency
	}
	return c, nil
}

// Skew returns how far the server's clock was ahead of this machine's in the
// last response. It is exact to a second.
func (c *Client) Skew() time.Duration { return c.api.Skew() }

// Account returns the account with an identifier. It sends nothing yet.
func (c *Client) Account(id string) *Account {
	return &Account{client: c, api: c.api, id: id, tags: c.tags, zones: map[string]zone{}}
}

// Accounts returns the accounts that the credentials can see, in the API's
// order.
func (c *Client) Accounts(ctx context.Context) ([]spec.Account, error) {
	const perPage = 50 // the maximum: API reference, "List Accounts"
	list, err := cloudflare.AllPages(ctx, perPage, func(ctx context.Context, page float64) ([]accounts.Account, string, error) {
		var params accounts.AccountListParams
		params.Page.Value, params.Page.Present = page, true
		params.PerPage.Value, params.PerPage.Present = perPage, true
		response, err := c.sdk.accounts.List(ctx, params)
		if err != nil {
			return nil, "", err
		}
		raw := response.JSON.RawJSON()
		return response.Result, raw, cloudflare.IsList("accounts", raw)
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
