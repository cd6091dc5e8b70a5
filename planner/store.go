package planner

import (
	"fmt"
	"slices"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// This file has what stores such as D1 databases and queues have in common:
// they hold data, carry no owner, and are matched by name.

// GuardStoreDelete must be acknowledged before a store that has no guard of its
// own is deleted: its data cannot be restored.
const GuardStoreDelete = "store-delete"

// storeOps returns the operations of a store. Its description says what can be
// changed.
func storeOps(k spec.KindInfo) kindOps {
	c := kindOps{
		kind: k.Kind,
		compare: func(p *planning, desired spec.Resource, live *spec.Live) *Change {
			return compareStores(p, k, desired, live)
		},
		inspect:      inspectStore,
		disposition:  storeDisposition,
		removalBlock: noRemovalBlock,
		guard:        GuardStoreDelete,
	}
	if len(k.ForceNew) > 0 {
		c.replaces = func(desired spec.Resource, live *spec.Live) []FieldChange {
			return forcedDifferences(k, desired, live)
		}
	}
	return c
}

// inspectStore reads a store that a list shows in part only if the file says
// something about its settings.
func inspectStore(_ *planning, desired spec.Resource, _ *spec.Live) bool {
	return len(desired.Canonical()) > 0
}

// compareStores plans a change of the settings that can be changed, and warns
// of those that count only when the store is created.
func compareStores(p *planning, k spec.KindInfo, desired spec.Resource, live *spec.Live) *Change {
	before, after := live.Resource.Canonical(), desired.Canonical()
	for _, name := range k.CreateOnly {
		if wanted, is := after[name], before[name]; wanted != nil && is != nil && wanted != is {
			p.diagnostics = append(p.diagnostics, diag.Diagnostic{
				Severity: diag.Warning,
				Rule:     RuleFixedAtCreation,
				Message:  fmt.Sprintf("%s keeps the %s %q; %q counts only when it is created", desired.Address(), name, is, wanted),
				Hint:     fmt.Sprintf("write what it has, or leave `%s` out", name),
				Range:    desired.Meta().At,
			})
		}
		delete(after, name)
	}
	return settingsChange(before, after)
}

// forcedDifferences returns the differences of settings that the file names and
// that are fixed when a store is created.
func forcedDifferences(k spec.KindInfo, desired spec.Resource, live *spec.Live) []FieldChange {
	after := desired.Canonical()
	for name := range after {
		if !slices.Contains(k.ForceNew, name) {
			delete(after, name)
		}
	}
	return diff(namedIn(after, live.Resource.Canonical()), after)
}

// storeDisposition removes a store only when the stack that declares it is
// destroyed. Absence from the file never deletes one.
func storeDisposition(p *planning, a spec.Address, _ *spec.Live) disposition {
	if _, declared := p.desired.Lookup(a); declared && p.options.Mode == Destroy {
		return removed
	}
	return ignored
}

// settingsChange returns the change of the settings that the file names.
// Settings that it does not name are left alone: someone may have chosen them.
func settingsChange(live, desired spec.Object) *Change {
	fields := diff(namedIn(desired, live), desired)
	if len(fields) == 0 {
		return nil
	}
	return &Change{Action: Update, Reason: ReasonChanged, Fields: fields}
}

// namedIn returns the live settings that the desired ones name.
func namedIn(desired, live spec.Object) spec.Object {
	named := spec.Object{}
	for name := range desired {
		if value, set := live[name]; set {
			named[name] = value
		}
	}
	return named
}
