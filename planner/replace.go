package planner

import (
	"slices"

	"github.com/wfpsync/wfpsync/spec"
)

// Some settings are fixed when a resource is created. If the file now says
// something else, the resource is replaced: it is deleted with everything in
// it, which a guard asks about, and created again. The location of an R2 bucket
// is fixed, too, but is not replaced: a bucket that is created again under its
// name stays where the first one was. Replacing it would lose the objects for
// nothing, so the plan only warns. Source: R2 documentation, "Data location",
// "Location hints".

// noteReplaced finds what has to be replaced. It runs before anything is
// compared, because resources that refer to a replaced one differ, too.
func (p *planning) noteReplaced() {
	for _, r := range p.desiredResources() {
		if len(replacingFields(r, p.live.Resources[r.Address()])) > 0 {
			p.replaced[r.Address()] = true
		}
	}
}

// replacingFields returns the differences for which a live resource has to be
// replaced.
func replacingFields(r spec.Resource, live *spec.Live) []FieldChange {
	replaces := ops[r.Address().Kind].replaces
	if replaces == nil || live == nil {
		return nil
	}
	fields := replaces(r, live)
	for i := range fields {
		fields[i].ForcesReplacement = true
	}
	return fields
}

// replacement returns the change of a resource that has to be replaced; nil for
// any other.
func (p *planning) replacement(r spec.Resource, live *spec.Live) *Change {
	if !p.replaced[r.Address()] {
		return nil
	}
	fields := replacingFields(r, live)
	return &Change{Action: Replace, Reason: ReasonChanged, Fields: fields, Blocked: p.protection(r.Address(), live)}
}

// id returns the platform's identifier of a live resource. A replaced one has
// none until it is created again.
func (p *planning) id(a spec.Address) (string, bool) {
	if p.replaced[a] {
		return "", false
	}
	return p.live.ID(a)
}

// removes reports whether a change deletes its resource, including to replace
// it.
func (c *Change) removes() bool { return c.Action == Delete || c.Action == Replace }

// refersTo reports whether the resource that a change writes refers to another
// one.
func (c *Change) refersTo(a spec.Address) bool {
	return c.Desired != nil && slices.ContainsFunc(c.Desired.References(), func(ref spec.Reference) bool { return ref.To == a })
}

// keepDependents adds to a partial plan the changes of resources that refer to
// a replaced one. Without them, those resources would refer to something that
// is deleted.
func (p *planning) keepDependents(g *graph, kept map[spec.Address]bool) {
	for _, a := range p.changedAddresses() {
		if !kept[a] || p.changes[a].Action != Replace {
			continue
		}
		for dependent, c := range p.changes {
			if !c.refersTo(a) {
				continue
			}
			kept[dependent] = true
			for _, needed := range g.prerequisites(dependent) {
				kept[needed] = true
			}
		}
	}
}
