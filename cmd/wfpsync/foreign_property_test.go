package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
)

const foreignWorkers = 1000

// TestForeignWorkersAreLeftAlone holds for random stacks: whatever an apply or
// a destroy does, everything else in the account stays as it is, to the byte.
func TestForeignWorkersAreLeftAlone(t *testing.T) {
	if testing.Short() {
		t.Skip("many runs of the whole program")
	}
	t.Parallel()
	checkFew(t, 6, func(t *rapid.T) {
		p := newPlayground(t)
		defer p.close()
		p.addForeign()
		before := holdings(t, p.account)
		if len(before) < foreignWorkers {
			t.Fatalf("the account holds %d", len(before))
		}
		expectForeign := func(after string) {
			now := holdings(t, p.account)
			for _, path := range slices.Sorted(maps.Keys(before)) {
				if path == "/workers/dispatch/namespaces/alpha" {
					continue // counts its scripts
				}
				if diff := cmp.Diff(before[path], now[path]); diff != "" {
					t.Errorf("%s has changed %s:\n%s\n%s", after, path, diff, p.stackYML)
				}
			}
		}
		for i := range 2 {
			p.write(stackFile(t, fmt.Sprintf("stack %d", i)))
			p.must(exitOK, "apply", "--auto-approve", "--allow", "binding-removal,dispatcher-replace")
			expectForeign("apply")
		}
		p.must(exitOK, "destroy", "--auto-approve", "--allow", "namespace-delete,store-delete")
		expectForeign("destroy")
	})
}

// addForeign gives the account what is not ours: user Workers without an owner
// and of another stack beside ours, Workers, and something of every other kind.
func (p *playground) addForeign() {
	seed := func(namespace string, n int, tags ...string) {
		metadata, err := json.Marshal(map[string]any{"tags": tags, "compatibility_date": "2026-01-01", "bindings": []any{map[string]any{"type": "plain_text", "name": "V", "text": "v"}}})
		if err != nil {
			p.t.Fatal(err)
		}
		err = p.account.ForTests().Seed(emulator.LocalAccountID, namespace, func(yield func(api.Seed) bool) {
			for i := range n {
				if !yield(api.Seed{Name: fmt.Sprintf("foreign-%d-%03d", len(tags), i), Metadata: metadata}) {
					return
				}
			}
		})
		if err != nil {
			p.t.Fatal(err)
		}
	}
	const n = foreignWorkers / 5
	theirs := []string{"wfpsync.other", "wfpsync-mark.1.0123456789abcdef.0123456789abcdef.20260101T000000Z"}
	seed("alpha", n)
	seed("alpha", n, theirs...)
	seed("elsewhere", n, theirs...)
	seed("", n)
	seed("", n, theirs...)
	for _, made := range []struct{ method, path, body string }{
		{http.MethodPost, "/storage/kv/namespaces", `{"title":"Theirs"}`},
		{http.MethodPost, "/d1/database", `{"name":"theirs"}`},
		{http.MethodPost, "/r2/buckets", `{"name":"theirs"}`},
		{http.MethodPost, "/queues", `{"queue_name":"theirs"}`},
		{http.MethodPut, "/workers/domains", `{"hostname":"foreign.example.com","service":"foreign-0-000","zone_name":"example.com","environment":"production"}`},
		{http.MethodPut, "/workers/scripts/foreign-0-000/schedules", `[{"cron":"0 0 * * *"}]`},
		{http.MethodPost, "/workers/scripts/foreign-0-000/subdomain", `{"enabled":true}`},
	} {
		if status, answer := request(p.account, made.method, made.path, made.body); status >= http.StatusBadRequest {
			p.t.Fatalf("%s %s: %s", made.method, made.path, answer)
		}
	}
	var zones struct{ Result []struct{ ID string } }
	_, answer := requestAt(p.account, http.MethodGet, "/zones")
	if err := json.Unmarshal(answer, &zones); err != nil {
		p.t.Fatal(err)
	}
	for _, pattern := range []string{"*.example.com/*", "foreign.example.com/a"} {
		body := fmt.Sprintf(`{"pattern":%q,"script":"foreign-2-000"}`, pattern)
		if status, answer := requestAt(p.account, http.MethodPost, "/zones/"+zones.Result[0].ID+"/workers/routes", body); status != http.StatusOK {
			p.t.Fatalf("%s", answer)
		}
	}
}
