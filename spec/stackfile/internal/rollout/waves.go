package rollout

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// Who is in which wave follows from the whole fleet in the order of the file, and
// from nothing else: a run that goes on where an earlier one was stopped has the
// same waves, although their first ones need nothing any more.

// maxWaves is how many waves a rollout may have; see [member].
const maxWaves = 32

// fleet is a rollout that is being read.
type fleet struct {
	rollout *spec.Rollout
	texts   rolloutTexts
	waves   []waveRule
	inOrder bool // see checkWaveOrder
	members []member
}

// member is a user Worker of a fleet. What the conditions say of it is a bit for
// each wave.
type member struct {
	membership *spec.RolloutMember
	in         uint32
}

// waveRule says who is in a wave: all up to a number of the fleet, or those
// that a condition is true for.
type waveRule struct {
	text      string
	at        diag.Range
	upTo      spec.Limit
	condition bool
}

// reach returns how many of a fleet the waves up to this one cover.
// A canary of 5% is at least one.
func (w waveRule) reach(fleet int) int {
	if w.upTo.Percent != 0 {
		return int(math.Ceil(float64(fleet) * w.upTo.Percent / 100))
	}
	return w.upTo.Count
}

// assign gives each member the number of its wave, from 1, and returns how many
// members each wave has; the last number is of those whom no wave takes in.
func (f *fleet) assign() []int {
	counts := make([]int, len(f.waves)+1)
	taken := 0
	take := func(m member, wave int) {
		m.membership.Wave = wave + 1
		counts[wave]++
		taken++
	}
	for w, rule := range f.waves {
		reach := rule.reach(len(f.members))
		for _, m := range f.members {
			switch {
			case !rule.condition && taken >= reach:
			case m.membership.Wave == 0 && (!rule.condition || m.in&(1<<w) != 0):
				take(m, w)
			}
		}
	}
	for _, m := range f.members {
		if m.membership.Wave == 0 {
			take(m, len(f.waves))
		}
	}
	return counts
}

// Finish returns the rollouts of the file, sorted by name, and numbers the
// waves of their members. An empty wave does not count: the others are numbered
// without it.
func (f *Fleets) Finish() []*spec.Rollout {
	var rollouts []*spec.Rollout
	for _, name := range slices.Sorted(maps.Keys(f.byName)) {
		fleet := f.byName[name]
		counts := fleet.assign()
		number, taken := make([]int, len(counts)), 0
		for w, n := range counts {
			if n == 0 && w < len(fleet.waves) && !fleet.waves[w].isRounding(taken, len(fleet.members)) && fleet.inOrder {
				f.Warn(spec.RuleEmptyWave, fleet.waves[w].at, fmt.Sprintf("this wave covers none of the %d user Workers of the fleet %q", len(fleet.members), name), fleet.waves[w].emptyHint())
			}
			if taken += n; n == 0 {
				continue
			}
			wave := spec.Wave{Members: n}
			if w < len(fleet.waves) {
				wave.Of = fleet.waves[w].text
			}
			fleet.rollout.Waves = append(fleet.rollout.Waves, wave)
			number[w] = len(fleet.rollout.Waves)
		}
		for _, m := range fleet.members {
			m.membership.Wave = number[m.membership.Wave-1]
		}
		rollouts = append(rollouts, fleet.rollout)
	}
	return rollouts
}

// isRounding reports whether a wave is empty only because the fleet is small:
// no user Worker is left, or the share adds less than one.
func (w waveRule) isRounding(taken, fleet int) bool {
	return taken == fleet || !w.condition && w.reach(fleet) == taken
}

func (w waveRule) emptyHint() string {
	if w.condition {
		return "every user Worker that it matches is in an earlier wave already"
	}
	return "shares and numbers count from the beginning of the fleet, and an earlier wave already reaches this far"
}

// readWaves reads who is in which wave. What a condition of the file gives is
// true or false by now, and differs from one user Worker to the next.
func (f *Fleets) readWaves(value *document.Value, written *document.Value) ([]waveRule, bool) {
	items := value.ItemsOrNil()
	if value != nil && (len(items) == 0 || len(items) > maxWaves) {
		f.Report(spec.RuleWave, value.Range(), fmt.Sprintf("a rollout cannot have %d waves", len(items)), fmt.Sprintf("list 1 to %d waves, as in [5%%, 25%%, 100%%]", maxWaves))
		return nil, false
	}
	rules, good := make([]waveRule, len(items)), true
	for i, item := range items {
		rule, ok := f.readWave(item)
		if rule.condition {
			rule.text = conditionText(written.ItemsOrNil(), i)
		}
		rules[i], good = rule, good && ok
	}
	return rules, good
}

// conditionText returns a condition as the file has it, before it is true or
// false.
func conditionText(written []*document.Value, i int) string {
	if i < len(written) && written[i].HasTemplates() {
		return strings.TrimSpace(written[i].Text)
	}
	return aCondition
}

// aCondition stands for one whose text is not known.
const aCondition = "a condition"

func (f *Fleets) readWave(item *document.Value) (waveRule, bool) {
	rule := waveRule{text: item.Text, at: item.Range()}
	switch item.Kind {
	case document.Bool:
		rule.condition = true
		return rule, true
	case document.Number:
		rule.upTo = spec.Limit{Count: int(item.Number)}
		rule.text = strconv.Itoa(rule.upTo.Count)
		return rule, true
	case document.String:
		if percent, ok := spec.ParseShare(item.Text); ok && percent > 0 {
			rule.upTo = spec.Limit{Percent: percent}
			return rule, true
		}
		f.Report(spec.RuleWave, item.Range(), fmt.Sprintf("%q does not say which user Workers are in the wave", item.Text),
			"write a share of the fleet above 0% and up to 100%, a number of user Workers, or a condition that is true or false, as in ${customer.tier == 'free'}")
	}
	return rule, false // of null, what is wrong has been said
}

// checkWaveOrder refuses a share or number that an earlier wave has already
// reached, whatever the fleet, and reports whether there was none.
func (f *Fleets) checkWaveOrder(rules []waveRule) bool {
	var count, percent *waveRule
	for i := range rules {
		rule := &rules[i]
		earlier := &count
		if rule.upTo.Percent != 0 {
			earlier = &percent
		}
		switch {
		case percent != nil && percent.upTo.Percent == 100:
			f.Report(spec.RuleWaveOrder, rule.at, "this wave is empty: earlier waves already cover every user Worker", "100% covers every user Worker: put it last",
				diag.Related{Range: percent.at, Message: "100% is here"})
			return false
		case rule.condition:
			continue
		case *earlier != nil && (*earlier).upTo.Percent >= rule.upTo.Percent && (*earlier).upTo.Count >= rule.upTo.Count:
			f.Report(spec.RuleWaveOrder, rule.at, fmt.Sprintf("this wave adds no user Workers: an earlier one already covers %s of the fleet", (*earlier).text),
				"shares and numbers count from the beginning of the fleet, as in [5%, 25%, 100%]",
				diag.Related{Range: (*earlier).at, Message: "the earlier one is here"})
			return false
		}
		*earlier = rule
	}
	return true
}
