package spec

import (
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
)

// A stack file need not say which zone a route or a custom domain is in: it is
// the longest one that its host is in, which only the account can tell. Until
// then the resource has no zone; [Stack.ResolveZones] gives it one, between
// loading the file and planning it, so that its address is the same however the
// file spells it and the planner asks nobody.

// Zoned is a resource of a zone.
type Zoned interface {
	Resource

	// Host is what its zone can be found by.
	Host() string

	// ZoneOf is the zone's name, or its id where the file gives that; "" while
	// nobody knows.
	ZoneOf() string

	setZone(name string)
}

// HostsWithoutZone are the hosts of the resources whose zone the file does not
// say, sorted.
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

// ResolveZones gives resources without a zone that of their host. A host that is
// not among the keys leaves its resource as it is, for the planner to report. Two
// resources that turn out to be one are reported.
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

// RouteHost is the host of a route's pattern without its wildcard: both
// *.example.com/* and *example.com/* are about example.com. It is "" for a
// pattern of every host.
func RouteHost(pattern string) string {
	if _, rest, ok := strings.Cut(pattern, "://"); ok {
		pattern = rest
	}
	host, _, _ := strings.Cut(pattern, "/")
	return strings.ToLower(strings.TrimLeft(host, "*."))
}

// Zones are the zones that the file names, by name or by id, sorted.
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

// ZonesBeside are the collections that the file declares without a word about
// their zones: of the kinds that it has sections of, in the other zones that it
// names. What an entry that was taken out has left is in one of them.
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
