package spec

import "time"

// Observation is what an answer shows of a script after it was written or
// deleted.
type Observation int

// The account is eventually consistent: a list, or even a GET, may lag behind a
// write that was accepted. So only SawOther proves that there is another
// writer.
const (
	// SawOther is a revision that another program has written after ours.
	SawOther Observation = iota

	// SawOurs is the revision that we have left.
	SawOurs

	// SawFormer is an earlier revision. A mark has the time of its upload in
	// it, so an earlier one never comes back: the answer is outdated, and the
	// read may be repeated.
	SawFormer

	// SawNothing means that the script is missing although we have written it.
	// Either the answer is outdated, or another program has deleted the script;
	// further reads tell.
	SawNothing
)

// RereadPauses are the pauses before each repeated read.
var RereadPauses = []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 15 * time.Second}

// Observe evaluates an answer: now is the revision that it shows, left the one
// that we have left, and before are the earlier ones that we know of. A nil
// revision means that there is no script.
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

// isOlderThan reports whether a revision was written before a time, on the
// server's clock. Not every answer of the API has fractions of a second.
func (r Revision) isOlderThan(t time.Time) bool {
	return !r.ModifiedOn.IsZero() && !t.IsZero() && r.ModifiedOn.Truncate(time.Second).Before(t.Truncate(time.Second))
}

// precedes reports whether an answer shows this earlier revision, or, after a
// deletion, an even older one.
func (r Revision) precedes(now *Revision, deleted bool) bool {
	switch {
	case r.Mark != nil && now.Mark != nil && *r.Mark == *now.Mark:
		return true
	case r.Mark == nil && now.Mark == nil && r.Owner == now.Owner && r.Template == now.Template && !r.ModifiedOn.IsZero() && r.ModifiedOn.Equal(now.ModifiedOn):
		return true
	}
	return deleted && now.isOlderThan(r.ModifiedOn)
}
