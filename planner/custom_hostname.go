package planner

import (
	"github.com/wfpsync/wfpsync/spec"
)

var customHostnameColumn = column{
	kind:       spec.KindCustomHostname,
	compare:    compareCustomHostnames,
	standing:   customHostnameStanding,
	removable:  customHostnameRemovable,
	undeclared: undeclaredMarked("custom hostnames", "`custom_hostnames: {}`"),
	follow: func(p *planning, at trafficIndex, a spec.Address, lead func([]spec.Address)) {
		lead(at.routes[a.Parent+"/"])
		lead(p.namedWorkers(a, at.userWorkers))
		lead(p.origin(a, at.records))
	},
}

// compareCustomHostnames compares what the file names. A hostname without a mark,
// of which the file says nothing that could hold one, is told by its name alone:
// it may have been there before, so it is changed only where the file says that
// it is the stack's.
func compareCustomHostnames(p *planning, desired spec.Resource, live *spec.Live) *Change {
	hostname, found := desired.(*spec.CustomHostname), live.Resource.(*spec.CustomHostname)
	named := &spec.Live{Resource: namedHostname(hostname, found), Revision: live.Revision}
	if live.Revision.Owner == "" && hostname.CustomMetadata == nil {
		c := settingsChange(named.Resource.Canonical(), desired.Canonical())
		if c != nil && !desired.Meta().Adopt {
			c = p.notOursToWrite(desired, live)
			c.Blocked.Message = "it is there already, without metadata that could say whose it is"
			c.Blocked.Hint = "add `adopt: true` to let this stack change it"
		}
		return c
	}
	return p.markedChange(desired, named)
}

// namedHostname is as much of a live hostname's certificate as the desired one
// names.
func namedHostname(desired, live *spec.CustomHostname) *spec.CustomHostname {
	named := *live
	named.SSL = namedWithin(desired.SSL, live.SSL)
	return &named
}

// namedWithin is [namedIn] at every depth.
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

// A hostname without a mark goes only when the stack that declares it is
// destroyed, never by absence.
func customHostnameStanding(p *planning, a spec.Address, live *spec.Live) standing {
	if live.Revision.Owner == "" {
		if s := storeStanding(p, a, live); s == toRemove {
			return s
		}
	}
	return markedStanding(p, a, live)
}

// To list a hostname without a mark is to say that it is ours.
func customHostnameRemovable(p *planning, a spec.Address, live *spec.Live) *Block {
	if live.Revision.Owner == "" {
		return nil
	}
	return scriptRemovable(p, a, live)
}
