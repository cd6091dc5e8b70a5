package planner

import "github.com/wfpsync/wfpsync/spec"

var kvNamespaceColumn = column{
	kind:      spec.KindKVNamespace,
	compare:   compareNamespaces,
	standing:  storeStanding,
	removable: alwaysRemovable,
	guard:     GuardNamespaceDelete,
}
