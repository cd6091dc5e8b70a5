package planner

import (
	"fmt"
	"slices"

	"github.com/wfpsync/wfpsync/spec"
)

// This file has what routes, custom domains, cron triggers, subdomains and
// queue consumers have in common. They carry no mark: their Worker's owner owns
// them.

// attachedOps returns the operations of one such kind. listsAll reports whether
// the file lists all of a Worker's resources of the kind; nil for kinds that
// are not lists.
func attachedOps(kind spec.Kind, lists func(*spec.Worker) bool) kindOps {
	return kindOps{
		kind:    kind,
		compare: compareAttached,
		disposition: func(p *planning, a spec.Address, live *spec.Live) disposition {
			return attachedDisposition(p, a, live, lists)
		},
		removalBlock: attachedRemovalBlock,
	}
}

// attachedTo returns the address of the Worker that a live resource belongs to.
func attachedTo(live *spec.Live) spec.Address { return live.Resource.(spec.Attached).AttachedTo() }

func compareAttached(p *planning, desired spec.Resource, live *spec.Live) *Change {
	return attachedChange(p, desired, live, diff(live.Resource.Canonical(), desired.Canonical()))
}

// attachedChange plans a change of fields of an attached resource; nil if none
// differ.
func attachedChange(p *planning, desired spec.Resource, live *spec.Live, fields []FieldChange) *Change {
	if len(fields) == 0 {
		return nil
	}
	to := attachedTo(live)
	if p.ownsWorker(to) {
		return &Change{Action: Update, Reason: ReasonChanged, Fields: fields}
	}
	c := takeOver(fields)
	if !desired.Meta().Adopt {
		c.Action = Adopt
		c.Blocked = &Block{
			By:      blockedByOwnership,
			Message: fmt.Sprintf("it belongs to the Worker %q, which this stack does not manage", to.Name),
			Hint:    "add `adopt: true` to the Worker in this file to take it over, or remove it in the account",
		}
		if to.Name == "" {
			c.Blocked.Message = "it exists already and belongs to no Worker"
		}
	}
	return c
}

func attachedRemovalBlock(p *planning, _ spec.Address, live *spec.Live) *Block {
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

// ownsWorker reports whether a live Worker carries the stack's owner tag.
func (p *planning) ownsWorker(a spec.Address) bool {
	live := p.live.Resources[a]
	return live != nil && live.Revision.Owner == p.desired.Name
}

// attachedDisposition removes what the file does not have if its Worker is
// deleted, or if the file lists all of the Worker's resources of the kind.
func attachedDisposition(p *planning, a spec.Address, live *spec.Live, lists func(*spec.Worker) bool) disposition {
	to := attachedTo(live)
	if !p.ownsWorker(to) {
		return ignored
	}
	if !p.isDesired(to) {
		if scriptDisposition(p, to, p.live.Resources[to]) == removed {
			return removed
		}
		return ignored // it stays with its Worker
	}
	worker, _ := p.desired.Lookup(to)
	switch {
	case lists == nil && !p.desired.Declares(a.Collection()):
		return ignored
	case lists == nil || lists(worker.(*spec.Worker)):
		return removed
	}
	return unowned
}

// LeftoverCollections returns the collections to read in addition to the
// stack's scope, because they may hold what the file no longer has: those in
// zones that the file names elsewhere, and, if a Worker is deleted, those of
// its custom domains and queue consumers. The platform refuses to delete a
// Worker that consumes a queue, and the file may no longer mention queues.
// Routes are found with the Workers, and cron triggers are deleted with theirs.
func LeftoverCollections(desired *spec.Stack, live *spec.Snapshot, options Options) []spec.Collection {
	p := newPlanning(desired, live, options)
	leaving := false
	for a, l := range live.Resources {
		leaving = leaving || a.Kind == spec.KindWorker && !p.isDesired(a) && scriptDisposition(p, a, l) == removed
	}
	trailing := desired.OtherZoneCollections()
	if leaving {
		trailing = append(trailing, spec.Collection{Kind: spec.KindCustomDomain}, spec.Collection{Kind: spec.KindQueueConsumer})
	}
	return slices.DeleteFunc(trailing, live.Read)
}
