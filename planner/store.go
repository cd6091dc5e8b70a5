package planner

import "github.com/wfpsync/wfpsync/spec"

// What D1 databases, R2 buckets and queues have in common: they hold data, have
// no mark that says whose they are, and are matched by name.

// GuardStoreDelete must be acknowledged before a D1 database, an R2 bucket or a
// queue is deleted: what is in it does not come back.
const GuardStoreDelete = "store-delete"

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

// namedDifferences are the differences of the settings that the file names.
func namedDifferences(desired spec.Resource, live *spec.Live) []FieldChange {
	after := desired.Canonical()
	return diff(namedIn(after, live.Resource.Canonical()), after)
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
