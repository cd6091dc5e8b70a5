package planner

import (
	"fmt"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// This file has what DNS records and custom hostnames have in common: a field
// that people also write carries their owner, and most of a zone's resources
// belong to others.

// completed is a resource that takes the settings it does not name from the
// live one.
type completed interface {
	Completed(live spec.Resource) spec.Resource
}

// zoneResourceChange plans a change of such a resource: of the settings that
// the file names, or of its mark alone.
func (p *planning) zoneResourceChange(desired spec.Resource, live *spec.Live) *Change {
	if c := p.ownershipConflict(desired, live); c != nil {
		return c
	}
	c := settingsChange(live.Resource.Canonical(), desired.Canonical())
	switch {
	case live.Revision.Owner != "":
		return c
	case c == nil:
		return takeOver(nil)
	default:
		return takeOver(c.Fields)
	}
}

// zoneResourceDisposition is like [scriptDisposition], but ignores what others
// own if the file has no section for the kind.
func zoneResourceDisposition(p *planning, a spec.Address, live *spec.Live) disposition {
	if live.Revision.Owner != p.desired.Name && !p.desired.Declares(a.Collection()) {
		return ignored
	}
	return scriptDisposition(p, a, live)
}

// recordsOf returns the DNS records that a zone will have after the plan.
func (p *planning) recordsOf(zone string) []*spec.DNSRecord {
	var records []*spec.DNSRecord
	for a, live := range p.live.Resources {
		if r, ok := live.Resource.(*spec.DNSRecord); ok && a.Parent == zone && !p.isDesired(a) && !p.willDelete(a, live) {
			records = append(records, r)
		}
	}
	for _, r := range p.desiredResources() {
		if r, ok := r.(*spec.DNSRecord); ok && r.Zone == zone {
			records = append(records, r)
		}
	}
	return records
}

// warnNoRecord warns of routes that no request can reach, in zones whose
// records are known. It skips patterns for every host of a zone.
func (p *planning) warnNoRecord() {
	records := map[string][]*spec.DNSRecord{}
	for _, r := range p.desiredResources() {
		route, ok := r.(*spec.Route)
		if !ok || route.Worker == "" || route.Host() == "" || !p.live.Read(recordsIn(route.Zone)) {
			continue
		}
		if records[route.Zone] == nil {
			records[route.Zone] = p.recordsOf(route.Zone)
		}
		example, found := spec.RecordFor(route, records[route.Zone])
		d := diag.Diagnostic{
			Severity: diag.Warning, Rule: RuleNoRecord, Range: route.ResourceMeta.At,
			Message: fmt.Sprintf("no DNS record leads requests to the route %q", route.Pattern),
			Hint:    "write " + example,
		}
		switch {
		case found != nil && found.Proxied:
			continue
		case found != nil && p.isDesired(found.Address()): // loading the file has warned of its own records
			continue
		case found != nil:
			d.Message = fmt.Sprintf("the DNS record that leads to the route %q is not proxied, so that no Worker is asked", route.Pattern)
			d.Hint = "let Cloudflare proxy it"
		}
		p.diagnostics = append(p.diagnostics, d)
	}
}

func recordsIn(zone string) spec.Collection {
	return spec.Collection{Kind: spec.KindDNSRecord, Parent: zone}
}

// DNSCollections returns the DNS records to read for new wildcard routes, to
// tell whether requests will reach them. Most platforms begin with such a
// route, and without a record it silently does nothing. Later plans need not
// read them again.
func DNSCollections(desired *spec.Stack, live *spec.Snapshot, options Options) []spec.Collection {
	p := newPlanning(desired, live, options)
	asked := map[spec.Collection]bool{}
	var collections []spec.Collection
	for _, r := range p.desiredResources() {
		route, ok := r.(*spec.Route)
		if !ok || route.Zone == "" || !spec.IsWildcard(route.Pattern) || live.Resources[r.Address()] != nil {
			continue
		}
		if c := recordsIn(route.Zone); !asked[c] && !live.Read(c) {
			asked[c] = true
			collections = append(collections, c)
		}
	}
	return collections
}
