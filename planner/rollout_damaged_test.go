package planner

import (
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/spec"
)

// A plan with correct digests is still refused if its rollouts make no sense.
func TestReadRefusesUnknownWaves(t *testing.T) {
	a := spec.Address{Kind: spec.KindUserWorker, Parent: "ns", Name: "w"}
	change := Change{Address: a, Action: Create, Rollout: &spec.RolloutMember{Name: "fleet", Wave: 2}}
	one := Rollout{Name: "fleet", Waves: make([]Wave, 1), OnFailure: spec.StopRollout}
	then := Rollout{Name: "fleet", Waves: make([]Wave, 2), OnFailure: spec.StopRollout, Then: []spec.Address{{Kind: spec.KindUserWorker, Parent: "ns", Name: "gone"}}}
	for want, rollouts := range map[string][]Rollout{
		"user_worker/ns/w is in a wave that does not exist":                               nil,
		"/w is in a wave that does not exist":                                             {one},
		"user_worker/ns/gone is to come after the rollout \"fleet\", and is not a change": {then},
	} {
		p := &Plan{FormatVersion: FormatVersion, Mode: Apply, Changes: []Change{change}, Rollouts: rollouts}
		if err := p.seal(); err != nil {
			t.Fatal(err)
		}
		data, err := Encode(p)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Decode(data); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
