package planner

import (
	"fmt"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// What DNS records and custom hostnames have in common: they carry their owner
// among things that people write, and stand in zones in which most is not ours.

// completed is a resource that leaves some of a live one as it is.
type completed interface {
	Completed(live spec.Resource) spec.Resource
}

// markedChange is the change of a live resource of such a kind: what the file
// names of it, or nothing but its mark.
func (p *planning) markedChange(desired spec.Resource, live *spec.Live) *Change {
	if c := p.notOursToWrite(desired, live); c != nil {
		return c
	}
	c := settingsChange(live.Resource.Canonical(), desired.Canonical())
	switch {
	case live.Revision.Owner != "":
		return c
	case c == nil:
		return taken(nil)
	default:
		return taken(c.Fields)
	}
}

// markedStanding is [scriptStanding] where a file without a section for the kind
// has nothing to say of what others have.
func markedStanding(p *planning, a spec.Address, live *spec.Live) standing {
	if live.Revision.Owner != p.desired.Name && !p.desired.Declares(a.Collection()) {
		return notOurs
	}
	return scriptStanding(p, a, live)
}

// recordsOf are the DNS records that a zone will have after the plan.
func (p *planning) recordsOf(zone string) []*spec.DNSRecord {
	var records []*spec.DNSRecord
	for a, live := range p.live.Resources {
		if r, ok := live.Resource.(*spec.DNSRecord); ok && a.Parent == zone && !p.wants(a) && !p.goes(a, live) {
			records = append(records, r)
		}
	}
	for _, r := range p.wanted() {
		if r, ok := r.(*spec.DNSRecord); ok && r.Zone == zone {
			records = append(records, r)
		}
	}
	return records
}

// warnNoRecord warns of routes that nobody's request gets to, in the zones whose
// records are known. A pattern of all hosts of a zone answers whatever there is.
func (p *planning) warnNoRecord() {
	records := map[string][]*spec.DNSRecord{}
	for _, r := range p.wanted() {
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
		case found != nil && p.wants(found.Address()): // the file's own, of which loading it has warned
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

// RecordsToKnow name the collections that tell whether new wildcard routes will be
// asked: most platforms begin with one, and without a record for it nothing
// works, nor says why. Later plans do not ask again.
func DNSCollections(desired *spec.Stack, live *spec.Snapshot, options Options) []spec.Collection {
	p := newPlanning(desired, live, options)
	asked := map[spec.Collection]bool{}
	var collections []spec.Collection
	for _, r := range p.wanted() {
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
