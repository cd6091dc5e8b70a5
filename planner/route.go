package planner

import (
	"fmt"

	"github.com/wfpsync/wfpsync/spec"
)

var routeColumn = column{
	compare:   compareRoutes,
	standing:  routeStanding,
	removable: routeRemovable,
}

// A route carries no mark: it belongs to whom its Worker belongs to.
func routeWorker(live *spec.Live) spec.Address {
	route, _ := live.Resource.(*spec.Route)
	return spec.Address{Kind: spec.KindWorker, Name: route.Worker}
}

func compareRoutes(p *planning, desired spec.Resource, live *spec.Live) *Change {
	fields := diff(live.Resource.Canonical(), desired.Canonical())
	if len(fields) == 0 {
		return nil
	}
	if p.ownsWorker(routeWorker(live)) {
		return &Change{Action: Update, Reason: ReasonChanged, Fields: fields}
	}
	c := &Change{Action: Adopt, Reason: ReasonUnmanaged, Fields: fields}
	if !desired.Meta().Adopt {
		c.Blocked = &Block{
			By:      blockedByOwnership,
			Message: fmt.Sprintf("it sends requests to %s, which this stack does not manage", describeWorker(live)),
			Hint:    "add `adopt: true` to the Worker to take the route over, or remove the route in the account",
		}
	}
	return c
}

func describeWorker(live *spec.Live) string {
	if a := routeWorker(live); a.Name != "" {
		return fmt.Sprintf("the Worker %q", a.Name)
	}
	return "no Worker"
}

func routeRemovable(p *planning, _ spec.Address, live *spec.Live) *Block {
	if p.ownsWorker(routeWorker(live)) {
		return nil
	}
	return &Block{
		By:      blockedByOwnership,
		Message: fmt.Sprintf("it sends requests to %s, which this stack does not manage", describeWorker(live)),
		Hint:    "remove it in the account",
	}
}

// ownsWorker reports whether a live Worker carries the stack's mark.
func (p *planning) ownsWorker(a spec.Address) bool {
	live := p.live.Resources[a]
	return live != nil && live.Revision.Owner == p.desired.Name
}

// A route that the file does not have goes when its Worker goes, or when the
// file lists that Worker's routes.
func routeStanding(p *planning, _ spec.Address, live *spec.Live) standing {
	a := routeWorker(live)
	if !p.ownsWorker(a) {
		return notOurs
	}
	if !p.wants(a) {
		if scriptStanding(p, a, p.live.Resources[a]) == toRemove {
			return toRemove
		}
		return notOurs // it stays with its Worker
	}
	if worker, ok := p.desired.Lookup(a); ok && worker.(*spec.Worker).OwnsRoutes {
		return toRemove
	}
	return unowned
}
