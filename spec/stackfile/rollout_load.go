package stackfile

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

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

// waveText is a value as a text, in which a condition is one whether it is true
// or not.
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

// loadRollout reads the `rollout` of an entry, and makes its user Worker the next
// member of the fleet.
func (l *loader) loadRollout(e entry) *spec.Turn {
	value := e.value.Get("rollout")
	if value == nil || value.Kind != document.Map {
		return nil
	}
	written := e.member.Value.Get("rollout")
	name := fleetName(e)
	rules, good := l.readWaves(value.Get("waves"), written.Get("waves"))
	turn := &spec.Turn{Rollout: name, Probe: l.loadProbe(value.Get("probe"))}
	if !good {
		return nil
	}
	f := l.fleets[name]
	if f == nil {
		f = &fleet{rollout: l.newRollout(name, value), texts: textsOf(value), waves: rules, inOrder: l.checkWaveOrder(rules)}
		l.fleets[name] = f
	}
	if !l.checkSameRollout(f, value) {
		return nil
	}
	m := member{turn: turn}
	for i, item := range value.Get("waves").ItemsOrNil() {
		if item.IsTrue() {
			m.in |= 1 << i
		}
	}
	f.members = append(f.members, m)
	return turn
}

// fleetName is the name of an entry's fleet.
func fleetName(e entry) string {
	return cmp.Or(e.value.Get("rollout").Get("fleet").String(), e.member.Key)
}

func (l *loader) newRollout(name string, value *document.Value) *spec.Rollout {
	r := &spec.Rollout{Name: name, OnFailure: spec.StopRollout, At: value.Range()}
	r.Pause = l.duration(spec.RuleRollout, value.Get("pause"), 0, longestPause)
	switch limit := value.Get("max_failures"); {
	case limit == nil:
	case limit.Kind == document.Number:
		r.MaxFailures = spec.Limit{Count: int(limit.Number)}
	case limit.Kind == document.String:
		percent, ok := spec.ParseShare(limit.Text)
		if !ok {
			l.report(spec.RuleRollout, limit.Range(), fmt.Sprintf("%q is no limit of failures", limit.Text), "write a number, or a share of a wave from 0% to 100%")
		}
		r.MaxFailures = spec.Limit{Percent: percent}
	}
	if on := value.Get("on_failure").String(); on != "" {
		r.OnFailure = spec.OnFailure(on)
	}
	return r
}

// checkSameRollout holds a rollout against that of the fleet's first member.
func (l *loader) checkSameRollout(f *fleet, value *document.Value) bool {
	texts := textsOf(value)
	for i, field := range rolloutFields {
		if texts[i] == f.texts[i] {
			continue
		}
		at := value.Range()
		if given := value.Get(field); given != nil {
			at = given.Range()
		}
		l.report(spec.RuleRolloutDiffers, at,
			fmt.Sprintf("`%s` is %s here, and %s for the first user Worker of the fleet %q", field, orNothing(texts[i]), orNothing(f.texts[i]), f.rollout.Name),
			"only conditions of `waves`, and `probe`, can differ within a fleet; give the entries fleets of their own with `fleet`, or make them the same",
			diag.Related{Range: f.rollout.At, Message: "the first one is here"})
		return false
	}
	return true
}

func orNothing(text string) string { return cmp.Or(text, "not given") }

// duration reads a time, which the schema has looked at, within its bounds.
func (l *loader) duration(rule string, value *document.Value, least, most time.Duration) time.Duration {
	if value.String() == "" {
		return 0
	}
	d, err := time.ParseDuration(value.Text)
	if err != nil || d < least || d > most {
		l.report(rule, value.Range(), fmt.Sprintf("%q is out of bounds", value.Text), fmt.Sprintf("it can be %s to %s", least, most))
	}
	return d
}
