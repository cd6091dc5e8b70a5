package planner

import (
	"github.com/wfpsync/wfpsync/spec"
)

var customHostnameOps = kindOps{
	kind:         spec.KindCustomHostname,
	compare:      compareCustomHostnames,
	disposition:  customHostnameDisposition,
	removalBlock: customHostnameRemovalBlock,
	undeclared:   undeclaredWarning("custom hostnames", "`custom_hostnames: {}`"),
	orderTraffic: func(p *planning, at trafficIndex, a spec.Address, lead func([]spec.Address)) {
		lead(at.routes[a.Parent+"/"])
		lead(p.namedWorkers(a, at.userWorkers))
		lead(p.originRecords(a, at.records))
	},
}

// compareCustomHostnames compares the settings that the file names. A hostname
// without a mark, to which the file gives no metadata that could hold one, is
// identified by its name alone. It may have existed before the stack, so it is
// changed only if the file says `adopt: true`.
func compareCustomHostnames(p *planning, desired spec.Resource, live *spec.Live) *Change {
	hostname, found := desired.(*spec.CustomHostname), live.Resource.(*spec.CustomHostname)
	named := &spec.Live{Resource: namedHostname(hostname, found), Revision: live.Revision}
	if live.Revision.Owner == "" && hostname.CustomMetadata == nil {
		c := settingsChange(named.Resource.Canonical(), desired.Canonical())
		if c != nil && !desired.Meta().Adopt {
			c = p.ownershipConflict(desired, live)
			c.Blocked.Message = "it exists already, and has no metadata to name its owner"
			c.Blocked.Hint = "add `adopt: true` to let this stack change it"
		}
		return c
	}
	return p.zoneResourceChange(desired, named)
}

// namedHostname returns the live hostname with only those certificate settings
// that the desired one names.
func namedHostname(desired, live *spec.CustomHostname) *spec.CustomHostname {
	named := *live
	named.SSL = namedWithin(desired.SSL, live.SSL)
	return &named
}

// namedWithin is like [namedIn], at every depth.
func namedWithin(desired, live spec.Object) spec.Object {
	named := namedIn(desired, live)
	for name, value := range named {
		inner, ok := value.(spec.Object)
		if wanted, both := desired[name].(spec.Object); ok && both {
			named[name] = namedWithin(wanted, inner)
		}
	}
	return named
}

// customHostnameDisposition removes a hostname without a mark only when the
// stack that declares it is destroyed. Absence from the file never deletes one.
func customHostnameDisposition(p *planning, a spec.Address, live *spec.Live) disposition {
	if live.Revision.Owner == "" {
		if s := storeDisposition(p, a, live); s == removed {
			return s
		}
	}
	return zoneResourceDisposition(p, a, live)
}

// customHostnameRemovalBlock allows removing a hostname without a mark: listing
// it under `removed` claims it.
func customHostnameRemovalBlock(p *planning, a spec.Address, live *spec.Live) *Block {
	if live.Revision.Owner == "" {
		return nil
	}
	return scriptRemovalBlock(p, a, live)
}
