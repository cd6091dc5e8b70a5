package stackfile_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile"
)

// wavesOf returns the names in each wave of the only rollout of a stack.
func wavesOf(t *testing.T, stack *spec.Stack) []string {
	t.Helper()
	waves := make([]string, len(stack.Rollouts[0].Waves))
	for _, r := range stack.Resources {
		if membership := r.Meta().Rollout; membership != nil {
			waves[membership.Wave-1] = strings.TrimSpace(waves[membership.Wave-1] + " " + r.Address().Name)
		}
	}
	return waves
}

// fleetOf returns a stack with a fleet of the given size; every third is free.
func fleetOf(t testing.TB, size int, waves string) *spec.Stack {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "version: 1\nname: s\ndefaults: { compatibility_date: 2026-10-01 }\ndispatch_namespaces: { ns: {} }\nuser_workers:\n  w: { dispatch_namespace: ns, script: x, for_each: { c: l }, rollout: { waves: %s } }\nlists:\n  l:\n    key: id\n    items:\n", waves)
	step := 7 // the order of the list is not that of the names
	if size%step == 0 {
		step = 11
	}
	for i := range size {
		fmt.Fprintf(&b, "      - { id: w%03d, tier: %s }\n", (i*step)%size, []string{"free", "pro", "team"}[i%3])
	}
	stack, list := stackfile.Parse("wfpsync.yaml", []byte(b.String()))
	if list.HasErrors() {
		t.Fatal(list)
	}
	return stack
}

func TestWaves(t *testing.T) {
	for waves, want := range map[string][]string{
		`[1]`:                                   {"w000", "w001 w002 w003 w004 w005 w006 w007 w008 w009"},
		`[5%]`:                                  {"w000", "w001 w002 w003 w004 w005 w006 w007 w008 w009"},
		`[1, 30%, 100%]`:                        {"w000", "w004 w007", "w001 w002 w003 w005 w006 w008 w009"},
		`["${c.tier == 'free'}"]`:               {"w000 w001 w002 w003", "w004 w005 w006 w007 w008 w009"},
		`[1, "${c.tier == 'free'}", 70%, 100%]`: {"w000", "w001 w002 w003", "w004 w007 w008", "w005 w006 w009"},
		`[100%]`:                                {"w000 w001 w002 w003 w004 w005 w006 w007 w008 w009"},
		`[500]`:                                 {"w000 w001 w002 w003 w004 w005 w006 w007 w008 w009"},
	} {
		if diff := cmp.Diff(want, wavesOf(t, fleetOf(t, 10, waves))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", waves, diff)
		}
	}
}

// TestWavesTakeInEverybodyOnce: whatever the waves, each user Worker is in one of
// them, none is empty, the counts are right, and nothing but the file decides.
func TestWavesTakeInEverybodyOnce(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		size := 1 + random.IntN(40)
		var waves []string
		percent, count := 0, 0
		for range 1 + random.IntN(5) {
			switch random.IntN(3) {
			case 0:
				if percent += 1 + random.IntN(30); percent < 100 {
					waves = append(waves, fmt.Sprintf("%d%%", percent))
				}
			case 1:
				count += 1 + random.IntN(10)
				waves = append(waves, fmt.Sprint(count))
			default:
				waves = append(waves, fmt.Sprintf(`"${c.tier == '%s'}"`, []string{"free", "pro", "gone"}[random.IntN(3)]))
			}
		}
		if len(waves) == 0 {
			continue
		}
		text := "[" + strings.Join(waves, ", ") + "]"
		stack := fleetOf(t, size, text)
		counts := map[int]int{}
		for _, r := range stack.Resources {
			if membership := r.Meta().Rollout; membership != nil {
				counts[membership.Wave]++
			}
		}
		members := 0
		for i, wave := range stack.Rollouts[0].Waves {
			members += wave.Members
			if wave.Members == 0 || counts[i+1] != wave.Members {
				t.Fatalf("%s of %d: wave %d says %d and has %d", text, size, i+1, wave.Members, counts[i+1])
			}
		}
		if members != size || len(counts) != len(stack.Rollouts[0].Waves) {
			t.Fatalf("%s of %d: the waves have %d members: %v", text, size, members, counts)
		}
		if diff := cmp.Diff(wavesOf(t, stack), wavesOf(t, fleetOf(t, size, text))); diff != "" {
			t.Fatalf("%s of %d: not the same again:\n%s", text, size, diff)
		}
	}
}

// TestFleetOfSeveralEntries: entries that name a fleet are rolled out together, in
// the order of the file.
func TestFleetOfSeveralEntries(t *testing.T) {
	const text = `
version: 1
name: s
defaults: { compatibility_date: 2026-10-01 }
dispatch_namespaces: { ns: {} }
user_workers:
  z: { dispatch_namespace: ns, script: x, rollout: { fleet: all, waves: [1, 100%] } }
  a: { dispatch_namespace: ns, script: x, rollout: { fleet: all, waves: [1, 100%] } }
  b: { dispatch_namespace: ns, script: x, rollout: { fleet: all, waves: [1, 100%] } }
`
	stack, list := stackfile.Parse("wfpsync.yaml", []byte(text))
	if len(list) > 0 {
		t.Fatal(list)
	}
	if diff := cmp.Diff([]string{"z", "a b"}, wavesOf(t, stack)); diff != "" || len(stack.Rollouts) != 1 {
		t.Error(diff)
	}
}

func TestLimitAsText(t *testing.T) {
	for _, limit := range []spec.Limit{{}, {Count: 3}, {Percent: 2.5}} {
		text, err := limit.MarshalText()
		var got spec.Limit
		if err != nil || got.UnmarshalText(text) != nil || got != limit {
			t.Errorf("%v became %q and %v", limit, text, got)
		}
	}
	for _, text := range []string{"", "-1", "101%", "NaN%", "x", "1e9%"} {
		if err := new(spec.Limit).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is a limit", text)
		}
	}
}
