package planner

import "github.com/wfpsync/wfpsync/spec"

// GuardNamespaceDelete must be acknowledged before a dispatch namespace or a KV
// namespace is deleted: neither comes back, and neither can carry a mark that
// says whose it is.
const GuardNamespaceDelete = "namespace-delete"

var dispatchNamespaceColumn = column{
	// A dispatch namespace has no settings yet that a stack file can name.
	compare:  func(*planning, spec.Resource, *spec.Live) *Change { return nil },
	standing: dispatchNamespaceStanding,
	guard:    GuardNamespaceDelete,
}

// A dispatch namespace is never deleted by absence. When destroying, one that
// the file declares goes, but only if nothing is in it that is not ours: the
// platform may delete the scripts inside with it.
func dispatchNamespaceStanding(p *planning, a spec.Address, live *spec.Live) standing {
	_, declared := p.desired.Lookup(a)
	if p.options.Mode != Destroy || !declared {
		return notOurs
	}
	ours := 0
	for inside, script := range p.live.Resources {
		if inside.Kind == spec.KindUserWorker && inside.Parent == a.Name {
			if scriptStanding(p, inside, script) != toRemove {
				return unowned
			}
			ours++
		}
	}
	if live.Revision.ScriptCount > ours {
		return unowned // more inside than the list of scripts showed
	}
	return toRemove
}
