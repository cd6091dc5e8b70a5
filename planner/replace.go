package planner

import (
	"slices"

	"github.com/wfpsync/wfpsync/spec"
)

// Some things are decided when a resource is created. Where the file says
// something else by now, the resource is replaced: deleted with everything in
// it, which a guard asks about, and created anew. The location of an R2 bucket
// is not such a thing, although it is decided then: a bucket that is created
// anew under its name is where the first one was, so to replace it would lose
// the objects for nothing, and the plan only warns.
// Source: R2 documentation, "Data location", "Location hints".

// noteReplaced finds what has to be replaced, before anything is compared: what
// refers to it differs, too.
func (p *planning) noteReplaced() {
	for _, r := range p.wanted() {
		if len(forced(r, p.live.Resources[r.Address()])) > 0 {
			p.replaced[r.Address()] = true
		}
	}
}

// forced are the differences that let a live resource be replaced.
func forced(r spec.Resource, live *spec.Live) []FieldChange {
	replaces := columns[r.Address().Kind].replaces
	if replaces == nil || live == nil {
		return nil
	}
	fields := replaces(r, live)
	for i := range fields {
		fields[i].ForcesReplacement = true
	}
	return fields
}

// replacement is the change of a resource that has to be created anew; nil for
// any other.
func (p *planning) replacement(r spec.Resource, live *spec.Live) *Change {
	if !p.replaced[r.Address()] {
		return nil
	}
	fields := forced(r, live)
	return &Change{Action: Replace, Reason: ReasonChanged, Fields: fields, Blocked: p.protection(r.Address(), live)}
}

// id is the platform's identifier of a live resource, as far as it stays: that
// of one which is replaced is not known before there is a new one.
func (p *planning) id(a spec.Address) (string, bool) {
	if p.replaced[a] {
		return "", false
	}
	return p.live.ID(a)
}

// removes reports whether a change takes its resource away, for good or for a
// new one to take its place.
func (c *Change) removes() bool { return c.Action == Delete || c.Action == Replace }

// refersTo reports whether what a change writes refers to a resource.
func (c *Change) refersTo(a spec.Address) bool {
	return c.Desired != nil && slices.ContainsFunc(c.Desired.References(), func(ref spec.Reference) bool { return ref.To == a })
}

// keepDependents adds to the changes of a partial plan those that are needed
// because something is replaced that their resources refer to: left out, they
// would lead to what is deleted.
func (p *planning) keepDependents(g *graph, kept map[spec.Address]bool) {
	for _, a := range p.changed() {
		if !kept[a] || p.changes[a].Action != Replace {
			continue
		}
		for dependent, c := range p.changes {
			if !c.refersTo(a) {
				continue
			}
			kept[dependent] = true
			for _, needed := range g.needed(dependent) {
				kept[needed] = true
			}
		}
	}
}
