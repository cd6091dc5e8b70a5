// Package page is the web page of a local account whose Workers run. It shows
// the Workers and their bindings, the differences from the stack file, and what
// the Workers print, and has a form that sends them requests.
//
// The page has its own port, so that no hostname of a tenant can lead to it,
// and a tenant's page has another origin; see guard.go. Everything from the
// account and its Workers is untrusted data: it is sent as JSON, and the
// scripts in web insert it as text.
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

// Options configure a Page.
type Options struct {
	Account string // the account of the Workers
	Workers string // their address as host:port
	Port    int    // of the page

	// Tokens are the colours and fonts of the page as CSS: custom properties of
	// :root.
	Tokens []byte

	// Compare returns how the account differs from the file. It is never called
	// concurrently.
	Compare func(context.Context) Report

	// KeepAlive is the interval of comments in a quiet stream; 0 means 15
	// seconds.
	KeepAlive time.Duration
}

// A Page serves a browser. It is safe for concurrent use.
type Page struct {
	store   *store.Store
	options Options
	token   string // a POST must have it, and only the page contains it
	run     string // distinguishes this Page from an earlier one on the same port
	hub     *hub
	report  atomic.Pointer[Report]
	busy    chan struct{} // full while the account is compared
	unwatch func()
	mux     *http.ServeMux
	sender  *http.Client
}

// New returns a Page of an account in a store. It must be closed before the
// store.
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

// Hear adds a message from a Worker or from the runtime. It never blocks.
func (p *Page) Hear(m runtime.Message) { p.hub.hear(m) }

// changed is called after every write to the account.
func (p *Page) changed(changes []store.Change) {
	for _, c := range changes {
		if c.Account == "" || c.Account == p.options.Account {
			p.hub.accountChanged()
			return
		}
	}
}

// shell serves the page without any data except the token.
func (p *Page) shell(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = shellTemplate.Execute(w, struct{ Token, Run string }{p.token, p.run}) // on an error, the browser has gone
}

func (p *Page) tokens(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write(p.options.Tokens)
}

// file serves one of the page's files.
func (p *Page) file(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, web, "web/"+r.PathValue("name"))
}

// plan serves the plan of the last report, as a separate page. That page has
// its own policy, with digests of its contents. The policy here must not be
// stricter.
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

// An httpError is the browser's fault.
type httpError struct {
	status int
	text   string
}

func (r *httpError) Error() string { return r.text }

func fail(status int, format string, args ...any) *httpError {
	return &httpError{status, fmt.Sprintf(format, args...)}
}

// jsonHandler responds with the result of a function; an error becomes
// {"error": …}.
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
		_ = encoder.Encode(value) // on an error, the browser has gone
	}
}

// maxPosted limits the size of a form, so that a mistake cannot use up this
// machine's memory.
const maxPosted = 2 << 20

// posted decodes a form.
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
