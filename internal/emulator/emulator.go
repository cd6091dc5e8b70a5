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
	"iter"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator/api"
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

type (
	// ListShape says how lists of a namespace's scripts look; the zero value is flat and complete.
	ListShape = api.ListShape
	// NonEmptyNamespaceDelete says what happens when a namespace that holds scripts is deleted.
	NonEmptyNamespaceDelete = api.NonEmptyNamespaceDelete
	// Request is what Options.Observe is told about a finished request.
	Request = api.Request
	// Seed is a script to begin with, see Emulator.Seed.
	Seed = api.Seed
	// Module is a file of a script.
	Module = api.Module
	// Tampering is a change behind the API's back, see Emulator.Tamper.
	Tampering = api.Tampering
	// Trouble is what is wrong with the credentials or the account, see Emulator.SetTrouble.
	Trouble = api.Trouble
	// ServedAsset is a static file as a script serves it, see Emulator.ServedAssets.
	ServedAsset = api.ServedAsset
	// Runtime runs Workers, see Emulator.Run.
	Runtime = runtime.Runtime
	// Message is what a Worker printed or threw, or what the runtime has to say.
	Message = runtime.Message
	// RunLimits are when the runtime renews itself; the zero value has defaults.
	RunLimits = runtime.Limits
	// WorkerdPlaces are where FindWorkerd looks.
	WorkerdPlaces = runtime.Places
	// NPM is what InstallWorkerd installs with.
	NPM = runtime.NPM
)

// RayHeader is the header by which somebody who sends a request tells apart what Workers say during it.
const RayHeader = runtime.RayHeader

// ErrNoWorkerd is what FindWorkerd's error is when there is none.
var ErrNoWorkerd = runtime.ErrNotFound

// FindWorkerd returns the file of the program that runs Workers.
func FindWorkerd(places WorkerdPlaces) (string, error) { return runtime.Find(places) }

// ErrAlteredWorkerd is what FindWorkerd's error is when the installed one is not the one that was pinned.
var ErrAlteredWorkerd = runtime.ErrAltered

// InstallWorkerd installs the pinned workerd into a folder, which is WorkerdPlaces.Cache later, with a person's npm.
func InstallWorkerd(ctx context.Context, client NPM, cache string) (string, error) {
	return runtime.Install(ctx, client, cache)
}

// What deleting a namespace with scripts in it does: both are told of the real API.
const (
	Refuse  = api.Refuse
	Cascade = api.Cascade
)

// Options configure an Emulator. Only Dir must be set.
type Options struct {
	// Dir is where the account lives. It is created with mode 0700, the file in it, account.db, with 0600: secrets are
	// in it as they were uploaded.
	Dir string
	// Now is the clock of created_on, modified_on and everything else that is stored; nil is time.Now. The Date header
	// of answers is not subject to it.
	Now func() time.Time
	// ListShape is how lists of scripts look at first, see Emulator.SetListShape.
	ListShape ListShape
	// NonEmptyNamespaceDelete is Refuse or Cascade.
	NonEmptyNamespaceDelete NonEmptyNamespaceDelete
	// Accounts, unless empty, are the ids of the only accounts there are. Otherwise LocalAccountID exists, and any other
	// id is an account of its own from the first request that names it.
	Accounts []string
	// Observe is called after every request, by many goroutines at once; nil is nobody.
	Observe func(Request)
	// Latency is added to every answer.
	Latency time.Duration
	// Workerd is the program that starts every upload, as the platform does, and runs the Workers of Run. Without it
	// uploads are only looked at.
	Workerd string
}

// An Emulator is an open account. It may be used by many goroutines.
type Emulator struct {
	options   Options
	store     *store.Store
	api       *api.Server
	validator *runtime.Validator // nil: uploads are only looked at

	tables  sync.Mutex // is held by who decides which process uses the D1 databases
	running *Runtime   // the last one
}

// Open opens the account in a directory, creating it when there is none.
func Open(options Options) (*Emulator, error) {
	st, err := store.Open(filepath.Join(options.Dir, accountFile))
	if err != nil {
		return nil, err
	}
	e := &Emulator{options: options, store: st}
	apiOptions := api.Options{
		Now:                     options.Now,
		ListShape:               options.ListShape,
		NonEmptyNamespaceDelete: options.NonEmptyNamespaceDelete,
		Accounts:                options.Accounts,
		Observe:                 options.Observe,
		Latency:                 options.Latency,
		DefaultAccount:          api.Account{ID: LocalAccountID, Name: LocalAccountName},
	}
	if options.Workerd != "" {
		e.validator = runtime.NewValidator(options.Workerd)
		apiOptions.Start = e.validator.Start
		apiOptions.Query = e.query
	}
	if e.api, err = api.New(st, apiOptions); err != nil {
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
func (e *Emulator) Run(ctx context.Context, options RunOptions) (*Runtime, error) {
	if e.options.Workerd == "" {
		return nil, errors.New("there is no workerd to run Workers with")
	}
	e.tables.Lock()
	defer e.tables.Unlock()
	started, err := runtime.Start(ctx, runtime.Options{
		Binary:   e.options.Workerd,
		Store:    e.store,
		Account:  options.Account,
		Dir:      e.options.Dir,
		Listener: options.Listener,
		Tell:     options.Tell,
		Origin:   options.Origin,
		Limits:   options.Limits,
	})
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

// RunOptions are whose Workers run, where they are reached, and who is told what they print.
type RunOptions struct {
	Account  string
	Listener *net.TCPListener
	Tell     func(Message)
	Origin   runtime.Origin // for code that was uploaded without a source map
	Limits   RunLimits
}

// EnsureZone gives an account a zone, unless it has it. Zones cannot be created through the API, as a real one needs a
// registered domain. The id of a zone depends on nothing but the account and the name.
func (e *Emulator) EnsureZone(accountID, name string) error { return e.api.EnsureZone(accountID, name) }

// EnsureZoneOf gives an account a zone that a host is in, unless it has one.
func (e *Emulator) EnsureZoneOf(accountID, host string) error {
	return e.api.EnsureZoneOf(accountID, host)
}

// SetListShape changes how lists of a namespace's scripts look from now on.
func (e *Emulator) SetListShape(shape ListShape) { e.api.SetListShape(shape) }

// SetTrouble lets requests be answered as the real API does when something is wrong with the credentials or the account;
// the zero value ends all trouble.
func (e *Emulator) SetTrouble(trouble Trouble) { e.api.SetTrouble(trouble) }

// Seed writes scripts into a dispatch namespace, which is created when it is missing, or with the namespace "" into the
// account itself. It is the cheap way to many scripts: 5,000 share a transaction, and none costs a request.
func (e *Emulator) Seed(accountID, namespace string, scripts iter.Seq[Seed]) error {
	return e.api.Seed(accountID, namespace, scripts)
}

// Tamper changes a script the way somebody else would: behind the back of whoever talks to the API, and unobserved. The
// namespace "" stands for the account itself.
func (e *Emulator) Tamper(accountID, namespace, script string, t Tampering) error {
	return e.api.Tamper(accountID, namespace, script, t)
}

// ServedAssets returns the static files that a script serves, sorted by path. The namespace "" stands for the account
// itself.
func (e *Emulator) ServedAssets(accountID, namespace, script string) ([]ServedAsset, error) {
	return e.api.ServedAssets(accountID, namespace, script)
}
