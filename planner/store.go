package planner

import (
	"fmt"
	"slices"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// What stores have in common, such as D1 databases and queues: they hold data, have
// no mark that says whose they are, and are matched by name.

// GuardStoreDelete must be acknowledged before a store is deleted that has no guard of
// its own: what is in it does not come back.
const GuardStoreDelete = "store-delete"

// storeColumn is the column of a store. What can be changed of it, its description says.
func storeColumn(k spec.KindInfo) column {
	c := column{
		kind: k.Kind,
		compare: func(p *planning, desired spec.Resource, live *spec.Live) *Change {
			return compareStores(p, k, desired, live)
		},
		inspect:   inspectStore,
		standing:  storeStanding,
		removable: alwaysRemovable,
		guard:     GuardStoreDelete,
	}
	if len(k.ForceNew) > 0 {
		c.replaces = func(desired spec.Resource, live *spec.Live) []FieldChange {
			return forcedDifferences(k, desired, live)
		}
	}
	return c
}

// A store that a list shows only in part is read whole only for what the file says
// of it.
func inspectStore(_ *planning, desired spec.Resource, _ *spec.Live) bool {
	return len(desired.Canonical()) > 0
}

// compareStores plans a change of the settings that can be changed, and warns of those
// that were only asked for when the store was created.
func compareStores(p *planning, k spec.KindInfo, desired spec.Resource, live *spec.Live) *Change {
	before, after := live.Resource.Canonical(), desired.Canonical()
	for _, name := range k.CreateOnly {
		if wanted, is := after[name], before[name]; wanted != nil && is != nil && wanted != is {
			p.diagnostics = append(p.diagnostics, diag.Diagnostic{
				Severity: diag.Warning,
				Rule:     RuleFixedAtCreation,
				Message:  fmt.Sprintf("%s keeps the %s %q; %q would only be asked for when it is created", desired.Address(), name, is, wanted),
				Hint:     fmt.Sprintf("write what it has, or leave `%s` out", name),
				Range:    desired.Meta().At,
			})
		}
		delete(after, name)
	}
	return settingsChange(before, after)
}

// forcedDifferences are the differences of the settings that the file names and that
// are decided when a store is created.
func forcedDifferences(k spec.KindInfo, desired spec.Resource, live *spec.Live) []FieldChange {
	after := desired.Canonical()
	for name := range after {
		if !slices.Contains(k.ForceNew, name) {
			delete(after, name)
		}
	}
	return diff(namedIn(after, live.Resource.Canonical()), after)
}

// A store goes only when the stack that declares it is destroyed, never by
// absence.
func storeStanding(p *planning, a spec.Address, _ *spec.Live) standing {
	if _, declared := p.desired.Lookup(a); declared && p.options.Mode == Destroy {
		return toRemove
	}
	return notOurs
}

// settingsChange is the change of the settings that the file names. Settings
// that it does not name stay what they are: somebody may have chosen them.
func settingsChange(live, desired spec.Object) *Change {
	fields := diff(namedIn(desired, live), desired)
	if len(fields) == 0 {
		return nil
	}
	return &Change{Action: Update, Reason: ReasonChanged, Fields: fields}
}

// namedIn are the live settings that the desired ones name.
func namedIn(desired, live spec.Object) spec.Object {
	named := spec.Object{}
	for name := range desired {
		if value, set := live[name]; set {
			named[name] = value
		}
	}
	return named
}
