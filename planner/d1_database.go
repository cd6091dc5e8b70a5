package planner

import "github.com/wfpsync/wfpsync/spec"

var d1DatabaseColumn = column{
	// The name is the identity, and there is nothing else to set.
	compare:   func(*planning, spec.Resource, *spec.Live) *Change { return nil },
	standing:  storeStanding,
	removable: alwaysRemovable,
	guard:     GuardStoreDelete,
}
