package planner

import (
	"fmt"

	"github.com/wfpsync/wfpsync/spec"
)

// Adoption is the plan to mark live Workers as the stack's, and to change
// nothing else of them. The Workers that [InspectAdoption] names must have been
// read, and the desired code must have been built. Where a Worker differs from
// the file, the mark says what is there, so that the next plan shows how.
func Adoption(desired *spec.Stack, live *spec.Snapshot, addresses []spec.Address, options Options) (*Plan, error) {
	p := newPlanning(desired, live, options)
	if err := p.checkInputs(); err != nil {
		return nil, err
	}
	for _, a := range addresses {
		if found := live.Resources[a]; found != nil {
			p.adopt(a, found)
		}
	}
	if err := p.order(); err != nil {
		return nil, err
	}
	return p.finish()
}

// InspectAdoption names the Workers that must be read whole to be adopted.
func InspectAdoption(desired *spec.Stack, live *spec.Snapshot, addresses []spec.Address) []spec.Address {
	var inspect []spec.Address
	for _, a := range addresses {
		if found := live.Resources[a]; found != nil && !isMarked(desired, found) {
			inspect = append(inspect, a)
		}
	}
	return inspect
}

// isMarked reports whether a live Worker needs no mark of this stack, or is not
// to get one.
func isMarked(desired *spec.Stack, live *spec.Live) bool {
	owner := live.Revision.Owner
	return owner != "" && (owner != desired.Name || live.Revision.Mark != nil)
}

// adopt plans to mark one live Worker.
func (p *planning) adopt(a spec.Address, live *spec.Live) {
	owner := live.Revision.Owner
	if owner == p.desired.Name && isMarked(p.desired, live) {
		p.unchanged++
		return
	}
	prior := live.Revision
	c := &Change{Address: a, Action: Adopt, Reason: ReasonUnmanaged, MarkOnly: true, Prior: &prior}
	r, declared := p.desired.Lookup(a)
	switch {
	case owner != "" && owner != p.desired.Name:
		c.MarkOnly = false
		c.Blocked = &Block{
			By:      blockedByOwnership,
			Message: fmt.Sprintf("it belongs to the stack %q", owner),
			Hint:    fmt.Sprintf("remove it from the stack %q first", owner),
		}
	case !declared:
		c.MarkOnly = false
		c.Blocked = &Block{
			By:      blockedByOwnership,
			Message: "the file does not declare it, so that the next apply would delete it",
			Hint:    "write it into the file first; `wfpsync import --user-workers own` does",
		}
	default:
		c.Desired = p.marked(r.(spec.Scripted), live)
	}
	p.plan(c)
}

// marked is what the mark is to vouch for: what the file says where that is what
// the account has, else what the account has.
func (p *planning) marked(desired spec.Scripted, live *spec.Live) spec.Resource {
	if len(p.fields(live, desired)) == 0 && !writesSecrets(desired) {
		return p.resolved(desired)
	}
	return desired.WithScript(*live.Resource.(spec.Scripted).AsScript())
}
