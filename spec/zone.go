package spec

import (
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
)

// A stack file need not say which zone a route or a custom domain is in. It is
// the longest zone that contains the host, which only the account can tell.
// Until then the resource has no zone. [Stack.ResolveZones] sets it between
// loading the file and planning, so that an address does not depend on how the
// file spells it, and the planner needs no requests.

// Zoned is a resource in a zone.
type Zoned interface {
	Resource

	// Host returns the host by which its zone can be found.
	Host() string

	// ZoneOf returns the zone's name, or its id if the file gives that; "" if
	// it is not known yet.
	ZoneOf() string

	setZone(name string)
}

// HostsWithoutZone returns the hosts of resources for which the file gives no
// zone, sorted.
func (s *Stack) HostsWithoutZone() []string {
	var hosts []string
	for _, r := range s.Resources {
		if z, ok := r.(Zoned); ok && z.ZoneOf() == "" {
			hosts = append(hosts, z.Host())
		}
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

// ResolveZones sets the zones of resources that have none, by host. If a host
// is not among the keys, its resource keeps no zone, and the planner reports
// it. Two resources that turn out to have the same address are reported.
func (s *Stack) ResolveZones(zones map[string]string) diag.List {
	for _, r := range s.Resources {
		if z, ok := r.(Zoned); ok && z.ZoneOf() == "" {
			z.setZone(zones[z.Host()])
		}
	}
	s.Sort()
	var list diag.List
	s.Resources = slices.CompactFunc(s.Resources, func(a, b Resource) bool {
		if a.Address() != b.Address() {
			return false
		}
		d := DeclaredTwice(a.Address(), a.Meta().At)
		d.Severity, d.Range = diag.Error, b.Meta().At
		list = append(list, d)
		return true
	})
	return list
}

// RouteHost returns the host of a route's pattern without its wildcard: both
// *.example.com/* and *example.com/* are about example.com. It is "" for a
// pattern of every host.
func RouteHost(pattern string) string {
	if _, rest, ok := strings.Cut(pattern, "://"); ok {
		pattern = rest
	}
	host, _, _ := strings.Cut(pattern, "/")
	return strings.ToLower(strings.TrimLeft(host, "*."))
}

// Zones returns the zones that the file names, by name or id, sorted.
func (s *Stack) Zones() []string {
	var zones []string
	for _, r := range s.Resources {
		if z, ok := r.(Zoned); ok && z.ZoneOf() != "" {
			zones = append(zones, z.ZoneOf())
		}
	}
	for _, c := range s.Collections {
		if c.Kind.Info().InZones() && c.Parent != "" {
			zones = append(zones, c.Parent)
		}
	}
	slices.Sort(zones)
	return slices.Compact(zones)
}

// OtherZoneCollections returns the collections, of kinds that the file has
// sections for, in zones that the file names only elsewhere. Entries that were
// removed from the file may have left resources there.
func (s *Stack) OtherZoneCollections() []Collection {
	var beside []Collection
	scope := s.Scope()
	for _, declared := range s.Collections {
		if !declared.Kind.Info().InZones() || declared.Parent != "" {
			continue
		}
		for _, zone := range s.Zones() {
			if c := (Collection{Kind: declared.Kind, Parent: zone}); !slices.Contains(scope, c) {
				beside = append(beside, c)
			}
		}
	}
	return beside
}
