package planner_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

const head = "version: 1\nname: platform\ndefaults: { compatibility_date: 2026-10-01 }"

// empty is an account without resources, and the stack that was applied to it.
func empty() (*spec.Snapshot, *spec.Stack) {
	return spec.NewSnapshot(spec.Account{ID: "account"}), &spec.Stack{}
}

// rolledOut returns a stack with a fleet of ten, in waves of 1, 4 and 5.
func rolledOut(code, rollout, rest string) string {
	var items []string
	for i := range 10 {
		items = append(items, fmt.Sprintf("{ id: w%d }", i))
	}
	return fmt.Sprintf(head+`
dispatch_namespaces: { customers: {} }
lists: { l: { key: id, items: [%s] } }
user_workers:
  fleet: { dispatch_namespace: customers, for_each: { c: l }, script: %s, rollout: { waves: [1, 50%%], %s } }
%s`, strings.Join(items, ", "), code, rollout, rest)
}

// byWave returns the changes by wave; those without one are in wave 0.
func byWave(p *planner.Plan) map[int][]string {
	waves := map[int][]string{}
	for _, c := range p.Changes {
		wave := 0
		if c.Rollout != nil {
			wave = c.Rollout.Wave
		}
		waves[wave] = append(waves[wave], string(c.Action)+" "+c.Address.Name)
	}
	return waves
}

func TestRolloutOfWhatIsLeft(t *testing.T) {
	was := parse(t, rolledOut("one", "", ""))
	now := parse(t, rolledOut("two", "", ""))
	account := live(t, was)
	whole := planOn(t, account, was, now, planner.Options{})
	want := map[int][]string{
		1: {"update w0"},
		2: {"update w1", "update w2", "update w3", "update w4"},
		3: {"update w5", "update w6", "update w7", "update w8", "update w9"},
	}
	if diff := cmp.Diff(want, byWave(whole)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	// After the first waves, the remaining members keep their places.
	done := live(t, now)
	for _, name := range []string{"w0", "w1", "w2", "w3"} {
		a := spec.Address{Kind: spec.KindUserWorker, Parent: "customers", Name: name}
		account.Resources[a] = done.Resources[a]
	}
	rest := planOn(t, account, was, now, planner.Options{})
	want[2] = want[2][3:]
	delete(want, 1)
	if diff := cmp.Diff(want, byWave(rest)); diff != "" {
		t.Errorf("of what is left (-want +got):\n%s", diff)
	}
	changes := []int{rest.Rollouts[0].Waves[0].Changes, rest.Rollouts[0].Waves[1].Changes, rest.Rollouts[0].Waves[2].Changes}
	if diff := cmp.Diff([]int{0, 1, 5}, changes); diff != "" {
		t.Error(diff)
	}
	if whole.Digest == plan(t, was, now, planner.Options{IgnoreRollouts: true}).Digest {
		t.Error("the digest does not know the rollout")
	}
}

func TestRolloutSurvivesEncoding(t *testing.T) {
	probe := `pause: 10s, max_failures: 5%, on_failure: rollback, probe: { url: "https://${c.id}.example.com/", headers: { A: b, C: { env: D } }, expect: { status: [200, 204], body_contains: ok } }`
	p := plan(t, parse(t, rolledOut("one", "", "")), parse(t, rolledOut("two", probe, "")), planner.Options{})
	data, err := planner.Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	got, err := planner.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p.Rollouts, got.Rollouts); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for i, c := range got.Changes {
		if diff := cmp.Diff(p.Changes[i].Rollout, c.Rollout); diff != "" || c.Desired.Meta().Rollout != c.Rollout {
			t.Errorf("%s: -want +got:\n%s", c.Address, diff)
		}
	}
	edited := strings.Replace(string(data), `"on_failure": "rollback"`, `"on_failure": "stop"`, 1)
	if _, err := planner.Decode([]byte(edited)); !errors.As(err, new(*planner.Tampered)) {
		t.Errorf("an edited rollout was read: %v", err)
	}
}

func TestRolloutOrder(t *testing.T) {
	const router = `
workers:
  router: { script: r, dispatch_namespaces: [{ binding: C, namespace: customers }], routes: [{ pattern: "*.example.com/*", zone_name: example.com }] }`
	level := func(p *planner.Plan, name string) int {
		for _, c := range p.Changes {
			if c.Address.Name == name {
				return c.Level
			}
		}
		t.Fatalf("no change of %s", name)
		return 0
	}
	probe := `probe: { url: "https://${c.id}.example.com/" }`

	// Initially, the probes' dispatcher comes first.
	nothing, none := empty()
	first := planOn(t, nothing, none, parse(t, rolledOut("one", probe, router)), planner.Options{})
	got := []int{level(first, "customers"), level(first, "router"), level(first, "*.example.com/*"), level(first, "w0"), level(first, "w1"), level(first, "w9")}
	if diff := cmp.Diff([]int{0, 1, 2, 3, 4, 5}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}

	// Without a probe, or if it exists, the dispatcher comes last.
	for _, rollout := range []string{"", probe} {
		was := parse(t, rolledOut("one", rollout, router))
		account := live(t, was)
		if rollout == "" {
			account, was = empty()
		}
		p := planOn(t, account, was, parse(t, rolledOut("two", rollout, strings.Replace(router, "script: r", "script: r2", 1))), planner.Options{})
		if level(p, "router") <= level(p, "w9") || level(p, "w9") <= level(p, "w1") || level(p, "w1") <= level(p, "w0") {
			t.Errorf("router %d, waves %d, %d, %d", level(p, "router"), level(p, "w0"), level(p, "w1"), level(p, "w9"))
		}
	}
}

func TestRolloutDeletesLast(t *testing.T) {
	was := parse(t, rolledOut("one", "", "  other: { dispatch_namespace: customers, script: o }"))
	p := plan(t, was, parse(t, rolledOut("two", "", "")), planner.Options{})
	gone := spec.Address{Kind: spec.KindUserWorker, Parent: "customers", Name: "other"}
	if diff := cmp.Diff([]spec.Address{gone}, p.Rollouts[0].Then); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, c := range p.Changes {
		if c.Address == gone && (c.Level != 3 || c.Rollout != nil) {
			t.Errorf("%+v", c)
		}
	}
	destroyed := plan(t, was, parse(t, rolledOut("two", "", "")), planner.Options{Mode: planner.Destroy})
	if destroyed.Rollouts != nil {
		t.Errorf("a removal is rolled out: %+v", destroyed.Rollouts)
	}
}

// A user Worker that depends on one of a later wave is a cycle.
func TestRolloutInACircle(t *testing.T) {
	const text = head + `
dispatch_namespaces: { customers: {} }
user_workers:
  a: { dispatch_namespace: customers, script: a, rollout: { fleet: f, waves: [1, 100%] }, depends_on: [user_worker/customers/b] }
  b: { dispatch_namespace: customers, script: b, rollout: { fleet: f, waves: [1, 100%] } }
`
	nothing, _ := empty()
	_, err := planner.New(parse(t, text), nothing, planner.Options{Mode: planner.Apply})
	var cycle *planner.Cycle
	if !errors.As(err, &cycle) || !strings.Contains(err.Error(), "rollout/f/wave 1") {
		t.Errorf("got %v", err)
	}
}

func TestOneWave(t *testing.T) {
	was, now := parse(t, rolledOut("one", "", "")), parse(t, rolledOut("two", "", ""))
	p := plan(t, was, now, planner.Options{Wave: 2})
	if diff := cmp.Diff([]int{2}, slices.Collect(maps.Keys(byWave(p)))); diff != "" || len(p.Changes) != 4 || p.Partial.Wave != 2 || len(p.Partial.LeftOut) != 6 {
		t.Errorf("%+v\n%s", p.Partial, diff)
	}
	if len(p.Diagnostics) != 1 || p.Diagnostics[0].Rule != planner.RuleEarlierWave || !strings.HasSuffix(p.Diagnostics[0].Message, "left out of them: 1") {
		t.Errorf("%v", p.Diagnostics)
	}
	if p := plan(t, was, now, planner.Options{Wave: 1}); len(p.Diagnostics) > 0 || len(p.Changes) != 1 {
		t.Errorf("%v", p.Diagnostics)
	}
	p = plan(t, was, now, planner.Options{Wave: 3, Targets: []string{"*/w7"}})
	if diff := cmp.Diff(map[int][]string{3: {"update w7"}}, byWave(p)); diff != "" {
		t.Error(diff)
	}
	for wave, text := range map[int]string{4: rolledOut("two", "", ""), 1: head + "\ndispatch_namespaces: { customers: {} }"} {
		_, err := planner.New(parse(t, text), live(t, was), planner.Options{Mode: planner.Apply, Wave: wave})
		var unknown *planner.UnknownWave
		if !errors.As(err, &unknown) || unknown.Wave != wave || unknown.Hint() == "" {
			t.Errorf("%d: %v", wave, err)
		}
	}
}

// A Worker that has not answered its probe is planned again while it has one.
func TestUnproven(t *testing.T) {
	probe := `probe: { url: "https://${c.id}.example.com/" }`
	now := parse(t, rolledOut("one", probe, ""))
	account := live(t, now)
	a := spec.Address{Kind: spec.KindUserWorker, Parent: "customers", Name: "w3"}
	account.Resources[a].Revision.Mark.Unproven = true
	p := planOn(t, account, now, now, planner.Options{})
	if diff := cmp.Diff(map[int][]string{2: {"update w3"}}, byWave(p)); diff != "" || p.Changes[0].Reason != planner.ReasonUnproven || !p.Changes[0].MarkOnly {
		t.Errorf("%+v\n%s", p.Changes, diff)
	}
	if d := planner.NewDrift(p); len(d.Changes) > 0 || d.Pending != 1 {
		t.Errorf("it counts as drift: %+v", d)
	}
	for name, p := range map[string]*planner.Plan{
		"without a probe": planOn(t, account, now, parse(t, rolledOut("one", "", "")), planner.Options{}),
		"at once":         planOn(t, account, now, now, planner.Options{IgnoreRollouts: true}),
	} {
		if p.HasChanges() {
			t.Errorf("%s: %+v", name, p.Changes)
		}
	}
}

func TestWhatNoRollbackUndoes(t *testing.T) {
	const secret = `secrets: { A: { env: A }, B: { env: B } }`
	with := func(rollout, settings string) string {
		return strings.Replace(rolledOut("one", rollout, ""), "script: one", "script: one, "+settings, 1)
	}
	for name, test := range map[string]struct{ was, now, want string }{
		"a secret":     {with("", secret), with("on_failure: rollback", `secrets: { A: { env: A } }`), planner.RuleLostSecret},
		"to text":      {with("", secret), with("on_failure: rollback", `secrets: { A: { env: A } }, vars: { B: b }`), planner.RuleLostSecret},
		"a migration":  {with("", "tags: []"), with("on_failure: rollback", `migrations: [{ tag: v1, new_sqlite_classes: [Room] }]`), planner.RuleNoWayBack},
		"with stop":    {with("", secret), with("on_failure: stop", "tags: []"), ""},
		"another text": {with("", "vars: { A: a }"), with("on_failure: rollback", "tags: []"), ""},
	} {
		was := parse(t, test.was)
		p := plan(t, was, parse(t, test.now), planner.Options{Allow: []string{planner.GuardBindingRemoval}})
		var got []string
		for _, d := range p.Diagnostics {
			got = append(got, d.Rule)
		}
		var want []string
		if test.want != "" {
			want = []string{test.want}
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %v\n%s", name, p.Diagnostics, diff)
		}
	}
}
