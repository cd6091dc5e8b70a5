package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/spec"
)

// counter counts the requests that an account answers.
type counter struct {
	mu   sync.Mutex
	seen []string
}

func (c *counter) observe(r api.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = append(c.seen, r.Method+" "+r.Path)
}

// of returns how many requests something makes.
func (c *counter) of(do func()) int {
	c.mu.Lock()
	c.seen = nil
	c.mu.Unlock()
	do()
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.seen)
}

// herd is an account with many user Workers in the namespace fleet, all of them as
// the one that was really applied.
type herd struct {
	*simulation
	counter *counter
	n       int
}

const (
	fleetStack = `version: 1
name: fleet
dispatch_namespaces: { fleet: {} }
lists: { tenants: { key: id, csv: ./tenants.csv } }
user_workers:
  tenants:
    dispatch_namespace: fleet
    for_each: { tenant: tenants }
    compatibility_date: 2026-01-01
    script: export default { fetch() {} }
    vars: { V: "${tenant.v}" }
`
	discoveredStack = `version: 1
name: fleet
dispatch_namespaces: { fleet: {} }
lists: { tenants: { discover: { dispatch_namespace: fleet, tag: "plan:pro" } } }
user_workers:
  tenants:
    dispatch_namespace: fleet
    for_each: { tenant: tenants }
    manage: [code, compatibility_date]
    compatibility_date: 2026-01-01
    script: export default { fetch() {} }
`
)

// tenant returns the name of a user Worker of a herd.
func tenant(i int) string { return fmt.Sprintf("tenant-%05d", i) }

// newHerd applies a stack for one user Worker, and then seeds what n applied ones
// would have left.
func newHerd(t *testing.T, stack string, n int, shape api.ListShape) *herd {
	t.Helper()
	h := &herd{counter: &counter{}, n: n}
	h.simulation = startSimulation(t, t.TempDir(), emulator.Options{Options: api.Options{Observe: h.counter.observe, ListShape: shape}})
	t.Cleanup(h.stop)
	h.write(stack)
	h.list(1, nil)
	if stack == discoveredStack {
		h.seed(1, []string{"plan:pro"})
	}
	h.must(exitOK, "apply", "--auto-approve")
	h.seed(n, h.tags(tenant(0)))
	h.list(n, nil)
	return h
}

// list writes the list of tenants; some of them want another value.
func (h *herd) list(n int, values map[int]string) {
	h.t.Helper()
	var b strings.Builder
	b.WriteString("id,v\n")
	for i := range n {
		value := "1"
		if v, changed := values[i]; changed {
			value = v
		}
		fmt.Fprintf(&b, "%s,%s\n", tenant(i), value)
	}
	if err := os.WriteFile(filepath.Join(h.dir, "tenants.csv"), []byte(b.String()), 0o644); err != nil {
		h.t.Fatal(err)
	}
}

func (h *herd) seed(n int, tags []string) {
	h.t.Helper()
	metadata, err := json.Marshal(map[string]any{
		"tags": tags, "compatibility_date": "2026-01-01",
		"bindings": []any{map[string]any{"type": "plain_text", "name": "V", "text": "1"}},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	written := time.Now()
	if _, mark, _ := spec.Ownership(tags); mark != nil {
		written = mark.Uploaded // however long the seeding takes
	}
	err = h.account.ForTests().Seed(emulator.LocalAccountID, "fleet", func(yield func(api.Seed) bool) {
		for i := range n {
			if !yield(api.Seed{Name: tenant(i), Metadata: metadata, ModifiedOn: written}) {
				return
			}
		}
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// ask asks the account for something of a user Worker.
func (h *herd) ask(path string) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(h.t.Context(), http.MethodGet,
		"http://localhost"+emulator.BasePath+"/accounts/"+emulator.LocalAccountID+"/workers/dispatch/namespaces/fleet/scripts/"+path, &bytes.Buffer{})
	request.Header.Set("Authorization", "Bearer test")
	h.account.ServeHTTP(recorder, request)
	return recorder
}

// status returns what the account answers about a user Worker.
func (h *herd) status(name string) int { return h.ask(name).Code }

// tags returns the tags of a user Worker.
func (h *herd) tags(name string) []string {
	h.t.Helper()
	recorder := h.ask(name + "/tags")
	var answer struct{ Result []string }
	if err := json.Unmarshal(recorder.Body.Bytes(), &answer); err != nil || len(answer.Result) == 0 {
		h.t.Fatalf("%v: %s", err, recorder.Body)
	}
	return answer.Result
}

// plan makes a plan that exits with a code, and counts its requests.
func (h *herd) plan(code int) int {
	h.t.Helper()
	return h.counter.of(func() { h.must(code, "plan", "--detailed-exitcode") })
}

// atMost fails when something takes more requests than it may.
func (h *herd) atMost(what string, got, most int) {
	h.t.Helper()
	h.t.Logf("%s: %d requests", what, got)
	if got > most {
		h.t.Errorf("%s: %d requests, want at most %d: %s", what, got, most, strings.Join(slices.Compact(slices.Sorted(slices.Values(h.counter.seen))), "\n"))
	}
}

// touch lets another program write a user Worker.
func (h *herd) touch(name string, settings string) {
	h.t.Helper()
	change := api.Tampering{Settings: json.RawMessage(settings), ModifiedOn: time.Now().Add(-time.Hour)}
	if err := h.account.ForTests().Tamper(emulator.LocalAccountID, "fleet", name, change); err != nil {
		h.t.Fatal(err)
	}
}

// TestRequestsAtScale holds what plan and apply ask of an account with 10,000 user
// Workers, whether the file has them or a list discovers them.
func TestRequestsAtScale(t *testing.T) {
	t.Parallel()
	for name, stack := range map[string]string{"written": fleetStack, "discovered": discoveredStack} {
		t.Run(name, func(t *testing.T) {
			h := newHerd(t, stack, 10_000, api.ListShape{})
			unchanged := h.plan(exitOK)
			h.atMost("plan of 10,000 unchanged", unchanged, 20)

			h.touch(tenant(4711), `{"compatibility_date":"2025-05-05"}`)
			drifted := h.plan(exitChanges)
			h.atMost("plan with one that drifted", drifted, unchanged+2)

			applied := h.counter.of(func() { h.must(exitOK, "apply", "--auto-approve") })
			h.atMost("apply of one change", applied, drifted+5)
			h.plan(exitOK)
			if stack == discoveredStack {
				return
			}

			h.list(h.n, map[int]string{42: "2"})
			changed := h.plan(exitChanges)
			h.atMost("plan with one changed", changed, unchanged+1)
			applied = h.counter.of(func() { h.must(exitOK, "apply", "--auto-approve") })
			h.atMost("apply of it", applied, changed+5)
		})
	}
}

// TestRequestsOfACodeChange holds what is asked where nothing changes but the code of
// a fleet, however the account lists it: the marks say that the settings are as they
// are to be. An upload is one request, and the look before it another at most.
func TestRequestsOfACodeChange(t *testing.T) {
	t.Parallel()
	for _, shape := range []api.ListShape{{}, {Nested: true, WithoutETag: true}, {WithoutTags: true}, {WithoutTags: true, WithoutETag: true, Nested: true}} {
		t.Run(fmt.Sprintf("%+v", shape), func(t *testing.T) {
			h := newHerd(t, fleetStack, 1000, shape)
			h.plan(exitOK) // where lists have no tags, they are remembered
			h.write(strings.ReplaceAll(fleetStack, "fetch() {}", "fetch() { return new Response() }"))
			h.atMost("plan of the change", h.plan(exitChanges), 8)
			h.atMost("apply of it", h.counter.of(func() { h.must(exitOK, "apply", "--auto-approve") }), 2*h.n+16)
			h.atMost("plan after it", h.plan(exitOK), 8)
		})
	}
}

// TestRequestsWithoutTags holds what is asked where lists do not show tags: the
// settings of each user Worker once, and after that only the lists.
func TestRequestsWithoutTags(t *testing.T) {
	t.Parallel()
	for name, stack := range map[string]string{"written": fleetStack, "discovered": discoveredStack} {
		for _, shape := range []api.ListShape{{WithoutTags: true}, {WithoutTags: true, WithoutETag: true, Nested: true}} {
			t.Run(fmt.Sprintf("%s %+v", name, shape), func(t *testing.T) {
				h := newHerd(t, stack, 1500, shape)
				first := h.plan(exitOK)
				if first < h.n-1 {
					t.Errorf("the first plan made %d requests; it cannot know %d Workers", first, h.n)
				}
				second := h.plan(exitOK)
				h.atMost("second plan", second, 3*2+10) // the list, and two or three that are filtered
				h.touch(tenant(7), `{"compatibility_date":"2025-05-05"}`)
				h.atMost("plan with one that drifted", h.plan(exitChanges), second+3)
				h.must(exitOK, "apply", "--auto-approve")
				h.atMost("plan after the apply", h.plan(exitOK), second)
				if err := os.RemoveAll(filepath.Join(h.dir, "cache")); err != nil {
					t.Fatal(err)
				}
				h.plan(exitOK)
			})
		}
	}
}
