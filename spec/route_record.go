package spec

import (
	"fmt"
	"strings"
)

// RecordNameFor is the name of the record that leads to a route.
func RecordNameFor(pattern string) string {
	if strings.HasPrefix(PatternHost(pattern), "*") {
		return "*." + RouteHost(pattern)
	}
	return RouteHost(pattern)
}

// PatternHost is the host of a route's pattern as it stands there.
func PatternHost(pattern string) string {
	host, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(pattern, "https://"), "http://"), "/")
	return strings.ToLower(host)
}

// IsWildcard reports whether a route's pattern is of many hosts, but not of all.
func IsWildcard(pattern string) bool {
	return strings.HasPrefix(PatternHost(pattern), "*") && RouteHost(pattern) != ""
}

// RecordFor is the record that a route of a zone needs, as a stack file has it,
// and which of some records leads to the route already; nil where none does.
func RecordFor(route *Route, records []*DNSRecord) (example string, found *DNSRecord) {
	name, bare := RecordNameFor(route.Pattern), RouteHost(route.Pattern)
	for _, r := range records {
		above, wildcard := strings.CutPrefix(r.Name, "*")
		switch {
		case r.Zone != route.Zone || found != nil && found.Proxied:
		case r.Name == name, wildcard && strings.HasSuffix(bare, above), r.Name == bare && PatternHost(route.Pattern) == "*"+bare:
			found = r
		}
	}
	zone := "zone_name"
	if !strings.Contains(route.Zone, ".") {
		zone = "zone_id"
	}
	return fmt.Sprintf("dns_records: { %q: { %s: %s } }", name, zone, route.Zone), found
}
