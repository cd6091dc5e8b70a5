package planner

import "github.com/wfpsync/wfpsync/spec"

var kvNamespaceColumn = column{
	kind:      spec.KindKVNamespace,
	compare:   compareNamespaces,
	standing:  kvNamespaceStanding,
	removable: alwaysRemovable,
	guard:     GuardNamespaceDelete,
}

// A KV namespace holds data, so it goes only when the stack that declares it is
// destroyed, never by absence.
func kvNamespaceStanding(p *planning, a spec.Address, _ *spec.Live) standing {
	if _, declared := p.desired.Lookup(a); declared && p.options.Mode == Destroy {
		return toRemove
	}
	return notOurs
}
