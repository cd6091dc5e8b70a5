// Package rollout reads the rollouts of a stack file, and decides which user Worker of
// a fleet is in which wave.
package rollout

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/complaint"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// Fleets are the fleets of a file that have a rollout.
type Fleets struct {
	*complaint.Collector
	byName map[string]*fleet
}

// New returns no fleets yet.
func New(c *complaint.Collector) *Fleets { return &Fleets{c, map[string]*fleet{}} }

// longestPause is how long a rollout may rest between two waves. A run that
// waits for longer had better be several; see --wave.
const longestPause = 24 * time.Hour

// rolloutFields are what a rollout says of its whole fleet.
var rolloutFields = [...]string{"waves", "pause", "max_failures", "on_failure"}

// rolloutTexts are the values of those fields as texts that can be compared.
type rolloutTexts [len(rolloutFields)]string

func textsOf(rollout *document.Value) rolloutTexts {
	var texts rolloutTexts
	for i, field := range rolloutFields {
		texts[i] = waveText(rollout.Get(field))
	}
	return texts
}

// waveText returns a value as text, in which a condition is one whether it is
// true or not.
func waveText(v *document.Value) string {
	switch {
	case v == nil:
		return ""
	case v.Kind == document.List:
		items := make([]string, len(v.Items))
		for i, item := range v.Items {
			items[i] = waveText(item)
		}
		return "[" + strings.Join(items, ", ") + "]"
	case v.Kind == document.Bool:
		return aCondition
	case v.Kind == document.Number:
		return fmt.Sprint(v.Number)
	default:
		return v.Text
	}
}

// Join makes a user Worker the next member of a fleet. The value is its `rollout`, and
// written the same with the expressions in it. It returns nil after a complaint.
func (f *Fleets) Join(name string, value, written *document.Value, probe *spec.Probe) *spec.RolloutMember {
	rules, good := f.readWaves(value.Get("waves"), written.Get("waves"))
	if !good {
		return nil
	}
	joined := f.byName[name]
	if joined == nil {
		joined = &fleet{rollout: f.newRollout(name, value), texts: textsOf(value), waves: rules, inOrder: f.checkWaveOrder(rules)}
		f.byName[name] = joined
	}
	if !f.checkSameRollout(joined, value) {
		return nil
	}
	m := member{membership: &spec.RolloutMember{Name: name, Probe: probe}}
	for i, item := range value.Get("waves").ItemsOrNil() {
		if item.IsTrue() {
			m.in |= 1 << i
		}
	}
	joined.members = append(joined.members, m)
	return m.membership
}

func (f *Fleets) newRollout(name string, value *document.Value) *spec.Rollout {
	r := &spec.Rollout{Name: name, OnFailure: spec.StopRollout, At: value.Range()}
	r.Pause = f.Duration(spec.RuleRollout, value.Get("pause"), 0, longestPause)
	switch limit := value.Get("max_failures"); {
	case limit == nil:
	case limit.Kind == document.Number:
		r.MaxFailures = spec.Limit{Count: int(limit.Number)}
	case limit.Kind == document.String:
		percent, ok := spec.ParseShare(limit.Text)
		if !ok {
			f.Report(spec.RuleRollout, limit.Range(), fmt.Sprintf("%q is not a limit of failures", limit.Text), "write a number, or a share of a wave from 0% to 100%")
		}
		r.MaxFailures = spec.Limit{Percent: percent}
	}
	if on := value.Get("on_failure").String(); on != "" {
		r.OnFailure = spec.OnFailure(on)
	}
	return r
}

// checkSameRollout holds a rollout against that of the fleet's first member.
func (f *Fleets) checkSameRollout(first *fleet, value *document.Value) bool {
	texts := textsOf(value)
	for i, field := range rolloutFields {
		if texts[i] == first.texts[i] {
			continue
		}
		at := value.Range()
		if given := value.Get(field); given != nil {
			at = given.Range()
		}
		f.Report(spec.RuleRolloutDiffers, at,
			fmt.Sprintf("`%s` is %s here, and %s for the first user Worker of the fleet %q", field, orNothing(texts[i]), orNothing(first.texts[i]), first.rollout.Name),
			"only conditions of `waves`, and `probe`, can differ within a fleet; give the entries fleets of their own with `fleet`, or make them the same",
			diag.Related{Range: first.rollout.At, Message: "the first one is here"})
		return false
	}
	return true
}

func orNothing(text string) string { return cmp.Or(text, "not given") }

// Duration reads a time, which the schema has looked at, within its bounds.
func (f *Fleets) Duration(rule string, value *document.Value, least, most time.Duration) time.Duration {
	if value.String() == "" {
		return 0
	}
	d, err := time.ParseDuration(value.Text)
	if err != nil || d < least || d > most {
		f.Report(rule, value.Range(), fmt.Sprintf("%q is out of range", value.Text), fmt.Sprintf("write %s to %s", least, most))
	}
	return d
}
