package spec

import (
	"fmt"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
)

// What routes and DNS records have to do with each other: a route says who answers
// a host, and a proxied record lets Cloudflare be asked for it.

// checkRecords finds records that cannot be beside each other, and routes that no
// request gets to because their record is not proxied.
func (l *loader) checkRecords() {
	byName := map[string][]*DNSRecord{}
	for _, resource := range l.stack.Resources {
		if r, ok := resource.(*DNSRecord); ok {
			byName[r.Zone+"/"+r.Name] = append(byName[r.Zone+"/"+r.Name], r)
		}
	}
	if len(byName) == 0 {
		return
	}
	for _, records := range byName {
		for _, r := range records {
			if other := records[0]; r.Type == recordCNAME && other != r { // A and AAAA come before it
				l.report(RuleDNSRecord, r.ResourceMeta.At, fmt.Sprintf("%q has a record of the type %s and one of the type %s", r.Name, other.Type, r.Type),
					"where there is a CNAME there can be no other record: remove one of the two", diag.Related{Range: other.ResourceMeta.At, Message: "the other"})
			}
		}
	}
	for _, resource := range l.stack.Resources {
		route, ok := resource.(*Route)
		if !ok || route.Worker == "" {
			continue
		}
		for _, r := range byName[route.Zone+"/"+routeRecord(route.Pattern)] {
			if !r.Proxied {
				l.warn(RuleDNSOnly, r.ResourceMeta.At, fmt.Sprintf("no request gets to the route %q: the record of %q is not proxied", route.Pattern, r.Name),
					"remove `proxied: false`, or the route")
			}
		}
	}
}

// routeRecord is the name of the record that leads to a route.
func routeRecord(pattern string) string {
	if strings.HasPrefix(routeHost(pattern), "*") {
		return "*." + RouteHost(pattern)
	}
	return RouteHost(pattern)
}

// routeHost is the host of a route's pattern as it stands there.
func routeHost(pattern string) string {
	host, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(pattern, "https://"), "http://"), "/")
	return strings.ToLower(host)
}

// IsWildcard reports whether a route's pattern is of many hosts, but not of all.
func IsWildcard(pattern string) bool {
	return strings.HasPrefix(routeHost(pattern), "*") && RouteHost(pattern) != ""
}

// RecordFor is the record that a route of a zone needs, as a stack file has it,
// and which of some records leads to the route already; nil where none does.
func RecordFor(route *Route, records []*DNSRecord) (example string, found *DNSRecord) {
	name, bare := routeRecord(route.Pattern), RouteHost(route.Pattern)
	for _, r := range records {
		above, wildcard := strings.CutPrefix(r.Name, "*")
		switch {
		case r.Zone != route.Zone || found != nil && found.Proxied:
		case r.Name == name, wildcard && strings.HasSuffix(bare, above), r.Name == bare && routeHost(route.Pattern) == "*"+bare:
			found = r
		}
	}
	zone := "zone_name"
	if !strings.Contains(route.Zone, ".") {
		zone = "zone_id"
	}
	return fmt.Sprintf("dns_records: { %q: { %s: %s } }", name, zone, route.Zone), found
}
