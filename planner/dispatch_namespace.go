package planner

import (
	"fmt"

	"github.com/wfpsync/wfpsync/spec"
)

// GuardNamespaceDelete must be acknowledged before a dispatch namespace or a KV
// namespace is deleted. Neither can be restored, and neither can carry an
// owner.
const GuardNamespaceDelete = "namespace-delete"

var dispatchNamespaceOps = kindOps{
	kind:         spec.KindDispatchNamespace,
	compare:      compareNamespaces,
	disposition:  dispatchNamespaceDisposition,
	removalBlock: dispatchNamespaceRemovalBlock,
	guard:        GuardNamespaceDelete,
}

// dispatchNamespaceDisposition never removes a namespace because it is absent
// from the file. Destroying a stack removes one that the file declares, but
// only if it holds nothing of others: the platform may delete the user Workers
// with it.
func dispatchNamespaceDisposition(p *planning, a spec.Address, live *spec.Live) disposition {
	_, declared := p.desired.Lookup(a)
	if p.options.Mode != Destroy || !declared {
		return ignored
	}
	if p.othersInside(a, live) > 0 {
		return unowned
	}
	return removed
}

// othersInside returns how many user Workers of a namespace this plan would not
// delete itself.
func (p *planning) othersInside(a spec.Address, live *spec.Live) int {
	ours, others := 0, 0
	for inside, script := range p.live.Resources {
		switch {
		case inside.Kind != spec.KindUserWorker || inside.Parent != a.Name:
		case scriptDisposition(p, inside, script) == removed && p.protection(inside, script) == nil:
			ours++
		default:
			others++
		}
	}
	return max(others, live.Revision.ScriptCount-ours) // the list may show fewer than there are
}

func dispatchNamespaceRemovalBlock(p *planning, a spec.Address, live *spec.Live) *Block {
	others := p.othersInside(a, live)
	if others == 0 {
		return nil
	}
	return &Block{
		By:      blockedByOwnership,
		Message: fmt.Sprintf("%d user Workers would be deleted with it that this stack may not delete", others),
		Hint:    "remove them first, or leave the namespace alone",
	}
}
