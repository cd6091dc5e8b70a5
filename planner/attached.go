package planner

import (
	"fmt"
	"slices"

	"github.com/wfpsync/wfpsync/spec"
)

// What routes, custom domains, cron triggers, subdomains and queue consumers have
// in common: they carry no mark, and belong to whom their Worker belongs to.

// attachedColumn is a kind of them. lists says whether the file lists all of a
// Worker's; nil where it is not a list that they stand in.
func attachedColumn(kind spec.Kind, lists func(*spec.Worker) bool) column {
	return column{
		kind:    kind,
		compare: compareAttached,
		standing: func(p *planning, a spec.Address, live *spec.Live) standing {
			return attachedStanding(p, a, live, lists)
		},
		removable: attachedRemovable,
	}
}

// attachedTo is the Worker that a live resource belongs to.
func attachedTo(live *spec.Live) spec.Address { return live.Resource.(spec.Attached).AttachedTo() }

func compareAttached(p *planning, desired spec.Resource, live *spec.Live) *Change {
	return attachedChange(p, desired, live, diff(live.Resource.Canonical(), desired.Canonical()))
}

// attachedChange is the change of fields of what belongs to a Worker.
func attachedChange(p *planning, desired spec.Resource, live *spec.Live, fields []FieldChange) *Change {
	if len(fields) == 0 {
		return nil
	}
	to := attachedTo(live)
	if p.ownsWorker(to) {
		return &Change{Action: Update, Reason: ReasonChanged, Fields: fields}
	}
	c := taken(fields)
	if !desired.Meta().Adopt {
		c.Action = Adopt
		c.Blocked = &Block{
			By:      blockedByOwnership,
			Message: fmt.Sprintf("it belongs to the Worker %q, which this stack does not manage", to.Name),
			Hint:    "add `adopt: true` to the Worker in this file to take it over, or remove it in the account",
		}
		if to.Name == "" {
			c.Blocked.Message = "it is there already, for no Worker"
		}
	}
	return c
}

func attachedRemovable(p *planning, _ spec.Address, live *spec.Live) *Block {
	to := attachedTo(live)
	if p.ownsWorker(to) {
		return nil
	}
	return &Block{
		By:      blockedByOwnership,
		Message: fmt.Sprintf("it belongs to the Worker %q, which this stack does not manage", to.Name),
		Hint:    "remove it in the account",
	}
}

// ownsWorker reports whether a live Worker carries the stack's mark.
func (p *planning) ownsWorker(a spec.Address) bool {
	live := p.live.Resources[a]
	return live != nil && live.Revision.Owner == p.desired.Name
}

// What the file does not have goes when its Worker goes, or when the file lists
// all that the Worker has of its kind.
func attachedStanding(p *planning, a spec.Address, live *spec.Live, lists func(*spec.Worker) bool) standing {
	to := attachedTo(live)
	if !p.ownsWorker(to) {
		return notOurs
	}
	if !p.wants(to) {
		if scriptStanding(p, to, p.live.Resources[to]) == toRemove {
			return toRemove
		}
		return notOurs // it stays with its Worker
	}
	worker, _ := p.desired.Lookup(to)
	switch {
	case lists == nil && !p.desired.Declares(a.Collection()):
		return notOurs
	case lists == nil || lists(worker.(*spec.Worker)):
		return toRemove
	}
	return unowned
}

// Trailing names the collections that must be read besides the stack's scope: the
// zones that the file names otherwise, in which a record or a hostname that it no
// longer has may be left; and those of what goes with a Worker that goes. The
// platform does not delete a Worker that consumes a queue, and the file may say
// nothing of queues any more. Routes are found with the Workers themselves, and cron triggers go
// with theirs.
func LeftoverCollections(desired *spec.Stack, live *spec.Snapshot, options Options) []spec.Collection {
	p := newPlanning(desired, live, options)
	leaving := false
	for a, l := range live.Resources {
		leaving = leaving || a.Kind == spec.KindWorker && !p.wants(a) && scriptStanding(p, a, l) == toRemove
	}
	trailing := desired.OtherZoneCollections()
	if leaving {
		trailing = append(trailing, spec.Collection{Kind: spec.KindCustomDomain}, spec.Collection{Kind: spec.KindQueueConsumer})
	}
	return slices.DeleteFunc(trailing, live.Read)
}
