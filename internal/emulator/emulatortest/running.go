package emulatortest

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
)

// workerd returns the path of the real runtime; without it, the test is
// skipped.
func workerd(t testing.TB) string {
	t.Helper()
	places := runtime.Places{Named: os.Getenv("WFPSYNC_WORKERD")}
	if cache, err := os.UserCacheDir(); err == nil {
		places.Cache = filepath.Join(cache, "wfpsync", "workerd")
	}
	file, err := runtime.Find(places)
	if err != nil {
		t.Skipf("%v: `make runtime` installs it for the tests", err)
	}
	return file
}

// Running is an account whose Workers run.
type Running struct {
	*Account
	*runtime.Runtime
	URL string

	Mu       sync.Mutex
	Messages []runtime.Message
	heard    chan struct{}
}

// Run starts the Workers of an account.
func Run(t testing.TB, options emulator.Options, limits runtime.Limits) *Running {
	t.Helper()
	options.Workerd = workerd(t)
	r := &Running{Account: Open(t, options), heard: make(chan struct{}, 1)}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.URL = "http://" + listener.Addr().String()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r.Runtime, err = r.Run(ctx, runtime.Options{Account: r.ID, Listener: listener.(*net.TCPListener), Limits: limits, Tell: r.hear})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Runtime.Close)
	return r
}

func (r *Running) hear(m runtime.Message) {
	r.Mu.Lock()
	r.Messages = append(r.Messages, m)
	r.Mu.Unlock()
	select {
	case r.heard <- struct{}{}:
	default:
	}
}

// Forget drops the messages so far.
func (r *Running) Forget() {
	r.Mu.Lock()
	defer r.Mu.Unlock()
	r.Messages = nil
}

// Hears waits for a message that contains text.
func (r *Running) Hears(text string) runtime.Message {
	r.T.Helper()
	end := time.After(time.Minute)
	for {
		r.Mu.Lock()
		for _, m := range r.Messages {
			if strings.Contains(m.Text, text) {
				r.Mu.Unlock()
				return m
			}
		}
		r.Mu.Unlock()
		select {
		case <-r.heard:
		case <-end:
			r.Mu.Lock()
			defer r.Mu.Unlock()
			r.T.Fatalf("no message has %q: %v", text, r.Messages)
		}
	}
}

// NeverSaid fails the test if a message so far contains text.
func (r *Running) NeverSaid(text string) {
	r.T.Helper()
	r.Mu.Lock()
	defer r.Mu.Unlock()
	for _, m := range r.Messages {
		if strings.Contains(m.Text, text) {
			r.T.Errorf("a message says %q", m.Text)
		}
	}
}

// Script uploads one module as a Worker at a path.
func (r *Running) Script(path, code string, metadata Object) *Response {
	r.T.Helper()
	whole := Object{"main_module": "index.js", "compatibility_date": "2026-10-01"}
	for name, value := range metadata {
		whole[name] = value
	}
	contentType, body := Form(r.T, "metadata", whole, JS("index.js", code))
	return r.Send("PUT", path, contentType, body)
}

var Client = &http.Client{Timeout: time.Minute}

// Ask sends a GET to a host, as `curl -H Host:` does.
func (r *Running) Ask(host, path string) (status int, body string) {
	r.T.Helper()
	request, err := http.NewRequest(http.MethodGet, r.URL+path, nil)
	if err != nil {
		r.T.Fatal(err)
	}
	request.Host = host
	response, err := Client.Do(request)
	if err != nil {
		r.T.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		r.T.Fatal(err)
	}
	return response.StatusCode, string(raw)
}

// Says fails the test unless the response is the wanted one.
func (r *Running) Says(host, path, want string) {
	r.T.Helper()
	if status, got := r.Ask(host, path); status != http.StatusOK || got != want {
		r.T.Errorf("%s%s: got %d %q, want %q", host, path, status, got, want)
	}
}

// Dispatches uploads a dispatcher that sends a request to the user Worker named
// by the first label of its host.
func (r *Running) Dispatches(more Object) {
	r.T.Helper()
	binding := Object{"type": "dispatch_namespace", "name": "TENANTS", "namespace": "prod"}
	for name, value := range more {
		binding[name] = value
	}
	r.Script(Worker("dispatcher"), `export default {
  async fetch(request, env) {
    const [name] = new URL(request.url).hostname.split(".");
    try {
      return await env.TENANTS.get(name, {}, { limits: { cpuMs: 10 }, outbound: { customer: name, hidden: "x" } }).fetch(request);
    } catch (error) {
      if (error instanceof Error && error.message.startsWith("Worker not found")) return new Response("no " + name, { status: 404 });
      return new Response(error.name + ": " + error.message, { status: 502 });
    }
  }
}`, Object{"bindings": []any{binding}}).OK()
}
