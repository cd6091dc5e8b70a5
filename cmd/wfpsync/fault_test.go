package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
)

// fault is a way in which a request goes wrong.
type fault struct {
	name string
	do   func(w http.ResponseWriter, r *http.Request, account http.Handler)
}

// acted lets the account do what it is asked to, and returns its answer.
func acted(r *http.Request, account http.Handler) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	account.ServeHTTP(recorder, r)
	return recorder
}

// unheard reads the request and keeps it from the account.
func unheard(r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }

func breakConnection(w http.ResponseWriter) {
	c, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	switch c := c.(type) {
	case *conn:
		c.reset()
	case *net.TCPConn:
		_ = c.SetLinger(0) // makes Close send a RST
		_ = c.Close()
	}
}

// silence says nothing until the client gives up.
func silence(r *http.Request) { <-r.Context().Done() }

func answer(w http.ResponseWriter, status int, contentType, body string, headers ...string) {
	for i := 0; i < len(headers); i += 2 {
		w.Header().Set(headers[i], headers[i+1])
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

const (
	internalError = `{"success":false,"errors":[{"code":10002,"message":"internal"}],"messages":[],"result":null}`
	tooMany       = `{"success":false,"errors":[{"code":10429,"message":"too many"}],"messages":[],"result":null}`
)

func throttle(headers ...string) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		unheard(r)
		answer(w, 429, "application/json", tooMany, headers...)
	}
}

var faults = []fault{
	{"connection reset before", func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		unheard(r)
		breakConnection(w)
	}},
	{"connection reset while sending", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { breakConnection(w) }},
	{"connection reset after", func(w http.ResponseWriter, r *http.Request, account http.Handler) {
		acted(r, account)
		breakConnection(w)
	}},
	{"no answer, not done", func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		unheard(r)
		silence(r)
	}},
	{"no answer, done", func(_ http.ResponseWriter, r *http.Request, account http.Handler) {
		acted(r.WithContext(r.Context()), account)
		silence(r)
	}},
	{"429", throttle()},
	{"429, 1 s", throttle("Retry-After", "1")},
	{"429, 90 s", throttle("Retry-After", "90")},
	{"971 with 200", func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		unheard(r)
		answer(w, 200, "application/json", `{"success":false,"errors":[{"code":971,"message":"please wait and consider throttling"}]}`)
	}},
	{"500 before", func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		unheard(r)
		answer(w, 500, "application/json", internalError)
	}},
	{"500 after", func(w http.ResponseWriter, r *http.Request, account http.Handler) {
		acted(r, account)
		answer(w, 500, "application/json", internalError)
	}},
	{"502 in HTML, before", func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		unheard(r)
		answer(w, 502, "text/html", "<html>bad gateway")
	}},
	{"502 in HTML, after", func(w http.ResponseWriter, r *http.Request, account http.Handler) {
		acted(r, account)
		answer(w, 502, "text/html", "<html>bad gateway")
	}},
	{"truncated JSON", func(w http.ResponseWriter, r *http.Request, account http.Handler) {
		whole := acted(r, account).Body.String()
		answer(w, 200, "application/json", whole[:len(whole)/2])
	}},
	{"an answer that breaks off", func(w http.ResponseWriter, r *http.Request, account http.Handler) {
		whole := acted(r, account)
		w.Header().Set("Content-Length", strconv.Itoa(whole.Body.Len()))
		answer(w, whole.Code, "application/json", whole.Body.String()[:whole.Body.Len()/2])
		_ = http.NewResponseController(w).Flush()
		breakConnection(w)
	}},
	{"slow bytes", func(w http.ResponseWriter, r *http.Request, account http.Handler) {
		whole := acted(r, account)
		w.Header().Set("Content-Type", whole.Header().Get("Content-Type"))
		w.WriteHeader(whole.Code)
		for _, b := range whole.Body.Bytes() {
			time.Sleep(20 * time.Millisecond)
			_, _ = w.Write([]byte{b})
			_ = http.NewResponseController(w).Flush()
		}
	}},
}

// faulty lets one request go wrong, or every one from it on.
type faulty struct {
	account http.Handler
	fault   fault
	at      int32
	forGood bool
	n       atomic.Int32

	mu  sync.Mutex
	hit string // the first request that went wrong
}

func (f *faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if n := f.n.Add(1); n != f.at && !(f.forGood && n > f.at) {
		f.account.ServeHTTP(w, r)
		return
	}
	f.mu.Lock()
	if f.hit == "" {
		f.hit = r.Method + " " + r.URL.Path
	}
	f.mu.Unlock()
	f.fault.do(w, r, f.account)
}

// stories are what a user does with an account, in a shape that it has before.
var stories = []struct {
	name          string
	before, stack string // the stack that was applied, and the one that is
	command       []string
}{
	{"first apply", "", storyStack, []string{"apply", "--auto-approve"}},
	{"change", storyStack, changedStory, []string{"apply", "--auto-approve"}},
	{"destroy", storyStack, storyStack, []string{"destroy", "--auto-approve", "--allow", "namespace-delete,store-delete"}},
}

const storyStack = `
version: 1
name: story
defaults: { compatibility_date: 1999-10-01 }
dispatch_namespaces: { customers: {} }
kv_namespaces: { tenants: { title: Tenants } }
d1_databases: { data: { name: data } }
r2_buckets: { files: { name: files } }
queues: { events: { name: events, delivery_delay: 5 } }
dns_records:
  old: { zone_name: example.com, name: old.example.com }
  all: { zone_name: example.com, name: "*.example.com" }
custom_hostnames:
  b: { zone_name: example.com, hostname: shop.b.dev, custom_metadata: { user_worker: b } }
  a: { zone_name: example.com, hostname: shop.a.dev, custom_metadata: { user_worker: a } }
user_workers:
  a: { dispatch_namespace: customers, script: "export default {}", secrets: { KEY: { env: A_SECRET } } }
  b: { dispatch_namespace: customers, script: "export default {}", kv_namespaces: [{ binding: KV, ref: tenants }] }
kv_pairs:
  a.example.com: { kv_namespace: tenants, value: a, user_worker: a }
  b.example.com: { kv_namespace: tenants, value: b, user_worker: b }
workers:
  gone:
    script: "export default {}"
    routes: [{ pattern: "gone.example.com/*", zone_name: example.com }]
  router:
    script: "export default {}"
    dispatch_namespaces: [{ binding: NS, namespace: customers }]
    d1_databases: [{ binding: DB, ref: data }]
    r2_buckets: [{ binding: FILES, ref: files }]
    queues: { producers: [{ binding: EVENTS, ref: events }] }
    routes: [{ pattern: "*.example.com/*", zone_name: example.com }]
`

const changedStory = `
version: 1
name: story
defaults: { compatibility_date: 1999-10-01 }
dispatch_namespaces: { customers: {} }
kv_namespaces: { tenants: { title: Tenants }, more: { title: More } }
d1_databases: { data: { name: data } }
r2_buckets: { files: { name: files, storage_class: InfrequentAccess } }
queues: { events: { name: events, delivery_delay: 7 } }
dns_records:
  old: { zone_name: example.com, name: old.example.com, type: CNAME, content: new.example.net }
  all: { zone_name: example.com, name: "*.example.com", comment: changed }
custom_hostnames:
  a: { zone_name: example.com, hostname: shop.a.dev, custom_metadata: { user_worker: a, plan: pro }, ssl: { method: txt } }
  c: { zone_name: example.com, hostname: shop.c.dev, custom_metadata: { user_worker: c } }
user_workers:
  a: { dispatch_namespace: customers, script: "export default { a: 1 }", secrets: { KEY: { env: A_SECRET } } }
  c: { dispatch_namespace: customers, script: "export default {}", kv_namespaces: [{ binding: KV, ref: more }] }
kv_pairs:
  a.example.com: { kv_namespace: tenants, value: a again, user_worker: a }
  c.example.com: { kv_namespace: tenants, value: c, user_worker: c }
workers:
  router:
    script: "export default {}"
    vars: { CHANGED: "yes" }
    dispatch_namespaces: [{ binding: NS, namespace: customers }]
    d1_databases: [{ binding: DB, ref: data }]
    r2_buckets: [{ binding: FILES, ref: files }]
    queues: { producers: [{ binding: EVENTS, ref: events }] }
    routes: [{ pattern: "*.example.com/*", zone_name: example.com }, { pattern: "new.example.com/*", zone_name: example.com }]
`

// storyLatency makes lists too old to do for looks, which can go wrong as well.
const storyLatency = 600 * time.Millisecond

// maxTime is how long a run may take with one request that goes wrong, and
// maxTimeInOutage with an API that is gone for good.
const (
	maxTime         = 15 * time.Minute
	maxTimeInOutage = time.Hour
)

// raceDetector says that the tests were built with it, and take longer.
var raceDetector = func() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}()

// stride returns which requests go wrong: every one, unless that takes too
// long.
func stride() int {
	switch {
	case testing.Short():
		return 10
	case raceDetector:
		return 5
	default:
		return 1
	}
}

// TestFaultAtEveryRequest lets every request of a run go wrong in turn, in every
// way there is. The run puts up with it, and leaves the account in the shape
// that an undisturbed run does.
func TestFaultAtEveryRequest(t *testing.T) {
	listenForSignals()
	var points atomic.Int32
	t.Cleanup(func() {
		t.Logf("%d points", points.Load())
		if points.Load() < 500 && stride() == 1 {
			t.Errorf("only %d points", points.Load())
		}
	})
	for _, story := range stories {
		before, want, requests := tell(t, story.before, story.stack, story.command)
		for _, fault := range faults {
			t.Run(story.name+"/"+fault.name, func(t *testing.T) {
				t.Parallel()
				for at := 1; at <= requests; at += stride() {
					points.Add(1)
					disturb(t, before, story.stack, story.command, &faulty{fault: fault, at: int32(at)}, want)
				}
			})
		}
	}
}

// unproving are answers that say nothing of the account, and look as if what was
// asked for were gone, or done.
var unproving = []fault{
	{"404 in HTML, before", func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		unheard(r)
		answer(w, 404, "text/html", "<html>404 Not Found</html>")
	}},
	{"404 in HTML, after", func(w http.ResponseWriter, r *http.Request, account http.Handler) {
		acted(r, account)
		answer(w, 404, "text/html", "<html>404 Not Found</html>")
	}},
	{"403 in HTML", func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		unheard(r)
		answer(w, 403, "text/html", "<html>403 Forbidden</html>")
	}},
	{"a null result", func(w http.ResponseWriter, r *http.Request, account http.Handler) {
		if r.Method != http.MethodGet {
			account.ServeHTTP(w, r)
			return
		}
		answer(w, 200, "application/json", `{"success":true,"errors":[],"messages":[],"result":null}`)
	}},
}

// TestOnlyEnvelopesProve lets every request be answered in turn by what proves
// nothing. A run that says it is done has left the account in the shape that an
// undisturbed run does; after any other, the next one does.
func TestOnlyEnvelopesProve(t *testing.T) {
	listenForSignals()
	for _, story := range stories {
		before, want, requests := tell(t, story.before, story.stack, story.command)
		for _, fault := range unproving {
			t.Run(story.name+"/"+fault.name, func(t *testing.T) {
				t.Parallel()
				for at := 1; at <= requests; at += stride() {
					disturbOnce(t, before, story.stack, story.command, &faulty{fault: fault, at: int32(at)}, want)
				}
			})
		}
	}
}

// disturbOnce tells a story with a fault in it, and if that did not end well again
// without.
func disturbOnce(t *testing.T, before, stack string, command []string, f *faulty, want string) {
	dir, err := os.MkdirTemp("", "wfpsync-fault-*")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	copyDir(t, filepath.Join(dir, "account"), filepath.Join(before, "account"))
	bubble(t, func(t *testing.T) {
		s := startSimulation(t, dir, emulator.Options{Options: api.Options{Latency: storyLatency}})
		defer s.stop()
		f.account = s.account
		s.handler.set(f)
		s.write(stack)
		first := s.run(t.Context(), command...)
		s.handler.set(s.account)
		if first.code != exitOK {
			s.must(exitOK, command...)
		}
		if got := dump(t, s.account); got != want {
			t.Errorf("%s at request %d, %s: exit code %d\n%s%s\nthe account is\n%s\nwant\n%s", f.fault.name, f.at, f.hit, first.code, first.stdout, first.stderr, got, want)
		}
	})
}

// TestOutage lets everything go wrong from some request on. The run says so in
// its exit code, and one that comes later does the rest.
func TestOutage(t *testing.T) {
	listenForSignals()
	var points atomic.Int32
	t.Cleanup(func() { t.Logf("%d outages", points.Load()) })
	for _, story := range stories {
		before, want, requests := tell(t, story.before, story.stack, story.command)
		for _, fault := range faults {
			switch fault.name {
			case "connection reset after", "no answer, not done", "502 in HTML, before", "429, 90 s":
			default:
				continue
			}
			t.Run(story.name+"/"+fault.name, func(t *testing.T) {
				t.Parallel()
				for at := 1; at <= requests; at += stride() {
					points.Add(1)
					disturb(t, before, story.stack, story.command, &faulty{fault: fault, at: int32(at), forGood: true}, want)
				}
			})
		}
	}
}

// TestFaultOnLoopback breaks real connections, which the simulated ones
// imitate: an upload that was done, one that was not, and a creation.
func TestFaultOnLoopback(t *testing.T) {
	for _, fault := range faults[:3] { // the resets
		for _, pattern := range []string{"PUT /scripts/a", "POST /workers/dispatch/namespaces", "GET /queues"} {
			method, path, _ := strings.Cut(pattern, " ")
			t.Run(fault.name+"/"+method, func(t *testing.T) {
				t.Parallel()
				s := startSimulation(t, t.TempDir(), emulator.Options{})
				defer s.stop()
				var once sync.Once
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					goesWrong := false
					if r.Method == method && strings.HasSuffix(r.URL.Path, path) {
						once.Do(func() { goesWrong = true })
					}
					if goesWrong {
						fault.do(w, r, s.account)
						return
					}
					s.account.ServeHTTP(w, r)
				}))
				defer server.Close()
				s.url = server.URL
				s.write(storyStack)
				s.must(exitOK, "apply", "--auto-approve")
				s.must(exitOK, "plan", "--detailed-exitcode")
			})
		}
	}
}

// tell prepares a story: a folder with the account it begins with, the account
// it ends with, and how many requests it takes.
func tell(t *testing.T, first, stack string, command []string) (before, want string, requests int) {
	before = t.TempDir()
	bubble(t, func(t *testing.T) {
		s := startSimulation(t, before, emulator.Options{})
		if first != "" {
			s.write(first)
			s.must(exitOK, "apply", "--auto-approve")
		}
		s.stop()
	})
	after := t.TempDir()
	copyDir(t, after, before)
	bubble(t, func(t *testing.T) {
		s := startSimulation(t, after, emulator.Options{Options: api.Options{Latency: storyLatency}})
		defer s.stop()
		counter := &faulty{account: s.account}
		s.handler.set(counter)
		s.write(stack)
		s.must(exitOK, command...)
		want, requests = dump(t, s.account), int(counter.n.Load())
	})
	return before, want, requests
}

// disturb tells a story with a fault in it.
func disturb(t *testing.T, before, stack string, command []string, f *faulty, want string) {
	dir, err := os.MkdirTemp("", "wfpsync-fault-*")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	copyDir(t, filepath.Join(dir, "account"), filepath.Join(before, "account"))
	bubble(t, func(t *testing.T) {
		s := startSimulation(t, dir, emulator.Options{Options: api.Options{Latency: storyLatency}})
		defer s.stop()
		f.account = s.account
		s.handler.set(f)
		s.write(stack)
		o := s.run(t.Context(), command...)
		problem := func(format string, args ...any) {
			t.Errorf("%s at request %d, %s: %s\n%s%s", f.fault.name, f.at, f.hit, fmt.Sprintf(format, args...), o.stdout, o.stderr)
		}
		limit, code := maxTime, exitOK
		if f.forGood && f.hit != "" { // what is gathered may take a request less
			limit = maxTimeInOutage
			switch {
			case strings.Contains(o.stdout, "Error: the "):
				code = exitPartial
			case !strings.Contains(o.stderr, "could not be confirmed"): // by then, all is done
				code = exitError
			}
		}
		if o.code != code {
			problem("exit code %d, want %d", o.code, code)
		}
		if o.took > limit {
			problem("took %v", o.took)
		}
		s.handler.set(s.account)
		if f.forGood {
			o = s.run(t.Context(), command...)
			if o.code != exitOK {
				problem("then exit code %d", o.code)
			}
		}
		if got := dump(t, s.account); got != want {
			problem("the account is\n%s\nwant\n%s", got, want)
		}
	})
}
