package applier_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// batchTarget makes changes of a few KV pairs at once.
type batchTarget struct {
	*target
	limit   int
	batches []string // the keys, with a minus for deletions
}

func (g *batchTarget) BatchSize(kind spec.Kind) int {
	if kind == spec.KindKVPair {
		return g.limit
	}
	return 1
}

func (g *batchTarget) PutAll(_ context.Context, writes []spec.Write) ([]spec.Revision, []error) {
	var keys []string
	errs := make([]error, len(writes))
	for i, w := range writes {
		keys = append(keys, w.Resource.Address().Name)
		errs[i] = g.call("put ", w.Resource.Address())
	}
	g.note(strings.Join(keys, " "))
	return make([]spec.Revision, len(writes)), errs
}

func (g *batchTarget) DeleteAll(_ context.Context, addresses []spec.Address, _ []spec.Revision) []error {
	var keys []string
	errs := make([]error, len(addresses))
	for i, a := range addresses {
		keys = append(keys, "-"+a.Name)
		errs[i] = g.call("delete ", a)
	}
	g.note(strings.Join(keys, " "))
	return errs
}

func (g *batchTarget) note(batch string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.batches = append(g.batches, batch)
}

const table = `
version: 1
name: platform
defaults: { compatibility_date: 2026-10-01 }
dispatch_namespaces: { customers: {} }
kv_namespaces: { hosts: {}, other: {} }
user_workers:
  a: { dispatch_namespace: customers, script: a }
  b: { dispatch_namespace: customers, script: b }
kv_pairs:
  a.example: { kv_namespace: hosts, value: a, user_worker: a }
  b.example: { kv_namespace: hosts, value: b, user_worker: b }
  c.example: { kv_namespace: hosts, value: c }
  apart: { kv_namespace: other, value: x }
`

func TestRunMakesChangesTogether(t *testing.T) {
	account := &batchTarget{target: &target{}, limit: 10}
	result, events := runOn(t, account, plan(t, table), applier.Options{})
	if !result.Complete() || result.Applied != 9 {
		t.Errorf("result: %+v", result)
	}
	slices.Sort(account.batches)
	var words []string
	for _, batch := range account.batches {
		keys := strings.Fields(batch)
		slices.Sort(keys) // they became ready in any order
		words = append(words, strings.Join(keys, " "))
	}
	if d := cmp.Diff([]string{"a.example b.example c.example", "apart"}, sorted(words)); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	started := 0
	for _, e := range events {
		if _, ok := e.(applier.Started); ok {
			started++
		}
	}
	if started != 9 {
		t.Errorf("%d changes were said to begin", started)
	}
	at := func(call string) int { return slices.Index(account.calls, call) }
	if at("put kv_pair/hosts/b.example") < at("put user_worker/customers/b") {
		t.Errorf("a row came before its Worker: %v", account.calls)
	}
}

func sorted(words []string) []string {
	slices.Sort(words)
	return words
}

// A batch is no larger than the target's limit, and each change has its own
// result.
func TestRunBoundsWhatIsMadeTogether(t *testing.T) {
	account := &batchTarget{target: &target{fail: map[string]error{"kv_pair/hosts/k3": errors.New("refused")}}, limit: 2}
	text := "version: 1\nname: s\nkv_namespaces: { hosts: {} }\nkv_pairs:\n"
	for i := range 5 {
		text += fmt.Sprintf("  k%d: { kv_namespace: hosts, value: x }\n", i)
	}
	result, _ := runOn(t, account, plan(t, text), applier.Options{Concurrency: 1})
	if d := cmp.Diff([]string{"k0 k1", "k2 k3", "k4"}, account.batches); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if result.Applied != 5 || result.Failed != 1 {
		t.Errorf("counts: %+v", result)
	}
}

// A pair whose Worker failed does not hold up the others.
func TestRunGathersWithoutWhatIsSkipped(t *testing.T) {
	account := &batchTarget{target: &target{fail: map[string]error{"user_worker/customers/a": errors.New("refused")}}, limit: 10}
	result, _ := runOn(t, account, plan(t, table), applier.Options{})
	if result.Failed != 1 || result.Skipped != 1 || result.Applied != 7 || len(account.batches) != 2 {
		t.Errorf("%+v, in %q", result, account.batches)
	}
}

// A batch begins as soon as no other change can join it, whatever else is under
// way.
func TestRunDoesNotGatherAlone(t *testing.T) {
	account := &batchTarget{target: &target{}, limit: 10}
	account.during = func(address string) {
		if address != "user_worker/customers/a" {
			return
		}
		for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
			account.mu.Lock()
			n := len(account.batches)
			account.mu.Unlock()
			if n > 0 {
				return
			}
		}
		t.Error("the row of another namespace waited for a user Worker")
	}
	frozen := time.Now()
	if result, _ := runOn(t, account, plan(t, table), applier.Options{Now: func() time.Time { return frozen }}); !result.Complete() {
		t.Errorf("result: %+v", result)
	}
}

// A batch waits for more changes, but not forever.
func TestRunDoesNotGatherForEver(t *testing.T) {
	account := &batchTarget{target: &target{}, limit: 10}
	now := time.Now()
	clock := func() time.Time { now = now.Add(time.Minute); return now }
	result, _ := runOn(t, account, plan(t, table), applier.Options{Concurrency: 1, Now: clock})
	if !result.Complete() || len(account.batches) < 3 {
		t.Errorf("%+v, in %q", result, account.batches)
	}
}

func TestRunDeletesTogether(t *testing.T) {
	account := &batchTarget{target: &target{}, limit: 10}
	p := &planner.Plan{Stack: "platform"}
	for _, key := range []string{"a", "b"} {
		p.Changes = append(p.Changes, planner.Change{
			Address: spec.Address{Kind: spec.KindKVPair, Parent: "hosts", Name: key}, Action: planner.Delete, Prior: &spec.Revision{ID: "id"},
		})
	}
	if result, _ := runOn(t, account, p, applier.Options{}); !result.Complete() || len(account.batches) != 1 || account.batches[0] != "-a -b" {
		t.Errorf("%+v, in %q", result, account.batches)
	}
}

func runOn(t *testing.T, account applier.Target, p *planner.Plan, options applier.Options) (*applier.Result, []applier.Event) {
	t.Helper()
	options.Secret = secretOf
	var events []applier.Event
	result, err := applier.Run(t.Context(), account, p, options, func(e applier.Event) { events = append(events, e) })
	if err != nil {
		t.Fatal(err)
	}
	return result, events
}
