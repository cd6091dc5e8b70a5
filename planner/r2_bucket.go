package planner

import (
	"fmt"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

var r2BucketColumn = column{
	kind:      spec.KindR2Bucket,
	compare:   compareR2Buckets,
	inspect:   inspectR2Bucket,
	standing:  storeStanding,
	removable: alwaysRemovable,
	guard:     GuardStoreDelete,
}

// A bucket is read whole only for what the file says of it.
func inspectR2Bucket(_ *planning, desired spec.Resource, _ *spec.Live) bool {
	return len(desired.Canonical()) > 0
}

// compareR2Buckets plans a change of the storage class. A bucket stays where it
// is, so another location is no change, and said.
func compareR2Buckets(p *planning, desired spec.Resource, live *spec.Live) *Change {
	before, after := live.Resource.Canonical(), desired.Canonical()
	if wanted, is := after["location"], before["location"]; wanted != nil && is != nil && wanted != is {
		p.diagnostics = append(p.diagnostics, diag.Diagnostic{
			Severity: diag.Warning,
			Rule:     RuleFixedAtCreation,
			Message:  fmt.Sprintf("%s is in the location %q and stays there; %q would only be asked for when it is created", desired.Address(), is, wanted),
			Hint:     fmt.Sprintf("write `location: %s`, or nothing", is),
			Range:    desired.Meta().At,
		})
	}
	delete(after, "location")
	return settingsChange(before, after)
}
