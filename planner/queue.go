package planner

import "github.com/wfpsync/wfpsync/spec"

var queueColumn = column{
	kind: spec.KindQueue,
	compare: func(_ *planning, desired spec.Resource, live *spec.Live) *Change {
		return settingsChange(live.Resource.Canonical(), desired.Canonical())
	},
	standing:  storeStanding,
	removable: alwaysRemovable,
	guard:     GuardStoreDelete,
}
