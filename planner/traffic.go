package planner

import (
	"maps"
	"slices"

	"github.com/wfpsync/wfpsync/spec"
)

// The order of what leads requests to Workers: it comes last when something is
// new, so that nobody is led to what is not there yet, and goes first.

// orderTraffic orders DNS records and custom hostnames among each other, behind
// the routes that answer them, and around the user Workers that they name.
func (p *planning) orderTraffic(g *graph) {
	at, before := p.indexTraffic(), g.inverse()
	for _, a := range p.changed() {
		if follow := columns[a.Kind].follow; follow != nil {
			follow(p, at, a, func(others []spec.Address) { p.trafficAfter(g, a, others, len(before[g.place[a]]) == 0) })
		}
	}
}

// trafficIndex finds changes by what leads to them.
type trafficIndex struct {
	routes      map[string][]spec.Address // by zone and host; that of a pattern of all hosts is ""
	records     map[string][]spec.Address // by zone and name
	userWorkers map[string][]spec.Address // by name
}

func (p *planning) indexTraffic() trafficIndex {
	at := trafficIndex{map[string][]spec.Address{}, map[string][]spec.Address{}, map[string][]spec.Address{}}
	for _, a := range p.changed() {
		if note := columns[a.Kind].traffic; note != nil {
			note(at, a)
		}
	}
	return at
}

// trafficAfter lets what leads to others be written after they are, and deleted
// before they are. Where nothing but what leads to it comes after it, there can be
// no circle, and none is looked for: there may be a hundred thousand of them.
func (p *planning) trafficAfter(g *graph, a spec.Address, others []spec.Address, last bool) {
	for _, other := range others {
		gone, left := p.changes[a].Action == Delete, p.changes[other].Action == Delete
		switch {
		case gone && left:
			g.preferBefore(a, []spec.Address{other})
		case !gone && !left && last:
			g.add(a, other)
		case !gone && !left:
			g.prefer(a, []spec.Address{other})
		}
	}
}

// namedWorkers are the user Workers whose names stand in a hostname's metadata,
// where dispatchers look up who answers it.
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

// hostname is a changed hostname as it will be, or as it is where it goes.
func (p *planning) hostname(a spec.Address) *spec.CustomHostname {
	if desired, ok := p.changes[a].Desired.(*spec.CustomHostname); ok {
		return desired
	}
	return p.live.Resources[a].Resource.(*spec.CustomHostname)
}

// origin is the record of a hostname's own origin, without which the platform
// refuses the hostname. Source: API error 1421.
func (p *planning) origin(a spec.Address, records map[string][]spec.Address) []spec.Address {
	if origin := p.hostname(a).CustomOriginServer; origin != "" {
		return records[a.Parent+"/"+origin]
	}
	return nil
}
