package spec

import "time"

// A Sight is what a look at a script shows after it was written, or deleted.
type Observation int

// What a look shows. The account is eventually consistent: a list, or even a GET, may
// lag behind a write that was answered. So only Foreign tells of another writer.
const (
	// Foreign is a revision that another writer has made after ours.
	SawOther Observation = iota

	// Mine is what we have left.
	SawOurs

	// Former is what was there before. It is back nowhere, since a mark has the time of
	// its upload in it: the look is old, and may be repeated.
	SawFormer

	// Missing is nothing, where we have left something. Either the look is older than
	// the script, or another writer has deleted it: only looks that go on tell.
	SawNothing
)

// SightPauses are how long the account has to show a write before it is looked at again.
var RereadPauses = []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 15 * time.Second}

// SightOf says what a look shows, nil for nothing, of a script that we have left as a
// revision, nil for deleted, and that was others before, as far as we know them.
func Observe(now, left *Revision, before []Revision) Observation {
	switch {
	case now == nil && left == nil:
		return SawOurs
	case now == nil:
		return SawNothing
	case left != nil && left.Mark != nil && now.Mark != nil && *now.Mark == *left.Mark && now.Owner == left.Owner && now.Template == left.Template:
		return SawOurs
	case left != nil && now.isOlderThan(left.ModifiedOn):
		return SawFormer
	}
	for _, b := range before {
		if b.precedes(now, left == nil) {
			return SawFormer
		}
	}
	return SawOther
}

// isOlderThan reports whether a revision was written before a time, on the server's
// clock. Not every answer of the API has fractions of a second.
func (r Revision) isOlderThan(t time.Time) bool {
	return !r.ModifiedOn.IsZero() && !t.IsZero() && r.ModifiedOn.Truncate(time.Second).Before(t.Truncate(time.Second))
}

// precedes reports whether what a look shows is a former revision, or one before it
// if it was the last one before a deletion.
func (r Revision) precedes(now *Revision, deleted bool) bool {
	switch {
	case r.Mark != nil && now.Mark != nil && *r.Mark == *now.Mark:
		return true
	case r.Mark == nil && now.Mark == nil && r.Owner == now.Owner && r.Template == now.Template && !r.ModifiedOn.IsZero() && r.ModifiedOn.Equal(now.ModifiedOn):
		return true
	}
	return deleted && now.isOlderThan(r.ModifiedOn)
}
