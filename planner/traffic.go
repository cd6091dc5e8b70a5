package planner

import (
	"maps"
	"slices"

	"github.com/wfpsync/wfpsync/spec"
)

// This file orders what leads requests to Workers. When something is new, it
// comes last, so that no request reaches what does not exist yet; when
// something is deleted, it is deleted first.

// orderTraffic orders DNS records and custom hostnames among each other, behind
// the routes that answer them, and around the user Workers that they name.
func (p *planning) orderTraffic(g *graph) {
	at, before := p.indexTraffic(), g.inverse()
	for _, a := range p.changedAddresses() {
		if follow := ops[a.Kind].orderTraffic; follow != nil {
			follow(p, at, a, func(others []spec.Address) { p.trafficAfter(g, a, others, len(before[g.index[a]]) == 0) })
		}
	}
}

// trafficIndex finds changes by what leads to them.
type trafficIndex struct {
	routes      map[string][]spec.Address // by zone and host; the host is "" for a pattern of all hosts
	records     map[string][]spec.Address // by zone and name
	userWorkers map[string][]spec.Address // by name
}

func (p *planning) indexTraffic() trafficIndex {
	at := trafficIndex{map[string][]spec.Address{}, map[string][]spec.Address{}, map[string][]spec.Address{}}
	for _, a := range p.changedAddresses() {
		if note := ops[a.Kind].indexTraffic; note != nil {
			note(at, a)
		}
	}
	return at
}

// trafficAfter writes a resource after those that it leads requests to, and
// deletes it before them. last says that nothing else comes after the resource,
// so that there can be no cycle. Looking for one would be too slow, as there
// may be a hundred thousand such resources.
func (p *planning) trafficAfter(g *graph, a spec.Address, others []spec.Address, last bool) {
	for _, other := range others {
		gone, left := p.changes[a].Action == Delete, p.changes[other].Action == Delete
		switch {
		case gone && left:
			g.preferBefore(a, []spec.Address{other})
		case !gone && !left && last:
			g.add(a, other)
		case !gone && !left:
			g.preferAfter(a, []spec.Address{other})
		}
	}
}

// namedWorkers returns the user Workers whose names are in a hostname's
// metadata, where dispatchers look up which Worker answers it.
func (p *planning) namedWorkers(a spec.Address, byName map[string][]spec.Address) []spec.Address {
	var named []spec.Address
	metadata := p.hostname(a).CustomMetadata
	for _, member := range slices.Sorted(maps.Keys(metadata)) {
		if name, ok := metadata[member].(string); ok {
			named = append(named, byName[name]...)
		}
	}
	return named
}

// hostname returns a changed hostname as it will be, or as it is if it is
// deleted.
func (p *planning) hostname(a spec.Address) *spec.CustomHostname {
	if desired, ok := p.changes[a].Desired.(*spec.CustomHostname); ok {
		return desired
	}
	return p.live.Resources[a].Resource.(*spec.CustomHostname)
}

// originRecords returns the record of a hostname's own origin, without which
// the platform refuses the hostname. Source: API error 1421.
func (p *planning) originRecords(a spec.Address, records map[string][]spec.Address) []spec.Address {
	if origin := p.hostname(a).CustomOriginServer; origin != "" {
		return records[a.Parent+"/"+origin]
	}
	return nil
}
