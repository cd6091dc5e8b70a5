package planner

import (
	"fmt"

	"github.com/wfpsync/wfpsync/spec"
)

// Adoption returns a plan that marks live Workers as the stack's and changes
// nothing else about them. The Workers that [InspectAdoption] names must have
// been read, and the desired code must have been built. If a Worker differs
// from the file, its mark describes what the account has, so that the next plan
// shows the difference.
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

// InspectAdoption returns the Workers that must be read whole before they can
// be adopted.
func InspectAdoption(desired *spec.Stack, live *spec.Snapshot, addresses []spec.Address) []spec.Address {
	var inspect []spec.Address
	for _, a := range addresses {
		if found := live.Resources[a]; found != nil && !needsNoMark(desired, found) {
			inspect = append(inspect, a)
		}
	}
	return inspect
}

// needsNoMark reports whether a live Worker has this stack's mark already, or
// belongs to another stack.
func needsNoMark(desired *spec.Stack, live *spec.Live) bool {
	owner := live.Revision.Owner
	return owner != "" && (owner != desired.Name || live.Revision.Mark != nil)
}

// adopt plans to mark one live Worker.
func (p *planning) adopt(a spec.Address, live *spec.Live) {
	owner := live.Revision.Owner
	if owner == p.desired.Name && needsNoMark(p.desired, live) {
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
			Hint:    "add it to the file first, for example with `wfpsync import --user-workers own`",
		}
	default:
		c.Desired = p.resourceToMark(r.(spec.Scripted), live)
	}
	p.addChange(c)
}

// resourceToMark returns what the mark describes: the desired resource if the
// account has exactly that, else what the account has.
func (p *planning) resourceToMark(desired spec.Scripted, live *spec.Live) spec.Resource {
	if len(p.fields(live, desired)) == 0 && !hasSecrets(desired) {
		return p.resolved(desired)
	}
	return desired.WithScript(*live.Resource.(spec.Scripted).AsScript())
}
