package planner

import (
	"fmt"

	"github.com/wfpsync/wfpsync/spec"
)

// GuardNamespaceDelete must be acknowledged before a dispatch namespace or a KV
// namespace is deleted: neither comes back, and neither can carry a mark that
// says whose it is.
const GuardNamespaceDelete = "namespace-delete"

var dispatchNamespaceColumn = column{
	kind:      spec.KindDispatchNamespace,
	compare:   compareNamespaces,
	standing:  dispatchNamespaceStanding,
	removable: dispatchNamespaceRemovable,
	guard:     GuardNamespaceDelete,
}

// A dispatch namespace is never deleted by absence. When destroying, one that
// the file declares goes, but only if nothing is in it that is not ours: the
// platform may delete the scripts inside with it.
func dispatchNamespaceStanding(p *planning, a spec.Address, live *spec.Live) standing {
	_, declared := p.desired.Lookup(a)
	if p.options.Mode != Destroy || !declared {
		return notOurs
	}
	if p.othersInside(a, live) > 0 {
		return unowned
	}
	return toRemove
}

// othersInside is how many user Workers of a namespace would not be deleted
// with it.
func (p *planning) othersInside(a spec.Address, live *spec.Live) int {
	ours, others := 0, 0
	for inside, script := range p.live.Resources {
		switch {
		case inside.Kind != spec.KindUserWorker || inside.Parent != a.Name:
		case scriptStanding(p, inside, script) == toRemove && p.protection(inside, script) == nil:
			ours++
		default:
			others++
		}
	}
	return max(others, live.Revision.ScriptCount-ours) // the list of scripts may show fewer than there are
}

func dispatchNamespaceRemovable(p *planning, a spec.Address, live *spec.Live) *Block {
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
