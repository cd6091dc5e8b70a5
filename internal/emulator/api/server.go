// Package api answers the Cloudflare REST API from a store.
//
// It is a subset, but inside the subset it behaves like the real one: the same envelopes, error codes, paging, upload
// validation and the same omissions (a secret's value is never in an answer). What the real API does is documented
// only in parts; where the documents are silent the comments say what was decided, and the decision is the one that
// catches a client's mistake rather than the one that hides it.
//
// # How it is cut
//
// One resource kind is one file: its routes, its handlers, its shape on the wire. Adding a kind means adding a file and
// one line in routes.go. User Workers and account Workers are the same thing in different places: what they share is
// written once, against a [place].
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

// BasePath is where the API begins, as it does on the real host.
const BasePath = "/client/v4"

// maxBody is the size at which a request is refused. The real limit depends on the plan of the zone in front; 100 MB is
// the documented one for the smaller plans.
const maxBody = 100 << 20

// statusClientGone is what is observed of a request whose client did not wait for the answer. It has no place in HTTP;
// the number is the one proxies use for it.
const statusClientGone = 499

// Options are how an account behaves. The zero value is usable.
type Options struct {
	// Now is the clock of created_on, modified_on and everything else that is stored; nil is time.Now. The Date header
	// of answers is not subject to it.
	Now func() time.Time
	// ListShape is how lists of scripts look at first, see Server.SetListShape.
	ListShape ListShape
	// NonEmptyNamespaceDelete is Refuse or Cascade.
	NonEmptyNamespaceDelete NonEmptyNamespaceDelete
	// Accounts, unless empty, are the ids of the only accounts there are. Otherwise the usual one exists, and any other
	// id is an account of its own from the first request that names it.
	Accounts []string
	// Observe is called after every request, by many goroutines at once; nil is nobody.
	Observe func(Request)
	// Latency is added to every answer.
	Latency time.Duration
}

// Parts are what a Server works with.
type Parts struct {
	Store   *store.Store // stays the caller's to close
	Default Account      // exists without being asked for
	// Start starts the code of every upload; nil: it is only looked at.
	Start func(context.Context, runtime.Program) (runtime.Started, error)
	// Query runs statements on a D1 database; nil: there is nothing to run them with.
	Query func(ctx context.Context, database string, statements []runtime.Statement) ([]runtime.Rows, error)
}

// An Account is the identity of an account.
type Account struct{ ID, Name string }

// A Request is what is told about a finished request.
type Request struct {
	Method   string
	Path     string // as it was sent: escaped, from /client/v4 on, with its query
	Status   int
	Duration time.Duration

	// Files is how many static files an upload of such brought.
	Files int
}

type observedKey struct{}

// observed is what will be told about the call, for a handler to add to.
func (c *call) observed() *Request { return c.r.Context().Value(observedKey{}).(*Request) }

// NonEmptyNamespaceDelete says what happens when a dispatch namespace that holds scripts is deleted. The official
// documents do not say; one client that is tested against the real API reports that the scripts go with it.
type NonEmptyNamespaceDelete int

const (
	// Refuse answers with an error and deletes nothing.
	Refuse NonEmptyNamespaceDelete = iota
	// Cascade deletes the scripts too.
	Cascade
)

// A Server answers the API.
type Server struct {
	store   *store.Store
	parts   Parts
	options Options
	mux     *http.ServeMux
	setters map[string]setter

	listShape atomic.Pointer[ListShape]
	trouble   atomic.Pointer[Trouble]
	known     sync.Map // account ids that are in the store
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

// serveOrFail answers with an error where a handler panics, which is a fault of ours.
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

// routable refuses what ServeMux would answer itself, because it answers in plain text: unknown paths, wrong methods,
// and paths it would redirect to a cleaner spelling. Cloudflare may well have what is missing here, so the answer says who
// it is that does not: wrangler prints nothing of it but the message.
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
		answer, err := h(c)
		if err != nil {
			writeFailure(w, err)
			return
		}
		answer.write(w)
	}
}

// now is the time of a change, as exact as the API shows it.
func (s *Server) now() time.Time { return s.options.Now().UTC().Truncate(time.Microsecond) }

// NewRay makes the id by which Cloudflare's support finds a request.
func NewRay() string {
	var id [8]byte
	_, _ = rand.Read(id[:]) // never fails, see crypto/rand
	return hex.EncodeToString(id[:]) + "-LOC"
}

// A statusRecorder remembers the status of an answer.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (w *statusRecorder) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusRecorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// discard is a ResponseWriter whose answer goes nowhere.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}
