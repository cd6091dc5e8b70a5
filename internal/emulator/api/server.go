// Package api serves the Cloudflare REST API from a store.
//
// It is a subset that behaves like the real API: the same envelopes, error
// codes, paging and upload validation, and the same omissions (a secret's value
// is never in a response). The real API is documented only in parts. Where the
// documents say nothing, a comment says what was decided: always what exposes a
// client's mistake rather than what hides it.
//
// # Structure
//
// Each kind of resource is one file with its routes, its handlers and its shape
// on the wire. Adding a kind means adding a file and one line in routes.go.
// User Workers and account Workers are the same thing in different containers:
// what they share is written once, against a [scriptContainer].
package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// BasePath is the beginning of the API's paths, as on the real host.
const BasePath = "/client/v4"

// maxBody is the size from which a request is refused. The real limit depends
// on the plan of the zone in front; 100 MB is the documented one for the
// smaller plans.
const maxBody = 100 << 20

// statusClientGone is what is observed for a request whose client did not wait
// for the response. It is not part of HTTP; proxies use this number.
const statusClientGone = 499

// Options configure an account. The zero value is usable.
type Options struct {
	// Now is the clock of created_on, modified_on and everything else that is
	// stored; nil means time.Now. The Date header of responses does not use it.
	Now func() time.Time
	// ListShape is the initial shape of lists of scripts, see
	// Server.SetListShape.
	ListShape ListShape
	// NonEmptyNamespaceDelete is Refuse or Cascade.
	NonEmptyNamespaceDelete NonEmptyNamespaceDelete
	// Accounts, unless empty, are the ids of the only accounts. Otherwise the
	// default one exists, and any other id becomes an account with the first
	// request that names it.
	Accounts []string
	// Observe is called after every request, concurrently; nil means no call.
	Observe func(Request)
	// Latency is added to every response.
	Latency time.Duration
}

// Parts are what a Server works with.
type Parts struct {
	Store   *store.Store // the caller closes it
	Default Account      // always exists
	// Start starts the code of every upload; with nil, the code is only read.
	Start func(context.Context, runtime.Program) (runtime.Started, error)
	// Query runs statements on a D1 database; with nil, none can be run.
	Query func(ctx context.Context, database string, statements []runtime.Statement) ([]runtime.Rows, error)
}

// An Account is the identity of an account.
type Account struct{ ID, Name string }

// A Request describes a finished request.
type Request struct {
	Method   string
	Path     string // as it was sent: escaped, from /client/v4 on, with its query
	Status   int
	Duration time.Duration

	// Files is the number of static files in an upload of them.
	Files int
}

type observedKey struct{}

// observed returns the description of the call, for a handler to complete.
func (c *call) observed() *Request { return c.r.Context().Value(observedKey{}).(*Request) }

// NonEmptyNamespaceDelete says what happens when a dispatch namespace that
// holds scripts is deleted. The official documents do not say; one client that
// is tested against the real API reports that the scripts are deleted too.
type NonEmptyNamespaceDelete int

const (
	// Refuse responds with an error and deletes nothing.
	Refuse NonEmptyNamespaceDelete = iota
	// Cascade deletes the scripts too.
	Cascade
)

// A Server serves the API.
type Server struct {
	store   *store.Store
	parts   Parts
	options Options
	mux     *http.ServeMux
	setters map[string]setter

	listShape atomic.Pointer[ListShape]
	trouble   atomic.Pointer[Trouble]
	known     sync.Map // ids of accounts in the store
}

// New returns a Server.
func New(parts Parts, options Options) (*Server, error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	s := &Server{store: parts.Store, parts: parts, options: options, mux: http.NewServeMux()}
	s.setters = s.newSetters()
	s.SetListShape(options.ListShape)
	for _, r := range s.routes() {
		s.mux.HandleFunc(r.method+" "+BasePath+r.path, s.handle(r.handler))
	}
	accounts := options.Accounts
	if len(accounts) == 0 && parts.Default.ID != "" {
		accounts = []string{parts.Default.ID}
	}
	for _, id := range accounts {
		if err := s.EnsureAccount(id); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	started := time.Now()
	recorder := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
	observed := &Request{Method: r.Method, Path: r.URL.RequestURI()}
	s.serveOrFail(recorder, r.WithContext(context.WithValue(r.Context(), observedKey{}, observed)))
	if s.options.Observe != nil {
		observed.Status, observed.Duration = recorder.status, time.Since(started)
		s.options.Observe(*observed)
	}
}

// serveOrFail responds with an error if a handler panics, which is a bug of
// ours.
func (s *Server) serveOrFail(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if reason := recover(); reason != nil {
			at := store.PanicOrigin()
			writeFailure(w, errPanicked.because(fmt.Errorf("%v in %s, line %d", reason, at.Function, at.Line)))
		}
	}()
	s.serve(w, r)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cf-Ray", NewRay())
	if err := checkVisitor(r); err != nil {
		writeFailure(w, err)
		return
	}
	if s.options.Latency > 0 {
		timer := time.NewTimer(s.options.Latency)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			w.WriteHeader(statusClientGone)
			return
		}
	}
	if r.ContentLength > maxBody {
		writeFailure(w, errBodyTooLarge)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := authenticate(r); err != nil {
		writeFailure(w, err)
		return
	}
	if s.writeTrouble(w, r) {
		return
	}
	if err := s.routable(w, r); err != nil {
		writeFailure(w, err)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// routable refuses what ServeMux would answer itself, in plain text: unknown
// paths, wrong methods, and paths that it would redirect to a cleaner spelling.
// Cloudflare may well have the missing operation, so the message says that it
// is the local account that lacks it: wrangler prints only the message.
func (s *Server) routable(w http.ResponseWriter, r *http.Request) error {
	escaped := r.URL.EscapedPath()
	missing := strings.TrimPrefix(escaped, BasePath)
	errNoRoute := fail(http.StatusNotFound, codeNoRoute,
		"No route for that URI: the local account of wfpsync does not have %s %s", r.Method, missing)
	if clean := path.Clean(escaped); clean != strings.TrimSuffix(escaped, "/") {
		return errNoRoute
	}
	handler, pattern := s.mux.Handler(r)
	if pattern != "" {
		return nil
	}
	verdict := &statusRecorder{ResponseWriter: discard{http.Header{}}, status: http.StatusNotFound}
	handler.ServeHTTP(verdict, r)
	if verdict.status != http.StatusMethodNotAllowed {
		return errNoRoute
	}
	w.Header().Set("Allow", verdict.Header().Get("Allow"))
	return fail(http.StatusMethodNotAllowed, codeMethodNotAllowed,
		"Method not allowed: the local account of wfpsync does not have %s %s", r.Method, missing)
}

// handle turns a handler into one for the mux.
func (s *Server) handle(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := &call{server: s, r: r, account: r.PathValue("account")}
		if c.account != "" {
			if err := s.useAccount(c); err != nil {
				writeFailure(w, err)
				return
			}
		}
		response, err := h(c)
		if err != nil {
			writeFailure(w, err)
			return
		}
		response.write(w)
	}
}

// now returns the time of a change, as exact as the API shows it.
func (s *Server) now() time.Time { return s.options.Now().UTC().Truncate(time.Microsecond) }

// NewRay returns an id like those by which Cloudflare's support finds a
// request.
func NewRay() string {
	var id [8]byte
	_, _ = rand.Read(id[:]) // never fails, see crypto/rand
	return hex.EncodeToString(id[:]) + "-LOC"
}

// A statusRecorder remembers the status of a response.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (w *statusRecorder) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusRecorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// discard is a ResponseWriter that discards the response.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}
