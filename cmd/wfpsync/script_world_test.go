package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
)

type worldKey struct{}

// world is the account that a script's commands talk to.
type world struct {
	dir    string // of the local account
	url    string // of the emulator, when it is served
	mu     sync.Mutex
	seen   []api.Request
	all    []api.Request // not forgotten by `requests reset`
	served *emulator.Emulator
	forge  *forge // that the workflow of CI talks to
}

func worldOf(ts *testscript.TestScript) *world { return ts.Value(worldKey{}).(*world) }

// with runs something on the account, which may or may not be served.
func (w *world) with(ts *testscript.TestScript, do func(*emulator.Emulator)) {
	if w.served != nil {
		do(w.served)
		return
	}
	account, err := emulator.Open(emulator.Options{Dir: w.dir, NoSync: true})
	ts.Check(err)
	defer func() { ts.Check(account.Close()) }()
	do(account)
}

func (w *world) observe(r api.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen, w.all = append(w.seen, r), append(w.all, r)
}

func (w *world) saw(pattern *regexp.Regexp) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.seen {
		if pattern.MatchString(r.Method + " " + r.Path) {
			return true
		}
	}
	return false
}

// checkNoUserWorkerWentPublic holds for every script: a request for a user
// Worker never goes to the account's own scripts, which would publish a
// customer's code.
func checkNoUserWorkerWentPublic(t *testing.T, env *testscript.Env) {
	w := env.Values[worldKey{}].(*world)
	account := regexp.MustCompile(` /client/v4/accounts/[^/]+/workers/scripts/([^/?]+)`)
	inNamespace := regexp.MustCompile(`/workers/dispatch/namespaces/[^/]+/scripts/([^/?]+)`)
	var requests []string
	for _, r := range w.all {
		requests = append(requests, r.Method+" "+r.Path)
	}
	if log, err := os.ReadFile(filepath.Join(env.WorkDir, ".requests")); err == nil {
		requests = append(requests, strings.Split(string(log), "\n")...)
	}
	userWorkers := map[string]bool{}
	for _, r := range requests {
		if m := inNamespace.FindStringSubmatch(r); m != nil {
			userWorkers[m[1]] = true
		}
	}
	for _, r := range requests {
		if m := account.FindStringSubmatch(r); m != nil && userWorkers[m[1]] {
			t.Errorf("a user Worker was asked for among the account's own: %s", r)
		}
	}
}

// emulator start [SHAPE…] [slow] serves an account over HTTP for the rest of the
// script, and points wfpsync at it.
// emulator shape [SHAPE…] changes how it lists user Workers; see [shapeWord].
func cmdEmulator(ts *testscript.TestScript, _ bool, args []string) {
	w := worldOf(ts)
	shape, latency := api.ListShape{}, time.Duration(0)
	if args[0] == "start" {
		shape = testedShape()
	}
	for _, word := range args[1:] {
		if word == "slow" {
			latency = 300 * time.Millisecond
		} else if !shapeWord(&shape, word) {
			ts.Fatalf("unknown word %q", word)
		}
	}
	if args[0] == "shape" {
		w.served.ForTests().SetListShape(shape)
		return
	}
	account, err := emulator.Open(emulator.Options{Dir: w.dir, NoSync: true, Options: api.Options{ListShape: shape, Latency: latency, Observe: w.observe}})
	ts.Check(err)
	ts.Check(account.EnsureZone(emulator.LocalAccountID, "example.com"))
	server := httptest.NewServer(account)
	ts.Defer(func() {
		server.Close()
		_ = account.Close()
	})
	w.served, w.url = account, server.URL
	ts.Setenv("CLOUDFLARE_BASE_URL", server.URL+"/client/v4")
	ts.Setenv("CLOUDFLARE_API_TOKEN", "test-token")
	ts.Setenv("CLOUDFLARE_ACCOUNT_ID", emulator.LocalAccountID)
}

// trouble WORD… lets the account that is served answer as the real API does when
// something is wrong; no words end all trouble.
func cmdTrouble(ts *testscript.TestScript, _ bool, args []string) {
	var t api.Trouble
	for _, word := range args {
		product, denied := strings.CutPrefix(word, "without:")
		key, unsuccessful := strings.CutPrefix(word, "kv-unsuccessful:")
		switch {
		case denied:
			t.Denied = append(t.Denied, product)
		case unsuccessful:
			t.KVUnsuccessful = append(t.KVUnsuccessful, key)
		case word == "invalid-token":
			t.InvalidToken = true
		case word == "expired-token":
			t.TokenStatus = "expired"
		case word == "not-entitled":
			t.NotEntitled = true
		case word == "no-saas":
			t.NoSaaS = true
		case word == "no-metadata":
			t.NoMetadata = true
		case word == "no-account":
			t.NoAccounts = true
		case word == "two-accounts":
			t.SecondAccount = true
		case word == "html":
			t.HTML = true
		case word == "skewed":
			t.Skew = 2 * time.Hour
		default:
			ts.Fatalf("unknown trouble %q", word)
		}
	}
	worldOf(ts).served.ForTests().SetTrouble(t)
}

// fake STATUS BODY [REGEXP] points wfpsync at a server that answers everything
// so; or what matches, as "METHOD PATH", and the account that is served the rest.
func cmdFake(ts *testscript.TestScript, _ bool, args []string) {
	status, err := strconv.Atoi(args[0])
	ts.Check(err)
	pattern := regexp.MustCompile(strings.Join(args[2:], ""))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !pattern.MatchString(r.Method + " " + r.URL.Path) {
			worldOf(ts).served.ServeHTTP(w, r)
			return
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(args[1]))
	}))
	ts.Defer(server.Close)
	ts.Setenv("CLOUDFLARE_BASE_URL", server.URL+"/client/v4")
	ts.Setenv("CLOUDFLARE_API_TOKEN", "test-token")
}

// requests reset forgets the requests until now. requests N REGEXP expects N
// requests whose "METHOD PATH" matches.
func cmdRequests(ts *testscript.TestScript, _ bool, args []string) {
	w := worldOf(ts)
	w.mu.Lock()
	defer w.mu.Unlock()
	if args[0] == "reset" {
		w.seen = nil
		return
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	pattern := regexp.MustCompile(args[1])
	var list []string
	got := 0
	for _, r := range w.seen {
		line := r.Method + " " + r.Path
		list = append(list, line)
		if pattern.MatchString(line) {
			got++
		}
	}
	if got != want {
		ts.Fatalf("%d requests match %q, want %d:\n%s", got, args[1], want, strings.Join(list, "\n"))
	}
}

// sent N expects that N static files were uploaded since `requests reset`.
func cmdSent(ts *testscript.TestScript, _ bool, args []string) {
	w := worldOf(ts)
	w.mu.Lock()
	defer w.mu.Unlock()
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	for _, r := range w.seen {
		got += r.Files
	}
	if got != want {
		ts.Fatalf("%d static files were sent, want %d", got, want)
	}
}
