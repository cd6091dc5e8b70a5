// Package emulator is a Cloudflare account on your own machine: a faithful subset
// of the Cloudflare API, with the account on disk.
//
// An [Emulator] is an http.Handler for everything below /client/v4. Point any
// client at it:
//
//	account, err := emulator.Open(emulator.Options{Dir: ".wfpsync/local"})
//	…
//	http.Serve(listener, account)
//
// It has accounts, dispatch namespaces and the user Workers in them, the
// account's own Workers with their versions and deployments, the static assets
// of both, KV namespaces and values, and zones with their routes, DNS records
// and custom hostnames. Real clients judge its fidelity: wrangler must be able to
// use it. What a response has confirmed is on disk, whatever happens to the
// process afterwards.
//
// The package stands alone. It shares no type with the code that talks to
// Cloudflare, so that the two cannot be wrong in the same way. It neither prints
// nor reads the environment.
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

// These identify the account that every emulator has.
const (
	LocalAccountID   = "10ca1000000000000000000000000001"
	LocalAccountName = "Local account"
)

// BasePath is the path of the API on the emulator, as on the real host.
const BasePath = api.BasePath

// ErrInUse is Open's error if another process, or another Emulator in this one,
// has the account open.
var ErrInUse = store.ErrInUse

// accountFile is the file in Options.Dir with the whole account.
const accountFile = "account.db"

// Options configure an Emulator. Only Dir must be set.
type Options struct {
	// Dir is the folder of the account. It is created with mode 0700, and the
	// file in it, account.db, with 0600, because that contains secrets as they
	// were uploaded.
	Dir string
	// Workerd is the program that starts every upload, as the platform does,
	// and runs the Workers of Run. Without it, uploads are only read.
	Workerd string
	// NoSync is for the accounts of tests, see [store.Options].
	NoSync bool

	api.Options
}

// An Emulator is an open account. It is safe for concurrent use.
type Emulator struct {
	options   Options
	store     *store.Store
	api       *api.Server
	validator *runtime.Validator // nil: uploads are only read

	tables  sync.Mutex       // held while choosing which process uses the D1 databases
	running *runtime.Runtime // the last one
}

// Open opens the account in a directory, and creates it if it does not exist.
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

// ServeHTTP implements http.Handler.
func (e *Emulator) ServeHTTP(w http.ResponseWriter, r *http.Request) { e.api.ServeHTTP(w, r) }

// Close closes the account's file. Later requests fail.
func (e *Emulator) Close() error {
	if e.validator != nil {
		e.validator.Close()
	}
	return e.store.Close()
}

// Run serves the requests on a listener, which it takes over, with an account's
// Workers. Only one Runtime can run at a time, and it must be closed before the
// Emulator.
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

// query runs statements on a D1 database, in the process of the Workers if they
// run.
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

// Page returns the web page of an account, an http.Handler. It must be closed
// before the Emulator.
func (e *Emulator) Page(options page.Options) *page.Page { return page.New(e.store, options) }

// EnsureZone gives an account a zone, unless it has it. The API cannot create
// zones, because a real one needs a registered domain. The id of a zone depends
// only on the account and the name.
func (e *Emulator) EnsureZone(accountID, name string) error { return e.api.EnsureZone(accountID, name) }

// EnsureZoneOf gives an account a zone that contains a host, unless it has one.
func (e *Emulator) EnsureZoneOf(accountID, host string) error {
	return e.api.EnsureZoneOf(accountID, host)
}

// ForTests returns the handler of the requests. Tests can do more with it than
// clients can, such as [api.Server.Seed], [api.Server.Tamper] and
// [api.Server.SetTrouble].
func (e *Emulator) ForTests() *api.Server { return e.api }
