package emulator_test

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

// workerd is the real runtime; without it the test is skipped.
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

// running is an account whose Workers run.
type running struct {
	*account
	*runtime.Runtime
	url string

	mu       sync.Mutex
	messages []runtime.Message
	heard    chan struct{}
}

// run starts the Workers of an account.
func run(t testing.TB, options emulator.Options, limits runtime.Limits) *running {
	t.Helper()
	options.Workerd = workerd(t)
	r := &running{account: open(t, options), heard: make(chan struct{}, 1)}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.url = "http://" + listener.Addr().String()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r.Runtime, err = r.Run(ctx, runtime.Options{Account: r.id, Listener: listener.(*net.TCPListener), Limits: limits, Tell: r.hear})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Runtime.Close)
	return r
}

func (r *running) hear(m runtime.Message) {
	r.mu.Lock()
	r.messages = append(r.messages, m)
	r.mu.Unlock()
	select {
	case r.heard <- struct{}{}:
	default:
	}
}

// forget forgets what was said.
func (r *running) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.messages = nil
}

// hears waits for a message that has the text.
func (r *running) hears(text string) runtime.Message {
	r.t.Helper()
	end := time.After(time.Minute)
	for {
		r.mu.Lock()
		for _, m := range r.messages {
			if strings.Contains(m.Text, text) {
				r.mu.Unlock()
				return m
			}
		}
		r.mu.Unlock()
		select {
		case <-r.heard:
		case <-end:
			r.mu.Lock()
			defer r.mu.Unlock()
			r.t.Fatalf("nobody said %q, but %v", text, r.messages)
		}
	}
}

// neverSaid expects that no message so far has the text.
func (r *running) neverSaid(text string) {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.messages {
		if strings.Contains(m.Text, text) {
			r.t.Errorf("somebody says %q", m.Text)
		}
	}
}

// script uploads one module as a Worker at a path.
func (r *running) script(path, code string, metadata object) *answer {
	r.t.Helper()
	whole := object{"main_module": "index.js", "compatibility_date": "2026-10-01"}
	for name, value := range metadata {
		whole[name] = value
	}
	contentType, body := form(r.t, "metadata", whole, js("index.js", code))
	return r.send("PUT", path, contentType, body)
}

var client = &http.Client{Timeout: time.Minute}

// ask sends a GET to a host, as `curl -H Host:` does.
func (r *running) ask(host, path string) (status int, body string) {
	r.t.Helper()
	request, err := http.NewRequest(http.MethodGet, r.url+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	request.Host = host
	response, err := client.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return response.StatusCode, string(raw)
}

// says expects an answer.
func (r *running) says(host, path, want string) {
	r.t.Helper()
	if status, got := r.ask(host, path); status != http.StatusOK || got != want {
		r.t.Errorf("%s%s: got %d %q, want %q", host, path, status, got, want)
	}
}

// dispatches uploads a dispatcher that sends a request to the user Worker that the first label of its host names.
func (r *running) dispatches(more object) {
	r.t.Helper()
	binding := object{"type": "dispatch_namespace", "name": "TENANTS", "namespace": "prod"}
	for name, value := range more {
		binding[name] = value
	}
	r.script(worker("dispatcher"), `export default {
  async fetch(request, env) {
    const [name] = new URL(request.url).hostname.split(".");
    try {
      return await env.TENANTS.get(name, {}, { limits: { cpuMs: 10 }, outbound: { customer: name, hidden: "x" } }).fetch(request);
    } catch (error) {
      if (error instanceof Error && error.message.startsWith("Worker not found")) return new Response("no " + name, { status: 404 });
      return new Response(error.name + ": " + error.message, { status: 502 });
    }
  }
}`, object{"bindings": []any{binding}}).ok()
}
