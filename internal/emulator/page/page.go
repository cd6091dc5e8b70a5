// Package page is the web page of a local account whose Workers run: which there are and what they are bound to, what
// differs from the stack file, what they print, and a form that sends them requests.
//
// It is served on a port of its own, so that no hostname of a tenant can ever lead to it, and a tenant's page is of
// another origin; guard.go says who is let in. What the account and its Workers say is data to it: it is sent as JSON, and
// the scripts in web put it on the page as text.
package page

import (
	"context"
	"crypto/rand"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// web are the files of the page.
//
//go:embed web
var web embed.FS

var shellTemplate = template.Must(template.ParseFS(web, "web/index.html"))

// Options are what a Page shows.
type Options struct {
	Account string // whose Workers these are
	Workers string // where they answer, as host:port
	Port    int    // where the page is served

	// Tokens are the colours and fonts of the page as CSS: custom properties of :root.
	Tokens []byte

	// Compare says how the account differs from the file now. It is called by one goroutine at a time.
	Compare func(context.Context) Report

	// KeepAlive is how often a quiet stream says that it is alive; 0 is every 15 seconds.
	KeepAlive time.Duration
}

// A Page answers a browser. It may be used by many goroutines.
type Page struct {
	store   *store.Store
	options Options
	token   string // whoever posts must have read it on the page
	run     string // tells this Page from an earlier one on the same port
	hub     *hub
	report  atomic.Pointer[Report]
	busy    chan struct{} // is full while the account is compared
	unwatch func()
	mux     *http.ServeMux
	sender  *http.Client
}

// New returns a Page of an account in a store. It must be closed before the store.
func New(st *store.Store, options Options) *Page {
	if options.KeepAlive == 0 {
		options.KeepAlive = 15 * time.Second
	}
	p := &Page{store: st, options: options, token: rand.Text(), run: rand.Text(), hub: newHub(), busy: make(chan struct{}, 1)}
	p.report.Store(&Report{})
	p.unwatch = st.Watch(p.changed)
	p.sender = newSender(options.Workers)
	p.mux = http.NewServeMux()
	p.mux.HandleFunc("GET /{$}", p.shell)
	p.mux.HandleFunc("GET /plan", p.plan)
	p.mux.HandleFunc("GET /tokens.css", p.tokens)
	p.mux.HandleFunc("GET /files/{name}", p.file)
	p.mux.HandleFunc("GET /api/overview", jsonHandler(p.overview))
	p.mux.HandleFunc("GET /api/workers", jsonHandler(p.workers))
	p.mux.HandleFunc("GET /api/worker", jsonHandler(p.worker))
	p.mux.HandleFunc("GET /api/events", p.events)
	p.mux.HandleFunc("POST /api/send", jsonHandler(p.send))
	p.mux.HandleFunc("POST /api/compare", jsonHandler(p.compare))
	return p
}

// ServeHTTP implements http.Handler.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	setSecurityHeaders(w.Header())
	if refused := p.guard(r); refused != nil {
		http.Error(w, refused.text, refused.status)
		return
	}
	p.mux.ServeHTTP(w, r)
}

// Close ends all streams and stops watching the account.
func (p *Page) Close() {
	p.unwatch()
	p.hub.close()
}

// Hear takes note of what a Worker printed, or what the runtime has to say. It never waits.
func (p *Page) Hear(m runtime.Message) { p.hub.hear(m) }

// changed is told of every write to the account.
func (p *Page) changed(changes []store.Change) {
	for _, c := range changes {
		if c.Account == "" || c.Account == p.options.Account {
			p.hub.accountChanged()
			return
		}
	}
}

// shell is the page without any data but the token.
func (p *Page) shell(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = shellTemplate.Execute(w, struct{ Token, Run string }{p.token, p.run}) // the browser has gone; there is nobody to tell
}

func (p *Page) tokens(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write(p.options.Tokens)
}

// file answers with one of the page's files.
func (p *Page) file(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, web, "web/"+r.PathValue("name"))
}

// plan is the plan of the last report, as a page of its own. That page says what it may load itself, by the digests of
// what is in it: what is said here must not be stricter.
func (p *Page) plan(w http.ResponseWriter, _ *http.Request) {
	report := p.report.Load()
	if report.Plan == nil {
		http.Error(w, "No plan yet: the stack file has mistakes, or has not been read.", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Security-Policy", "frame-ancestors 'none'")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = report.Plan(w)
}

// A refusal is an answer that is the asker's fault.
type httpError struct {
	status int
	text   string
}

func (r *httpError) Error() string { return r.text }

func fail(status int, format string, args ...any) *httpError {
	return &httpError{status, fmt.Sprintf(format, args...)}
}

// inJSON answers with what a function returns; an error becomes {"error": …}.
func jsonHandler(answer func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		value, err := answer(r)
		status := http.StatusOK
		if err != nil {
			status = http.StatusInternalServerError
			if refused, ok := err.(*httpError); ok {
				status = refused.status
			}
			value = map[string]string{"error": err.Error()}
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		encoder := json.NewEncoder(w)
		_ = encoder.Encode(value) // the browser has gone; there is nobody to tell
	}
}

// maxPosted bounds what a form may send, so that nobody's mistake takes the memory of this machine.
const maxPosted = 2 << 20

// posted decodes what a form sent.
func posted(r *http.Request, into any) error {
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxPosted+1))
	switch {
	case err != nil:
		return fail(http.StatusBadRequest, "the request broke off: %v", err)
	case len(raw) > maxPosted:
		return fail(http.StatusRequestEntityTooLarge, "the request is larger than %d MB", maxPosted>>20)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fail(http.StatusBadRequest, "the request is not what the page sends: %v", err)
	}
	return nil
}
