package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync"
	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
)

// manyTenants returns a stack with a fleet of user Workers.
func manyTenants(n int) string {
	var b strings.Builder
	b.WriteString("version: 1\nname: fleet\ndefaults: { compatibility_date: 1999-10-01 }\ndispatch_namespaces: { fleet: {} }\nlists:\n  tenants:\n    key: id\n    items:\n")
	for i := range n {
		fmt.Fprintf(&b, "      - { id: tenant-%05d }\n", i)
	}
	b.WriteString("user_workers:\n  tenants:\n    for_each: { tenant: tenants }\n    name: ${tenant.id}\n    dispatch_namespace: fleet\n    script: export default {}\n    vars: { ID: \"${tenant.id}\" }\n")
	return b.String()
}

// platformRate is how many requests the platform answers within rateWindow.
const (
	platformRate = 1200
	rateWindow   = 5 * time.Minute
)

// platformLimit refuses requests as the platform does: more than 1,200 within
// five minutes are too many, and nothing is answered for the next five.
type platformLimit struct {
	next http.Handler

	mu      sync.Mutex
	seen    []time.Time
	blocked time.Time
	refused int
	all     int
}

func (l *platformLimit) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !l.allow(time.Now()) {
		answer(w, 429, "application/json", tooMany, "Retry-After", "300")
		return
	}
	l.next.ServeHTTP(w, r)
}

func (l *platformLimit) allow(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all++
	for len(l.seen) > 0 && now.Sub(l.seen[0]) >= rateWindow {
		l.seen = l.seen[1:]
	}
	if len(l.seen) >= platformRate {
		l.blocked = now.Add(rateWindow)
	}
	if now.Before(l.blocked) {
		l.refused++
		return false
	}
	l.seen = append(l.seen, now)
	return true
}

// TestRealRateLimit uploads 2,000 user Workers at the platform's limit: it is
// never exceeded, and nearly all of it is used. The least time that n requests
// take is one window for each 1,200 of them but the last.
func TestRealRateLimit(t *testing.T) {
	if testing.Short() {
		t.Skip("2,000 uploads")
	}
	t.Parallel()
	listenForSignals()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		s := startSimulation(t, dir, emulator.Options{Options: api.Options{Latency: 100 * time.Millisecond}})
		defer s.stop()
		limit := &platformLimit{next: s.account}
		s.handler.set(limit)
		s.write(manyTenants(2000))
		o := s.must(exitOK, "apply", "--auto-approve", "--quiet", "--rate", fmt.Sprint(platformRate))
		least := 2000 / platformRate * rateWindow
		t.Logf("2,000 uploads: %d requests, %d of them refused, in %v; the least is %v", limit.all, limit.refused, o.took, least)
		if limit.refused > 0 {
			t.Errorf("%d requests were refused", limit.refused)
		}
		if o.took > least*105/100 {
			t.Errorf("took %v, more than 5%% above %v", o.took, least)
		}
	})
}

// TestSharedRateLimit uploads 2,000 user Workers at the default rate while the
// platform's own program signs customers up, with a request every two seconds.
// Both of them get all that they ask for.
func TestSharedRateLimit(t *testing.T) {
	if testing.Short() {
		t.Skip("2,000 uploads")
	}
	t.Parallel()
	listenForSignals()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		s := startSimulation(t, dir, emulator.Options{Options: api.Options{Latency: 100 * time.Millisecond}})
		defer s.stop()
		limit := &platformLimit{next: s.account}
		s.handler.set(limit)
		s.write(manyTenants(2000))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		signedUp := make(chan string, 1)
		go func() {
			asked, answered := 0, 0
			for every := time.NewTicker(2 * time.Second); ; {
				select {
				case <-ctx.Done():
					signedUp <- fmt.Sprintf("%d of %d", answered, asked)
					return
				case <-every.C:
					asked++
					if limit.allow(time.Now()) {
						answered++
					}
				}
			}
		}()
		o := s.must(exitOK, "apply", "--auto-approve", "--quiet", "--rate", fmt.Sprint(wfpsync.DefaultRate))
		cancel()
		t.Logf("2,000 uploads: %d requests of both in %v; the other program was answered %s times", limit.all, o.took, <-signedUp)
		if limit.refused > 0 {
			t.Errorf("%d of %d requests were refused", limit.refused, limit.all)
		}
	})
}

// TestThroughput uploads without a limit: as many at once as were asked for,
// and nothing but the network to wait for.
func TestThroughput(t *testing.T) {
	if testing.Short() {
		t.Skip("1,000 uploads")
	}
	t.Parallel()
	listenForSignals()
	const uploads, concurrency, latency = 1000, 20, 50 * time.Millisecond
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		s := startSimulation(t, dir, emulator.Options{Options: api.Options{Latency: latency}})
		defer s.stop()
		var first, last time.Time
		var mu sync.Mutex
		requests := 0
		s.handler.set(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			looks := strings.Contains(r.URL.Path, "/scripts/tenant-")
			mu.Lock()
			if looks && first.IsZero() {
				first = time.Now()
			}
			mu.Unlock()
			s.account.ServeHTTP(w, r)
			mu.Lock()
			if looks {
				last = time.Now()
				requests++
			}
			mu.Unlock()
		}))
		s.write(manyTenants(uploads))
		s.must(exitOK, "apply", "--auto-approve", "--quiet", "--concurrency", fmt.Sprint(concurrency))
		most := concurrency / latency.Seconds()
		got := float64(requests) / last.Sub(first).Seconds()
		t.Logf("%d requests at %.0f in a second, %.1f%% of %.0f", requests, got, 100*got/most, most)
		if got < 0.9*most {
			t.Errorf("%.0f requests in a second, less than 90%% of %.0f", got, most)
		}
	})
}
