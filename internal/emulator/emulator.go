// Package emulator is a Cloudflare account on your own machine: a faithful subset of the Cloudflare API with the account
// on disk.
//
// An [Emulator] is an http.Handler for everything below /client/v4. Point any client at it:
//
//	account, err := emulator.Open(emulator.Options{Dir: ".wfpsync/local"})
//	…
//	http.Serve(listener, account)
//
// It knows accounts, dispatch namespaces and the user Workers in them, the account's own Workers with their versions and
// deployments, the static assets of both, KV namespaces and values, zones with their routes, DNS records and custom
// hostnames. Real clients are the judge of its fidelity: wrangler must be
// able to use it. What an answer has confirmed is on disk, whatever happens to the process afterwards.
//
// The package stands alone. It shares no type with the code that talks to Cloudflare, so that the two cannot be wrong
// in the same way, and it neither prints nor reads the environment.
package emulator

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"sync"

	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/internal/emulator/page"
	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// The account that every emulator has.
const (
	LocalAccountID   = "10ca1000000000000000000000000001"
	LocalAccountName = "Local account"
)

// BasePath is the path of the API on the emulator, as on the real host.
const BasePath = api.BasePath

// ErrInUse is what Open's error is when another process, or another Emulator of this one, has the account open.
var ErrInUse = store.ErrInUse

// accountFile is the file in Options.Dir that holds everything.
const accountFile = "account.db"

// Options configure an Emulator. Only Dir must be set.
type Options struct {
	// Dir is where the account lives. It is created with mode 0700, the file in it, account.db, with 0600: secrets are
	// in it as they were uploaded.
	Dir string
	// Workerd is the program that starts every upload, as the platform does, and runs the Workers of Run. Without it
	// uploads are only looked at.
	Workerd string
	// NoSync is for the accounts of tests, see [store.Options].
	NoSync bool

	api.Options
}

// An Emulator is an open account. It may be used by many goroutines.
type Emulator struct {
	options   Options
	store     *store.Store
	api       *api.Server
	validator *runtime.Validator // nil: uploads are only looked at

	tables  sync.Mutex       // is held by who decides which process uses the D1 databases
	running *runtime.Runtime // the last one
}

// Open opens the account in a directory, creating it when there is none.
func Open(options Options) (*Emulator, error) {
	st, err := store.Open(filepath.Join(options.Dir, accountFile), store.Options{NoSync: options.NoSync})
	if err != nil {
		return nil, err
	}
	e := &Emulator{options: options, store: st}
	parts := api.Parts{Store: st, Default: api.Account{ID: LocalAccountID, Name: LocalAccountName}}
	if options.Workerd != "" {
		e.validator = runtime.NewValidator(options.Workerd)
		parts.Start = e.validator.Start
		parts.Query = e.query
	}
	if e.api, err = api.New(parts, options.Options); err != nil {
		_ = st.Close() // the first error says more
		return nil, err
	}
	return e, nil
}

// ServeHTTP answers a request. It implements http.Handler.
func (e *Emulator) ServeHTTP(w http.ResponseWriter, r *http.Request) { e.api.ServeHTTP(w, r) }

// Close closes the account's file. Requests that come later fail.
func (e *Emulator) Close() error {
	if e.validator != nil {
		e.validator.Close()
	}
	return e.store.Close()
}

// Run answers the requests on a listener, which becomes its own, with what an account's Workers answer. There is one
// Runtime at a time, and it must be closed before the Emulator.
func (e *Emulator) Run(ctx context.Context, options runtime.Options) (*runtime.Runtime, error) {
	if e.options.Workerd == "" {
		return nil, errors.New("workerd, which runs Workers, is missing")
	}
	e.tables.Lock()
	defer e.tables.Unlock()
	started, err := runtime.Start(ctx, runtime.Parts{Binary: e.options.Workerd, Store: e.store, Dir: e.options.Dir}, options)
	if err == nil {
		e.running = started
	}
	return started, err
}

// query runs statements on a D1 database: where the Workers run, if they do.
func (e *Emulator) query(ctx context.Context, database string, statements []runtime.Statement) ([]runtime.Rows, error) {
	e.tables.Lock()
	defer e.tables.Unlock()
	if e.running != nil {
		rows, err := e.running.Query(ctx, database, statements)
		if !errors.Is(err, runtime.ErrClosed) {
			return rows, err
		}
	}
	return runtime.Query(ctx, e.options.Workerd, e.options.Dir, database, statements)
}

// Page returns the web page of an account, an http.Handler. It must be closed before the Emulator.
func (e *Emulator) Page(options page.Options) *page.Page { return page.New(e.store, options) }

// EnsureZone gives an account a zone, unless it has it. Zones cannot be created through the API, as a real one needs a
// registered domain. The id of a zone depends on nothing but the account and the name.
func (e *Emulator) EnsureZone(accountID, name string) error { return e.api.EnsureZone(accountID, name) }

// EnsureZoneOf gives an account a zone that a host is in, unless it has one.
func (e *Emulator) EnsureZoneOf(accountID, host string) error {
	return e.api.EnsureZoneOf(accountID, host)
}

// ForTests returns what answers the requests. Tests can do more to it than clients can, such as [api.Server.Seed],
// [api.Server.Tamper] and [api.Server.SetTrouble].
func (e *Emulator) ForTests() *api.Server { return e.api }
