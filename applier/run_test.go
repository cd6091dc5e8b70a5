package applier_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile"
)

// target is an account that records what it is asked.
type target struct {
	mu       sync.Mutex
	calls    []string
	writes   map[string]spec.Write
	fail     map[string]error
	snapshot *spec.Snapshot

	uncaptured, stuck bool // what fails
	restored          []spec.Restoration

	underWay, peak int
	during         func(address string) // called while a write is under way
}

func (t *target) Read(context.Context, string, []spec.Collection) (*spec.Snapshot, error) {
	if t.snapshot == nil {
		return nil, errors.New("nothing to read")
	}
	return t.snapshot, nil
}

func (t *target) Reread(ctx context.Context, _ []spec.Address, _ bool) (*spec.Snapshot, error) {
	return t.Read(ctx, "", nil)
}

func (t *target) Put(ctx context.Context, w spec.Write) (spec.Revision, error) {
	err := t.call("put ", w.Resource.Address())
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.writes == nil {
		t.writes = map[string]spec.Write{}
	}
	t.writes[w.Resource.Address().String()] = w
	revision := spec.Revision{ID: "id of " + w.Resource.Address().String()}
	if _, scripted := w.Resource.(spec.Scripted); scripted {
		revision.Mark = &spec.Mark{Code: w.Resource.Address().String()}
	}
	return revision, err
}

func (t *target) Capture(_ context.Context, a spec.Address, prior spec.Revision) (*spec.Live, error) {
	if err := t.call("capture ", a); err != nil && t.uncaptured {
		return nil, err
	}
	former := &spec.UserWorker{DispatchNamespace: a.Parent, Name: a.Name, Script: spec.Script{Bindings: []spec.Binding{
		{Name: "GONE", Type: spec.BindingSecret}, {Name: "PLAN", Type: spec.BindingText}, {Name: "TOKEN", Type: spec.BindingSecret},
	}}}
	return &spec.Live{Resource: former, Revision: prior, Detailed: true}, nil
}

func (t *target) Restore(_ context.Context, r spec.Restoration) (spec.Revision, error) {
	a := r.Written.Address()
	err := t.call("restore ", a)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.restored = append(t.restored, r)
	if t.stuck {
		return spec.Revision{}, errors.New("stuck")
	}
	_ = err // what could not be written can be restored
	if r.Former == nil {
		return spec.Revision{}, nil
	}
	return r.Former.Revision, nil
}

func (t *target) MarkUnproven(_ context.Context, w spec.Write, _ []spec.Revision) (spec.Revision, error) {
	_ = t.call("doubt ", w.Resource.Address())
	revision := *w.Prior
	mark := *revision.Mark
	mark.Unproven, revision.Mark = true, &mark
	return revision, nil
}

func (t *target) Delete(_ context.Context, a spec.Address, _ spec.Revision) error {
	return t.call("delete ", a)
}

func (t *target) call(verb string, a spec.Address) error {
	t.mu.Lock()
	t.calls = append(t.calls, verb+a.String())
	t.underWay++
	t.peak = max(t.peak, t.underWay)
	t.mu.Unlock()
	if t.during != nil {
		t.during(a.String())
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.underWay--
	return t.fail[a.String()]
}

const stack = `
version: 1
name: platform
defaults: { compatibility_date: 2026-10-01 }
dispatch_namespaces: { customers: {} }
kv_namespaces: { tenants: {} }
user_workers:
  a: { dispatch_namespace: customers, script: a }
  b: { dispatch_namespace: customers, script: b, secrets: { TOKEN: { env: TOKEN_B } } }
workers:
  router:
    script: router
    dispatch_namespaces: [{ binding: NS, namespace: customers }]
    kv_namespaces: [{ binding: KV, ref: tenants }]
    routes: [{ pattern: "*.example.com/*", zone_name: example.com }]
`

// plan returns the first plan of a stack.
func plan(t testing.TB, text string) *planner.Plan {
	t.Helper()
	desired, list := stackfile.Parse("wfpsync.yaml", []byte(text))
	if len(list) > 0 {
		t.Fatal(list)
	}
	for _, code := range desired.Codes() {
		code.Complete("index.js", []spec.Module{{Name: "index.js", Type: spec.ESModule, Content: []byte(code.Inline)}})
	}
	p, err := planner.New(desired, spec.NewSnapshot(spec.Account{ID: "account"}), planner.Options{Mode: planner.Apply})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func secretOf(source spec.SecretSource) (spec.Secret, error) {
	return spec.NewSecret("value of " + source.Env), nil
}

func run(t testing.TB, target *target, p *planner.Plan, options applier.Options) (*applier.Result, []applier.Event) {
	t.Helper()
	if options.Secret == nil {
		options.Secret = secretOf
	}
	if options.After == nil {
		options.After = immediately
	}
	var events []applier.Event
	result, err := applier.Run(t.Context(), target, p, options, func(e applier.Event) { events = append(events, e) })
	if err != nil {
		t.Fatal(err)
	}
	return result, events
}

// immediately is a clock without waiting.
func immediately(time.Duration) <-chan time.Time {
	over := make(chan time.Time)
	close(over)
	return over
}

func TestRunFollowsTheGraph(t *testing.T) {
	account := &target{}
	result, _ := run(t, account, plan(t, stack), applier.Options{Concurrency: 4})
	if !result.Complete() || result.Applied != 6 {
		t.Errorf("result: %+v", result)
	}
	at := func(name string) int { return slices.Index(account.calls, "put "+name) }
	for _, order := range [][2]string{
		{"dispatch_namespace/customers", "user_worker/customers/a"},
		{"dispatch_namespace/customers", "user_worker/customers/b"},
		{"user_worker/customers/a", "worker/router"},
		{"user_worker/customers/b", "worker/router"},
		{"kv_namespace/tenants", "worker/router"},
		{"worker/router", "route/example.com/*.example.com/*"},
	} {
		if at(order[0]) < 0 || at(order[0]) > at(order[1]) {
			t.Errorf("%s was not before %s: %v", order[0], order[1], account.calls)
		}
	}
	router := account.writes["worker/router"].Resource.(*spec.Worker)
	if got := router.Bindings[0].Properties.Get("namespace_id"); got != "id of kv_namespace/tenants" {
		t.Errorf("the router's KV namespace is %v", got)
	}
	if got := account.writes["user_worker/customers/b"].Secrets["TOKEN"].Reveal(); got != "value of TOKEN_B" {
		t.Errorf("the secret is %q", got)
	}
}

func TestRunSkipsWhatDependsOnAFailure(t *testing.T) {
	account := &target{fail: map[string]error{"user_worker/customers/a": errors.New("refused")}}
	result, events := run(t, account, plan(t, stack), applier.Options{})
	var got []string
	for _, o := range result.Outcomes {
		got = append(got, fmt.Sprintf("%s %s %s %s", o.Address, o.Status, o.Error, o.Because))
	}
	want := []string{
		"dispatch_namespace/customers applied  /",
		"kv_namespace/tenants applied  /",
		"route/example.com/*.example.com/* skipped  user_worker/customers/a",
		"user_worker/customers/a failed refused /",
		"user_worker/customers/b applied  /",
		"worker/router skipped  user_worker/customers/a",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if result.Complete() || result.Applied != 3 || result.Failed != 1 || result.Skipped != 2 {
		t.Errorf("counts: %+v", result)
	}
	counts := map[string]int{}
	for _, e := range events {
		counts[fmt.Sprintf("%T", e)]++
	}
	if d := cmp.Diff(map[string]int{"applier.Started": 4, "applier.Succeeded": 3, "applier.Failed": 1, "applier.Skipped": 2, "applier.Unconfirmed": 1}, counts); d != "" {
		t.Errorf("events -want +got:\n%s", d)
	}
}

func TestRunHoldsItsConcurrency(t *testing.T) {
	text := "version: 1\nname: s\ndefaults: { compatibility_date: 2026-10-01, }\ndispatch_namespaces: { ns: {} }\nuser_workers:\n"
	for i := range 60 {
		text += fmt.Sprintf("  w%d: { dispatch_namespace: ns, script: x }\n", i)
	}
	account := &target{during: func(string) { time.Sleep(time.Millisecond) }}
	run(t, account, plan(t, text), applier.Options{Concurrency: 7})
	if account.peak != 7 {
		t.Errorf("at most %d changes were under way at once, want 7", account.peak)
	}
}

func TestStopDrains(t *testing.T) {
	stop := make(chan struct{})
	account := &target{during: func(a string) {
		if a == "dispatch_namespace/customers" {
			close(stop)
		}
	}}
	result, _ := run(t, account, plan(t, stack), applier.Options{Concurrency: 1, Stop: stop})
	if d := cmp.Diff([]string{"put dispatch_namespace/customers"}, account.calls); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if result.Applied != 1 || result.Failed != 0 || result.Skipped != 5 {
		t.Errorf("counts: %+v", result)
	}
}

func TestStopOn(t *testing.T) {
	refused := errors.New("refused")
	account := &target{fail: map[string]error{"dispatch_namespace/customers": refused}}
	result, _ := run(t, account, plan(t, stack), applier.Options{Concurrency: 1, StopOn: func(err error) bool { return err == refused }})
	if d := cmp.Diff([]string{"put dispatch_namespace/customers"}, account.calls); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if result.Failed != 1 || result.Skipped != 5 {
		t.Errorf("counts: %+v", result)
	}
	account = &target{fail: account.fail}
	result, _ = run(t, account, plan(t, stack), applier.Options{Concurrency: 1, StopOn: func(error) bool { return false }})
	if result.Applied != 1 || result.Failed != 1 || result.Skipped != 4 { // the KV namespace depends on nothing
		t.Errorf("counts: %+v", result)
	}
}

// A resource that is missing at the end did not succeed.
func TestRunConfirmsItsMarks(t *testing.T) {
	address := func(name string) spec.Address {
		return spec.Address{Kind: spec.KindUserWorker, Parent: "customers", Name: name}
	}
	router := spec.Address{Kind: spec.KindWorker, Name: "router"}
	live := func(mark *spec.Mark) *spec.Live { return &spec.Live{Revision: spec.Revision{Mark: mark}} }
	account := &target{snapshot: spec.NewSnapshot(spec.Account{})}
	account.snapshot.Resources[address("a")] = live(&spec.Mark{Code: "another program's"})
	account.snapshot.Resources[router] = live(nil)
	account.snapshot.Resources[router].TagsUnread = true
	result, events := run(t, account, plan(t, stack), applier.Options{})
	if result.Applied != 4 || result.Failed != 2 || events[len(events)-1] != (applier.Overwritten{Address: address("b"), Action: planner.Create, Err: applier.ErrDeleted}) {
		t.Errorf("%+v, then %+v", result, events[len(events)-1])
	}
	account.snapshot.Resources[router].TagsUnread = false // a Worker without a mark
	if result, _ := run(t, account, plan(t, stack), applier.Options{}); result.Applied != 3 || result.Failed != 3 {
		t.Errorf("%+v", result)
	}
	account = &target{snapshot: spec.NewSnapshot(spec.Account{})}
	for _, a := range []spec.Address{address("a"), address("b"), router} {
		account.snapshot.Resources[a] = live(&spec.Mark{Code: a.String()})
	}
	if result, _ := run(t, account, plan(t, stack), applier.Options{}); !result.Complete() {
		t.Errorf("%+v", result)
	}
	result, events = run(t, &target{}, plan(t, stack), applier.Options{})
	if _, reported := events[len(events)-1].(applier.Unconfirmed); !result.Complete() || !reported {
		t.Errorf("%+v, then %+v", result, events[len(events)-1])
	}
}

// A resource that exists at the end was not deleted.
func TestRunConfirmsItsDeletions(t *testing.T) {
	var p planner.Plan
	account := &target{snapshot: spec.NewSnapshot(spec.Account{})}
	for _, name := range []string{"a", "b"} {
		address := spec.Address{Kind: spec.KindUserWorker, Parent: "customers", Name: name}
		p.Changes = append(p.Changes, planner.Change{Address: address, Action: planner.Delete, Prior: &spec.Revision{}})
	}
	account.snapshot.Resources[p.Changes[1].Address] = &spec.Live{Revision: spec.Revision{ModifiedOn: time.Unix(60, 0)}}
	result, events := run(t, account, &p, applier.Options{})
	want := applier.Overwritten{Address: p.Changes[1].Address, Action: planner.Delete, Err: applier.ErrRecreated}
	if result.Applied != 1 || result.Failed != 1 || events[len(events)-1] != want {
		t.Errorf("%+v, then %+v", result, events[len(events)-1])
	}
}

func TestRunNeedsEverySecretBeforeItBegins(t *testing.T) {
	account := &target{}
	missing := func(spec.SecretSource) (spec.Secret, error) { return spec.Secret{}, errors.New("not set") }
	_, err := applier.Run(t.Context(), account, plan(t, stack), applier.Options{Secret: missing}, func(applier.Event) {})
	if err == nil || !strings.Contains(err.Error(), "user_worker/customers/b: secret TOKEN: not set") {
		t.Errorf("got %v", err)
	}
	if len(account.calls) > 0 {
		t.Errorf("the account was touched: %v", account.calls)
	}
}

func TestRunRefusesBlockedPlansAndOutlines(t *testing.T) {
	blocked := plan(t, stack)
	blocked.Changes[0].Blocked = &planner.Block{By: "test"}
	outline, err := planner.Encode(plan(t, stack).Outline())
	if err != nil {
		t.Fatal(err)
	}
	withoutCode, err := planner.Decode(outline)
	if err != nil {
		t.Fatal(err)
	}
	for want, p := range map[error]*planner.Plan{applier.ErrBlocked: blocked, planner.ErrNoCode: withoutCode} {
		account := &target{}
		_, err := applier.Run(t.Context(), account, p, applier.Options{Secret: secretOf}, func(applier.Event) {})
		if !errors.Is(err, want) || len(account.calls) > 0 {
			t.Errorf("got %v after %d calls, want %v", err, len(account.calls), want)
		}
	}
}

func TestCheckFindsWhatMoved(t *testing.T) {
	p := plan(t, stack)
	account := &target{snapshot: spec.NewSnapshot(spec.Account{})}
	moved, err := applier.FindStale(t.Context(), account, p)
	if err != nil || len(moved) > 0 {
		t.Fatalf("nothing moved: %v, %v", moved, err)
	}
	a := spec.Address{Kind: spec.KindUserWorker, Parent: "customers", Name: "a"}
	unrelated := spec.Address{Kind: spec.KindUserWorker, Parent: "customers", Name: "z"}
	account.snapshot.Resources[a] = &spec.Live{Revision: spec.Revision{ETag: "e"}}
	account.snapshot.Resources[unrelated] = &spec.Live{}
	moved, err = applier.FindStale(t.Context(), account, p)
	if err != nil || len(moved) != 1 || moved[0].Address != a || moved[0].Before != nil || moved[0].Now.ETag != "e" {
		t.Errorf("moved: %+v, %v", moved, err)
	}
}

// A template's Worker that was deleted holds nothing up and is not a failure.
func TestVanished(t *testing.T) {
	const gone = "user_worker/customers/a"
	p := plan(t, stack)
	result, events := run(t, &target{fail: map[string]error{gone: spec.ErrVanished}}, p, applier.Options{})
	if !result.Complete() || result.Vanished != 1 || result.Applied != len(p.Changes)-1 {
		t.Errorf("%+v", result)
	}
	reported := 0
	for _, e := range events {
		if v, ok := e.(applier.Vanished); ok && v.Address.String() == gone {
			reported++
		}
	}
	if reported != 1 {
		t.Errorf("reported %d times", reported)
	}
}
