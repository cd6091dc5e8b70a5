package planner

import "github.com/wfpsync/wfpsync/spec"

var d1DatabaseColumn = column{
	kind: spec.KindD1Database,
	// The name is the identity, and there is nothing that could be changed.
	compare:   func(*planning, spec.Resource, *spec.Live) *Change { return nil },
	replaces:  namedDifferences,
	standing:  storeStanding,
	removable: alwaysRemovable,
	guard:     GuardStoreDelete,
}
