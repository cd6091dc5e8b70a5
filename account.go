package wfpsync

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/internal/account"
	"github.com/wfpsync/wfpsync/internal/account/guarded"
	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

// The platform allows a token 1,200 requests in five minutes, and an address
// 200 in a second, and blocks a token or an address that exceeds that for five
// minutes. Uploads stay far below the second limit, but fast answers can reach
// it. Source:
// https://developers.cloudflare.com/fundamentals/api/reference/limits/
//
// The 1,200 are shared with the dashboard and with every other program, such as
// the one that signs customers up. A run that used all of them would get those
// programs blocked, and itself. So the default leaves 200.
const (
	rateWindow   = 5 * time.Minute
	maxPerSecond = 150

	// DefaultRate is the maximum number of requests to Cloudflare in five
	// minutes.
	DefaultRate = 1000

	// NoRate is a [ConnectOptions.Rate] without a limit.
	NoRate = -1
)

// ConnectOptions say which account to connect to and how.
type ConnectOptions struct {
	// Token is an API token, or Key and Email are the global API key of a user.
	// A local account needs none.
	Token, Key, Email string

	// AccountID is the account, such as [spec.Stack.AccountID] or
	// CLOUDFLARE_ACCOUNT_ID. "" is the only one that the credentials can see,
	// or the default one of a local account.
	AccountID string

	// Local, unless nil, is the account on this machine to connect to instead
	// of Cloudflare's.
	Local *Local

	// BaseURL is the API's URL; "" is Cloudflare's.
	BaseURL string

	// Rate is the maximum number of requests in five minutes. 0 is
	// [DefaultRate] if the API is Cloudflare's, and no limit otherwise.
	// [NoRate] is no limit anywhere.
	Rate int

	// UserAgent is the name of the program in requests and plans, such as
	// "signup/1.2".
	UserAgent string

	// Transport sends the requests; nil means the network.
	Transport http.RoundTripper

	// Debug, unless nil, gets every request and its response. Confidential
	// values are masked.
	Debug io.Writer

	// TagCacheDir is a folder for a cache of the tags of user Workers, for an
	// API whose lists do not show them; "" is none. It makes later runs faster
	// and changes nothing else.
	TagCacheDir string
}

// ErrNoCredentials says that the options have neither a token nor a key with an
// email address.
var ErrNoCredentials = errors.New("no credentials")

// UnclearAccountError says that no account was named, and that the credentials
// can see none or several.
type UnclearAccountError struct{ Accounts []spec.Account }

func (e *UnclearAccountError) Error() string {
	const how = "set CLOUDFLARE_ACCOUNT_ID, or `account_id` in the stack file"
	if len(e.Accounts) == 0 {
		return "the credentials can see no account: " + how
	}
	var list strings.Builder
	for _, one := range e.Accounts {
		fmt.Fprintf(&list, "\n  %s  %s", one.ID, one.Name)
	}
	return fmt.Sprintf("the credentials can see %d accounts: %s, to one of%s", len(e.Accounts), how, list.String())
}

// Account is a Cloudflare account that a project can be compared with and
// applied to. It is safe for concurrent use: planning, applying and importing
// wait for each other.
type Account struct{ target *target }

// target is an [Account] as the applier uses it.
type target struct {
	// mu is held while an account is read or written: what was read belongs to
	// one stack, and so do the sources.
	mu sync.Mutex

	*guarded.Account                  // reads, and checks before it writes
	unguarded        *account.Account // for everything else
	info             spec.Account
	local            *Local // nil unless the account is on this machine, which has no DNS
	userAgent        string

	// sources, unless nil, maps the modules that are written to the files that
	// they were built from.
	sources *sources
}

var _ applier.BatchTarget = (*target)(nil)

// Connect finds the account to use. Unless it is named, the API is asked which
// one the credentials can see.
func Connect(ctx context.Context, o ConnectOptions) (*Account, error) {
	client, err := o.client()
	if err != nil {
		return nil, err
	}
	info, err := o.account(ctx, client)
	if err != nil {
		return nil, err
	}
	return connected(client, info, o), nil
}

func connected(client *account.Client, info spec.Account, o ConnectOptions) *Account {
	live := client.Account(info.ID)
	t := &target{Account: guarded.New(live), unguarded: live, info: info, local: o.Local, userAgent: o.userAgent()}
	t.SoleWriter = o.Local != nil
	return &Account{t}
}

// Info returns the account's id, and its name if that is known.
func (a *Account) Info() spec.Account { return a.target.info }

func (o ConnectOptions) userAgent() string {
	if o.UserAgent == "" {
		return defaultUserAgent
	}
	return o.UserAgent
}

// client returns a client of the API. It does not send anything yet.
func (o ConnectOptions) client() (*account.Client, error) {
	options := cloudflare.Options{UserAgent: o.userAgent(), Debug: o.Debug}
	if o.Local != nil {
		options.BaseURL = o.Local.url
		options.Credentials.Token = "of-this-machine" // must not be in any message, where it would be masked
		return account.New(account.Options{Options: options})
	}
	if o.Token == "" && (o.Key == "" || o.Email == "") {
		return nil, ErrNoCredentials
	}
	options.BaseURL = o.baseURL()
	options.Credentials = cloudflare.Credentials{Token: o.Token, Key: o.Key, Email: o.Email}
	options.Transport = o.Transport
	options.Limits = o.limits()
	return account.New(account.Options{Options: options, Tags: account.NewTagCache(o.TagCacheDir)})
}

func (o ConnectOptions) baseURL() string {
	if o.BaseURL == "" {
		return cloudflare.DefaultBaseURL
	}
	return strings.TrimSuffix(o.BaseURL, "/")
}

// limits returns the client's rate limits.
func (o ConnectOptions) limits() []cloudflare.Limit {
	requests := o.Rate
	if requests == 0 && o.baseURL() == cloudflare.DefaultBaseURL {
		requests = DefaultRate
	}
	if requests <= 0 {
		return nil
	}
	return []cloudflare.Limit{{Requests: requests, Window: rateWindow}, {Requests: maxPerSecond, Window: time.Second}}
}

// account returns the named account, or else the only one.
func (o ConnectOptions) account(ctx context.Context, client *account.Client) (spec.Account, error) {
	switch {
	case o.Local != nil && o.AccountID == "":
		return spec.Account{ID: LocalAccountID, Name: localAccountName}, nil
	case o.Local != nil:
		return spec.Account{ID: o.AccountID, Name: localAccountName}, nil
	case o.AccountID != "":
		return spec.Account{ID: o.AccountID}, nil
	}
	accounts, err := client.Accounts(ctx)
	if err != nil {
		return spec.Account{}, err
	}
	return onlyAccount(accounts)
}

func onlyAccount(accounts []spec.Account) (spec.Account, error) {
	if len(accounts) != 1 {
		return spec.Account{}, &UnclearAccountError{accounts}
	}
	return accounts[0], nil
}

// Put writes a resource. If a refusal names positions in modules, they are
// replaced by positions in their files.
func (t *target) Put(ctx context.Context, w spec.Write) (spec.Revision, error) {
	revision, err := t.Account.Put(ctx, w)
	scripted, ok := w.Resource.(spec.Scripted)
	if err == nil || !ok || t.sources == nil || !modulePosition.MatchString(err.Error()) {
		return revision, err
	}
	code := scripted.AsScript().Code
	if code == nil || len(code.Modules) == 0 {
		return revision, err
	}
	if text := t.sources.inSources(ctx, code, err.Error()); text != err.Error() {
		err = &sourceError{err, text}
	}
	return revision, err
}

// Capture, MarkUnproven and Restore need no guard: the first only reads, and
// the others check by themselves before they write.

// Capture implements [applier.Target].
func (t *target) Capture(ctx context.Context, a spec.Address, prior spec.Revision) (*spec.Live, error) {
	return t.unguarded.Capture(ctx, a, prior)
}

// MarkUnproven implements [applier.Target].
func (t *target) MarkUnproven(ctx context.Context, w spec.Write, before []spec.Revision) (spec.Revision, error) {
	return t.unguarded.MarkUnproven(ctx, w, before)
}

// Restore implements [applier.Target].
func (t *target) Restore(ctx context.Context, r spec.Restoration) (spec.Revision, error) {
	return t.unguarded.Restore(ctx, r)
}
