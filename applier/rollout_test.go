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
)

// fleetPlan updates a fleet of ten in waves of 1, 4 and 5, and one of them is
// created in the second wave, and deletes a former member.
func fleetPlan(change func(p *planner.Plan)) *planner.Plan {
	p := manyChanges(10)
	mark := &spec.Mark{Code: "former"}
	r := planner.Rollout{Name: "fleet", OnFailure: spec.StopRollout}
	for _, n := range []int{1, 4, 5} {
		r.Waves = append(r.Waves, planner.Wave{Wave: spec.Wave{Members: n}, Changes: n})
	}
	for i := range p.Changes {
		wave := 1
		switch {
		case i > 4:
			wave = 3
		case i > 0:
			wave = 2
		}
		c := &p.Changes[i]
		c.Rollout = &spec.RolloutMember{Name: "fleet", Wave: wave, Probe: &spec.Probe{URL: "https://" + c.Address.Name, Attempts: 1}}
		if i != 4 {
			c.Action, c.Prior = planner.Update, &spec.Revision{Mark: mark}
		}
		script := *c.Desired.(*spec.UserWorker)
		script.Bindings = []spec.Binding{{Name: "TOKEN", Type: spec.BindingSecret, Secret: &spec.SecretSource{Env: "T"}}}
		c.Desired = &script
	}
	gone := spec.Address{Kind: spec.KindUserWorker, Parent: "ns", Name: "gone"}
	p.Changes = append(p.Changes, planner.Change{Address: gone, Action: planner.Delete, Prior: &spec.Revision{Mark: mark}})
	r.Then = []spec.Address{gone}
	p.Rollouts = []planner.Rollout{r}
	if change != nil {
		change(p)
	}
	return p
}

// prober answers as a test says.
type prober struct {
	mu     sync.Mutex
	asked  []string
	broken []string // names that never answer
	late   int      // number of attempts that fail before the first answer
	during func(url string)
	secret string
}

func (p *prober) Probe(_ context.Context, probe *spec.Probe, secrets map[string]spec.Secret) error {
	name := strings.TrimPrefix(probe.URL, "https://")
	if p.during != nil {
		p.during(name)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	before := 0
	for _, asked := range p.asked {
		if asked == name {
			before++
		}
	}
	p.asked = append(p.asked, name)
	if s, ok := secrets["Token"]; ok {
		p.secret = s.Reveal()
	}
	if slices.Contains(p.broken, name) || before < p.late {
		return errors.New("status 500, and 200 is expected")
	}
	return nil
}

// happened returns events in words.
func happened(events []applier.Event) []string {
	var words []string
	for _, e := range events {
		switch e := e.(type) {
		case applier.WaveStarted:
			words = append(words, fmt.Sprintf("%s %d/%d of %d", e.Rollout, e.Wave, e.Waves, e.Changes))
		case applier.WaveFinished:
			words = append(words, fmt.Sprintf("done %d, %d failed", e.Wave, e.Failures))
		case applier.WaveFailed:
			words = append(words, fmt.Sprintf("failed %d: %d of at most %d", e.Wave, e.Failures, e.MaxFailures))
		case applier.Paused:
			words = append(words, fmt.Sprintf("rest %s before %d", e.For, e.Wave))
		case applier.RolledBack:
			words = append(words, fmt.Sprintf("back %s lost %v", e.Address.Name, e.Lost))
		case applier.RollbackFailed:
			words = append(words, fmt.Sprintf("stuck %s", e.Address.Name))
		case applier.ProbeFailed:
			words = append(words, fmt.Sprintf("probe %s %d/%d", e.Address.Name, e.Attempt, e.Limit))
		}
	}
	return words
}

func statuses(result *applier.Result) string {
	var words []string
	for _, o := range result.Outcomes {
		words = append(words, map[applier.Status]string{
			applier.StatusApplied: "+", applier.StatusFailed: "!", applier.StatusSkipped: "-", applier.StatusRolledBack: "<",
		}[o.Status])
	}
	return strings.Join(words, "")
}

// clock ends every pause at once, and records them.
type clock struct {
	mu     sync.Mutex
	rested []time.Duration
	hold   bool // no pause ever ends
}

func (c *clock) after(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rested = append(c.rested, d)
	over := make(chan time.Time, 1)
	if !c.hold {
		over <- time.Time{}
	}
	return over
}

func TestRolloutGoesWaveByWave(t *testing.T) {
	account, asked, times := &target{}, &prober{}, &clock{}
	p := fleetPlan(func(p *planner.Plan) { p.Rollouts[0].Pause = 30 * time.Second })
	result, events := run(t, account, p, applier.Options{Prober: asked, After: times.after})
	if !result.Complete() || result.Rollouts[0].Status != applier.RolloutComplete {
		t.Errorf("%+v", result)
	}
	want := []string{"fleet 1/3 of 1", "done 1, 0 failed", "rest 30s before 2", "fleet 2/3 of 4", "done 2, 0 failed", "rest 30s before 3", "fleet 3/3 of 5", "done 3, 0 failed"}
	if diff := cmp.Diff(want, happened(events)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	calls := strings.Join(account.calls, " ")
	at := func(name string) int { return strings.Index(calls, name) }
	if at("w000000") > at("w000001") || at("w000004") > at("w000005") || !strings.HasSuffix(calls, "delete user_worker/ns/gone") || len(asked.asked) != 10 {
		t.Error(calls)
	}
	if diff := cmp.Diff([]time.Duration{30 * time.Second, 30 * time.Second}, times.rested); diff != "" {
		t.Error(diff)
	}
}

func TestRolloutStopsInAFailedWave(t *testing.T) {
	for name, test := range map[string]struct {
		change func(p *planner.Plan)
		broken []string
		refuse []string
		want   string // of each change, the deleted one last
		words  []string
		status applier.RolloutStatus
		wave   int

		concurrency int
	}{
		"a probe": {
			broken: []string{"w000002"}, want: "++!++------", status: applier.RolloutStopped, wave: 2,
			words: []string{"fleet 1/3 of 1", "done 1, 0 failed", "fleet 2/3 of 4", "probe w000002 1/1", "failed 2: 1 of at most 0"},
		},
		"an upload": {
			refuse: []string{"w000000"}, want: "!----------", status: applier.RolloutStopped, wave: 1,
			words: []string{"fleet 1/3 of 1", "failed 1: 1 of at most 0"},
		},
		"few enough": {
			change: func(p *planner.Plan) { p.Rollouts[0].MaxFailures = spec.Limit{Percent: 25} },
			broken: []string{"w000002", "w000007"}, want: "++!++++!+++", status: applier.RolloutComplete, wave: 3,
			words: []string{"fleet 1/3 of 1", "done 1, 0 failed", "fleet 2/3 of 4", "probe w000002 1/1", "done 2, 1 failed", "fleet 3/3 of 5", "probe w000007 1/1", "done 3, 1 failed"},
		},
		"one too many": {
			change: func(p *planner.Plan) { p.Rollouts[0].MaxFailures = spec.Limit{Count: 1} },
			broken: []string{"w000006"}, refuse: []string{"w000008"}, want: "++++++!+!+-", status: applier.RolloutStopped, wave: 3,
			words: []string{"fleet 1/3 of 1", "done 1, 0 failed", "fleet 2/3 of 4", "done 2, 0 failed", "fleet 3/3 of 5", "probe w000006 1/1", "failed 3: 2 of at most 1"},
		},
		"what its wave needs": {
			change: func(p *planner.Plan) {
				store := &spec.KVNamespace{Title: "store"}
				p.Changes = append(p.Changes, planner.Change{Address: store.Address(), Action: planner.Create, Desired: store})
				p.Changes[1].DependsOn = []spec.Address{store.Address()}
			},
			refuse: []string{"store"}, want: "+----------!", status: applier.RolloutStopped, wave: 2, concurrency: 1,
			words: []string{"fleet 1/3 of 1", "done 1, 0 failed", "failed 2: 1 of at most 0"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			account := &target{fail: map[string]error{}}
			for _, name := range test.refuse {
				account.fail["user_worker/ns/"+name], account.fail["kv_namespace/"+name] = errors.New("refused"), errors.New("refused")
			}
			result, events := run(t, account, fleetPlan(test.change), applier.Options{Concurrency: test.concurrency, Prober: &prober{broken: test.broken}})
			if got := statuses(result); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			words := happened(events)
			if diff := cmp.Diff(test.words, words); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if ro := result.Rollouts[0]; ro.Status != test.status || ro.Wave != test.wave {
				t.Errorf("%+v", ro)
			}
			doubted := 0
			for _, call := range account.calls {
				if strings.HasPrefix(call, "doubt ") {
					doubted++
				}
			}
			if doubted != len(test.broken) {
				t.Errorf("%d marks say that a probe was not answered, want %d", doubted, len(test.broken))
			}
			for _, o := range result.Outcomes {
				if o.Status == applier.StatusSkipped && o.Rollout == "" && o.Because.IsZero() {
					t.Errorf("nothing says why this was skipped: %+v", o)
				}
			}
		})
	}
}

func TestRollback(t *testing.T) {
	p := fleetPlan(func(p *planner.Plan) { p.Rollouts[0].OnFailure = spec.RollBack })
	account := &target{fail: map[string]error{"user_worker/ns/w000003": errors.New("refused")}}
	result, events := run(t, account, p, applier.Options{Concurrency: 4, Prober: &prober{broken: []string{"w000002"}}})
	if got := statuses(result); got != "+<!!<------" || result.RolledBack != 2 || result.Complete() {
		t.Errorf("got %s: %+v", got, result)
	}
	if !strings.HasSuffix(result.Outcomes[2].Error, "; it was rolled back") || strings.Contains(result.Outcomes[3].Error, "rolled") {
		t.Errorf("%q, %q", result.Outcomes[2].Error, result.Outcomes[3].Error)
	}
	back := map[string]*spec.Live{}
	for _, r := range account.restored {
		back[r.Written.Address().Name] = r.Former
		if r.Revision.Mark == nil || r.Stack != "s" {
			t.Errorf("it is not known what was written: %+v", r)
		}
	}
	if len(back) != 3 || back["w000004"] != nil || back["w000001"] == nil || back["w000002"] == nil {
		t.Fatalf("restored: %v", back)
	}
	if ro := result.Rollouts[0]; ro.Status != applier.RolloutRolledBack || ro.Failures != 2 || ro.Wave != 2 {
		t.Errorf("%+v", ro)
	}
	bindings := back["w000001"].Resource.(*spec.UserWorker).Bindings
	want := []spec.Binding{{Name: "PLAN", Type: spec.BindingText}, {Name: "TOKEN", Type: spec.BindingInherit}}
	if diff := cmp.Diff(want, bindings); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if words := strings.Join(happened(events), "\n"); !strings.Contains(words, "back w000001 lost [GONE]") || !strings.Contains(words, "back w000004 lost []") {
		t.Error(words)
	}

	account = &target{stuck: true}
	result, _ = run(t, account, p, applier.Options{Prober: &prober{broken: []string{"w000002"}}})
	if got := statuses(result); got != "+!!!!------" || result.Rollouts[0].Status != applier.RolloutNotRolledBack || result.Outcomes[1].Error != "it could not be rolled back: stuck" {
		t.Errorf("got %s: %+v", got, result)
	}

	// What cannot be captured is not changed.
	account = &target{uncaptured: true, fail: map[string]error{"user_worker/ns/w000000": errors.New("unreadable")}}
	result, _ = run(t, account, p, applier.Options{Prober: &prober{}})
	if diff := cmp.Diff([]string{"capture user_worker/ns/w000000"}, account.calls); diff != "" || !strings.Contains(result.Outcomes[0].Error, "cannot be read for a rollback: unreadable") {
		t.Errorf("%s\n%+v", diff, result.Outcomes[0])
	}
}

func TestProbeIsRepeated(t *testing.T) {
	p := fleetPlan(func(p *planner.Plan) {
		p.Changes = p.Changes[:1]
		p.Rollouts[0].Then = nil
		probe := p.Changes[0].Rollout.Probe
		probe.Attempts, probe.Interval = 4, 2*time.Second
		probe.Headers = []spec.ProbeHeader{{Name: "Token", Secret: &spec.SecretSource{Env: "PROBE"}}}
	})
	asked, times := &prober{late: 2}, &clock{}
	result, events := run(t, &target{}, p, applier.Options{Prober: asked, After: times.after})
	if !result.Complete() || len(asked.asked) != 3 || asked.secret != "value of PROBE" {
		t.Errorf("%+v, asked %v with %q", result, asked.asked, asked.secret)
	}
	if diff := cmp.Diff([]time.Duration{2 * time.Second, 2 * time.Second}, times.rested); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"fleet 1/3 of 1", "probe w000000 1/4", "probe w000000 2/4", "done 1, 0 failed"}, happened(events)); diff != "" {
		t.Error(diff)
	}
	if _, err := applier.Run(t.Context(), &target{}, p, applier.Options{Secret: secretOf}, func(applier.Event) {}); !errors.Is(err, applier.ErrNoProber) {
		t.Errorf("without a prober: %v", err)
	}
	missing := func(spec.SecretSource) (spec.Secret, error) { return spec.Secret{}, errors.New("not set") }
	_, err := applier.Run(t.Context(), &target{}, p, applier.Options{Secret: missing, Prober: asked}, func(applier.Event) {})
	if err == nil || !strings.Contains(err.Error(), "w000000: header of the probe Token: not set") {
		t.Errorf("without the secret: %v", err)
	}
}

// A pause ends at once when the run is stopped.
func TestStopEndsAPause(t *testing.T) {
	stop := make(chan struct{})
	p := fleetPlan(func(p *planner.Plan) { p.Rollouts[0].Pause = time.Hour })
	result, err := applier.Run(t.Context(), &target{}, p, applier.Options{Secret: secretOf, Prober: &prober{}, Stop: stop}, func(e applier.Event) {
		if _, resting := e.(applier.Paused); resting {
			close(stop)
		}
	})
	if err != nil || statuses(result) != "+----------" || result.Rollouts[0].Status != applier.RolloutInterrupted || result.Rollouts[0].Wave != 1 {
		t.Errorf("%+v, %v", result, err)
	}
	for _, o := range result.Outcomes[1:] {
		if o.Rollout != "" {
			t.Errorf("%+v", o)
		}
	}
	// The same holds when the run's context ends.
	ctx, cancel := context.WithCancel(t.Context())
	result, err = applier.Run(ctx, &target{}, p, applier.Options{Secret: secretOf, Prober: &prober{}}, func(e applier.Event) {
		if _, resting := e.(applier.Paused); resting {
			cancel()
		}
	})
	if err != nil || statuses(result) != "+----------" {
		t.Errorf("%+v, %v", result, err)
	}
}

// Rolling back an upload that keeps unread bindings keeps them, too.
func TestRollbackOfACodeChange(t *testing.T) {
	p := fleetPlan(func(p *planner.Plan) {
		p.Rollouts[0].OnFailure = spec.RollBack
		for i := range p.Changes[:10] {
			p.Changes[i].Fields = []planner.FieldChange{{Path: "/code", Op: planner.FieldReplace}, {Path: "/bindings/TOKEN", Op: planner.FieldWrite, WriteReason: planner.SecretUploaded}}
		}
	})
	account := &target{}
	_, events := run(t, account, p, applier.Options{Concurrency: 1, Prober: &prober{broken: []string{"w000001"}}})
	if w := account.writes["user_worker/ns/w000001"]; !w.KeepBindings {
		t.Error("the upload does not keep bindings")
	}
	if len(account.restored) == 0 {
		t.Fatal("nothing was restored")
	}
	want := []spec.Binding{{Name: "GONE", Type: spec.BindingInherit}, {Name: "PLAN", Type: spec.BindingText}, {Name: "TOKEN", Type: spec.BindingInherit}}
	if diff := cmp.Diff(want, account.restored[0].Former.Resource.(*spec.UserWorker).Bindings); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if words := strings.Join(happened(events), "\n"); !strings.Contains(words, "back w000001 lost []") {
		t.Error(words)
	}
}

// Stopping the run does not make a wave fail: nothing is rolled back, and
// Workers that have not answered are marked.
func TestStopGivesUpProbes(t *testing.T) {
	stop := make(chan struct{})
	p := fleetPlan(func(p *planner.Plan) {
		p.Rollouts[0].OnFailure = spec.RollBack
		for _, c := range p.Changes[:10] {
			c.Rollout.Probe.Attempts, c.Rollout.Probe.Interval = 100, time.Hour
		}
	})
	account := &target{}
	var once sync.Once
	asked := &prober{broken: []string{"w000002"}, during: func(name string) {
		if name == "w000002" {
			once.Do(func() { close(stop) })
		}
	}}
	result, events := run(t, account, p, applier.Options{Concurrency: 1, Prober: asked, Stop: stop, After: time.After})
	if got := statuses(result); got != "++!--------" || len(account.restored) > 0 || result.Rollouts[0].Status != applier.RolloutInterrupted {
		t.Errorf("got %s: %+v", got, result)
	}
	if !strings.Contains(result.Outcomes[2].Error, "the run was stopped before it had answered its probe") || !slices.Contains(account.calls, "doubt user_worker/ns/w000002") {
		t.Errorf("%+v after %v", result.Outcomes[2], account.calls)
	}
	if words := happened(events); words[len(words)-1] != "probe w000002 1/100" {
		t.Error(words)
	}
}

// A Worker that is only probed again has nothing to roll back to.
func TestRollbackLeavesMarksAlone(t *testing.T) {
	p := fleetPlan(func(p *planner.Plan) {
		p.Rollouts[0].OnFailure = spec.RollBack
		p.Changes[0].MarkOnly, p.Changes[0].Reason = true, planner.ReasonUnproven
	})
	account := &target{}
	result, _ := run(t, account, p, applier.Options{Prober: &prober{broken: []string{"w000000"}}})
	if diff := cmp.Diff([]string{"put user_worker/ns/w000000", "doubt user_worker/ns/w000000"}, account.calls); diff != "" || statuses(result) != "!----------" {
		t.Errorf("%s: -want +got:\n%s", statuses(result), diff)
	}
	if result.Rollouts[0].Status != applier.RolloutStopped {
		t.Errorf("%+v", result.Rollouts[0])
	}
}
