package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
)

// lag answers reads as they were a while ago: lists only, or all of them.
type lag struct {
	account http.Handler
	by      time.Duration
	all     bool

	mu   sync.Mutex
	seen map[string]http.Header // reads that were asked for, with their headers
	old  map[string][]oldAnswer
}

// oldAnswer is what was answered up to a time.
type oldAnswer struct {
	until  time.Time
	answer *httptest.ResponseRecorder
}

func (l *lag) lags(r *http.Request) bool {
	path := strings.TrimSuffix(r.URL.Path, "/")
	for _, list := range []string{"/scripts", "/namespaces", "/queues", "/database", "/buckets", "/domains", "/routes", "/dns_records"} {
		if strings.HasSuffix(path, list) {
			return true
		}
	}
	return l.all && strings.Contains(path, "/scripts/")
}

func (l *lag) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := r.URL.RequestURI()
	answer := func() *httptest.ResponseRecorder {
		recorder := httptest.NewRecorder()
		l.account.ServeHTTP(recorder, r)
		return recorder
	}
	var given *httptest.ResponseRecorder
	switch {
	case r.Method != http.MethodGet:
		for key, header := range l.seen {
			before := httptest.NewRecorder()
			read := httptest.NewRequest(http.MethodGet, "http://localhost"+key, nil)
			read.Header = header
			l.account.ServeHTTP(before, read)
			l.old[key] = append(l.old[key], oldAnswer{time.Now(), before})
		}
		given = answer()
	case l.lags(r):
		if l.seen[key] == nil {
			l.seen[key] = r.Header.Clone()
		}
		for _, old := range l.old[key] {
			if given == nil && time.Since(old.until) < l.by {
				given = old.answer
			}
		}
		if given == nil {
			given = answer()
		}
	default:
		given = answer()
	}
	maps.Copy(w.Header(), given.Header())
	w.Header().Del("Date")
	w.WriteHeader(given.Code)
	_, _ = io.Copy(w, bytes.NewReader(given.Body.Bytes()))
}

const (
	lagBefore = `version: 1
name: lagging
defaults: { compatibility_date: 1999-10-01 }
dispatch_namespaces: { n: {} }
user_workers:
  a: { dispatch_namespace: n, script: "export default {}", vars: { V: "1" } }
  gone: { dispatch_namespace: n, script: "export default {}" }
guards: { min_existing: 100 }
`
	lagAfter = `version: 1
name: lagging
defaults: { compatibility_date: 1999-10-01 }
dispatch_namespaces: { n: {} }
kv_namespaces: { tenants: { title: Tenants } }
queues: { events: { name: events } }
kv_pairs:
  a.example.com: { kv_namespace: tenants, value: a }
user_workers:
  a: { dispatch_namespace: n, script: "export default {}", vars: { V: "2" }%s }
  b: { dispatch_namespace: n, script: "export default {}"%s }
workers:
  jobs: { script: "export default { queue() {} }", queues: { consumers: [{ queue: events }] } }
guards: { min_existing: 100 }
`
)

// TestLaggingReads lets what one run alone has written be seen a while later.
// No other program has written anything, and the run does not say so: it waits,
// or says that it cannot tell.
func TestLaggingReads(t *testing.T) {
	t.Parallel()
	listenForSignals()
	for _, by := range []time.Duration{300 * time.Millisecond, 3 * time.Second, 15 * time.Second, time.Hour} {
		for _, all := range []bool{false, true} {
			for _, rollout := range []bool{false, true} {
				t.Run(fmt.Sprintf("%v/all %t/rollout %t", by, all, rollout), func(t *testing.T) {
					dir := t.TempDir()
					bubble(t, func(t *testing.T) {
						s := startSimulation(t, dir, emulator.Options{})
						defer s.stop()
						s.write(lagBefore)
						s.must(exitOK, "apply", "--auto-approve")
						s.write(lagStack(rollout))
						time.Sleep(time.Minute)
						s.handler.set(&lag{account: s.account, by: by, all: all, seen: map[string]http.Header{}, old: map[string][]oldAnswer{}})
						o := s.run(t.Context(), "apply", "--auto-approve")
						said := o.stdout + o.stderr
						forEver := by > time.Minute
						if forEver && all { // a Worker that no look ever shows
							if strings.Contains(said, "has written it") {
								t.Errorf("exit code %d\n%s", o.code, said)
							}
						} else if o.code != exitOK || strings.Contains(said, "another program") || strings.Contains(said, "another run") || strings.Contains(said, "could not be confirmed") != forEver {
							t.Errorf("exit code %d\n%s", o.code, said)
						}
						if o.took > by+time.Minute {
							t.Errorf("it took %v", o.took)
						}
						s.handler.set(s.account)
						s.must(exitOK, "plan", "--detailed-exitcode")
					})
				})
			}
		}
	}
}

func lagStack(rollout bool) string {
	if rollout {
		return strings.ReplaceAll(lagAfter, "%s", ", rollout: { waves: [100%] }")
	}
	return strings.ReplaceAll(lagAfter, "%s", "")
}
