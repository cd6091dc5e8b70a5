package spec

import (
	"testing"
	"time"
)

// TestObserve has every combination of what an answer may show after a write, a
// creation and a deletion. Only a later write by another program is SawOther.
func TestObserve(t *testing.T) {
	at := func(seconds float64) time.Time {
		return time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC).Add(time.Duration(seconds * float64(time.Second)))
	}
	marked := func(seconds float64, code string) *Revision {
		mark := NewMark(code+"000000000000000", "settings000000", at(seconds))
		return &Revision{Owner: "s", ModifiedOn: at(seconds), Mark: &mark}
	}
	unmarked := func(seconds float64) *Revision { return &Revision{ModifiedOn: at(seconds)} }
	moved := func(r *Revision, seconds float64) *Revision {
		later := *r
		later.ModifiedOn = at(seconds)
		return &later
	}
	timeless := func(r *Revision) *Revision {
		without := *r
		without.ModifiedOn = time.Time{}
		return &without
	}

	old, former, mine, doubted := marked(10, "old"), marked(20, "former"), marked(60, "mine"), marked(61, "doubted")
	updated, created, adopted := []Revision{*former}, []Revision(nil), []Revision{*unmarked(20)}
	for name, test := range map[string]struct {
		now, left *Revision
		before    []Revision
		want      Observation
	}{
		"update, mine":                                        {mine, mine, updated, SawOurs},
		"update, mine, with a secret since":                   {moved(mine, 65), mine, updated, SawOurs},
		"update, the former":                                  {former, mine, updated, SawFormer},
		"update, the former, in whole seconds":                {moved(former, 20), mine, []Revision{*moved(former, 20.4)}, SawFormer},
		"update, the former, of which no time is shown":       {timeless(former), mine, updated, SawFormer},
		"update, the former, and ours has no time":            {former, timeless(mine), updated, SawFormer},
		"update, one before the former":                       {old, mine, updated, SawFormer},
		"update, nothing":                                     {nil, mine, updated, SawNothing},
		"update, another mark":                                {marked(62, "other"), mine, updated, SawOther},
		"update, another mark within our second":              {marked(60.3, "other"), mine, updated, SawOther},
		"update, another mark before us in our second":        {marked(60, "other"), moved(mine, 60.5), updated, SawOther},
		"update, another mark, and no times":                  {timeless(marked(62, "other")), mine, updated, SawOther},
		"update, no mark":                                     {unmarked(62), mine, updated, SawOther},
		"update, no mark, before us":                          {unmarked(19), mine, updated, SawFormer},
		"creation, mine":                                      {mine, mine, created, SawOurs},
		"creation, nothing":                                   {nil, mine, created, SawNothing},
		"creation, another mark":                              {marked(62, "other"), mine, created, SawOther},
		"creation, one that was deleted before":               {old, mine, created, SawFormer},
		"adoption, mine":                                      {mine, mine, adopted, SawOurs},
		"adoption, the former":                                {unmarked(20), mine, adopted, SawFormer},
		"adoption, the former, and ours has no time":          {unmarked(20), timeless(mine), adopted, SawFormer},
		"adoption, a write without a mark since":              {unmarked(62), mine, adopted, SawOther},
		"adoption, such a write, and ours has no time":        {unmarked(62), timeless(mine), adopted, SawOther},
		"marked twice, mine":                                  {doubted, doubted, []Revision{*former, *mine}, SawOurs},
		"marked twice, the first":                             {mine, doubted, []Revision{*former, *mine}, SawFormer},
		"marked twice, the first, and the second has no time": {mine, timeless(doubted), []Revision{*former, *mine}, SawFormer},
		"marked twice, what was before both":                  {former, timeless(doubted), []Revision{*former, *mine}, SawFormer},
		"deletion, nothing":                                   {nil, nil, updated, SawOurs},
		"deletion, the former":                                {former, nil, updated, SawFormer},
		"deletion, the former, moved by what belongs to it":   {moved(former, 25), nil, updated, SawFormer},
		"deletion, one before the former":                     {old, nil, updated, SawFormer},
		"deletion, another mark":                              {marked(62, "other"), nil, updated, SawOther},
		"deletion, no mark":                                   {unmarked(62), nil, updated, SawOther},
		"deletion, and nothing is known of the former":        {unmarked(62), nil, []Revision{{}}, SawOther},
	} {
		if got := Observe(test.now, test.left, test.before); got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
	}
}
