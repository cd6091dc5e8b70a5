package planner

import "github.com/wfpsync/wfpsync/spec"

var kvNamespaceOps = kindOps{
	kind:         spec.KindKVNamespace,
	compare:      compareNamespaces,
	disposition:  storeDisposition,
	removalBlock: noRemovalBlock,
	guard:        GuardNamespaceDelete,
}
