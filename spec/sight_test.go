package spec

import (
	"testing"
	"time"
)

// TestSightOf has every combination of what a look may show after a write, a creation
// and a deletion. Only what another writer has made later is foreign.
func TestSightOf(t *testing.T) {
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
		want      Sight
	}{
		"update, mine":                                        {mine, mine, updated, Mine},
		"update, mine, with a secret since":                   {moved(mine, 65), mine, updated, Mine},
		"update, the former":                                  {former, mine, updated, Former},
		"update, the former, in whole seconds":                {moved(former, 20), mine, []Revision{*moved(former, 20.4)}, Former},
		"update, the former, of which no time is shown":       {timeless(former), mine, updated, Former},
		"update, the former, and ours has no time":            {former, timeless(mine), updated, Former},
		"update, one before the former":                       {old, mine, updated, Former},
		"update, nothing":                                     {nil, mine, updated, Missing},
		"update, another mark":                                {marked(62, "other"), mine, updated, Foreign},
		"update, another mark within our second":              {marked(60.3, "other"), mine, updated, Foreign},
		"update, another mark before us in our second":        {marked(60, "other"), moved(mine, 60.5), updated, Foreign},
		"update, another mark, and no times":                  {timeless(marked(62, "other")), mine, updated, Foreign},
		"update, no mark":                                     {unmarked(62), mine, updated, Foreign},
		"update, no mark, before us":                          {unmarked(19), mine, updated, Former},
		"creation, mine":                                      {mine, mine, created, Mine},
		"creation, nothing":                                   {nil, mine, created, Missing},
		"creation, another mark":                              {marked(62, "other"), mine, created, Foreign},
		"creation, one that was deleted before":               {old, mine, created, Former},
		"adoption, mine":                                      {mine, mine, adopted, Mine},
		"adoption, the former":                                {unmarked(20), mine, adopted, Former},
		"adoption, the former, and ours has no time":          {unmarked(20), timeless(mine), adopted, Former},
		"adoption, a write without a mark since":              {unmarked(62), mine, adopted, Foreign},
		"adoption, such a write, and ours has no time":        {unmarked(62), timeless(mine), adopted, Foreign},
		"marked twice, mine":                                  {doubted, doubted, []Revision{*former, *mine}, Mine},
		"marked twice, the first":                             {mine, doubted, []Revision{*former, *mine}, Former},
		"marked twice, the first, and the second has no time": {mine, timeless(doubted), []Revision{*former, *mine}, Former},
		"marked twice, what was before both":                  {former, timeless(doubted), []Revision{*former, *mine}, Former},
		"deletion, nothing":                                   {nil, nil, updated, Mine},
		"deletion, the former":                                {former, nil, updated, Former},
		"deletion, the former, moved by what belongs to it":   {moved(former, 25), nil, updated, Former},
		"deletion, one before the former":                     {old, nil, updated, Former},
		"deletion, another mark":                              {marked(62, "other"), nil, updated, Foreign},
		"deletion, no mark":                                   {unmarked(62), nil, updated, Foreign},
		"deletion, and nothing is known of the former":        {unmarked(62), nil, []Revision{{}}, Foreign},
	} {
		if got := SightOf(test.now, test.left, test.before); got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
	}
}
