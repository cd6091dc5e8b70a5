package spec

import (
	"fmt"
	"strings"
)

// RecordNameFor returns the name of the record that leads to a route.
func RecordNameFor(pattern string) string {
	if strings.HasPrefix(PatternHost(pattern), "*") {
		return "*." + RouteHost(pattern)
	}
	return RouteHost(pattern)
}

// PatternHost returns the host of a route's pattern, with its wildcard.
func PatternHost(pattern string) string {
	host, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(pattern, "https://"), "http://"), "/")
	return strings.ToLower(host)
}

// IsWildcard reports whether a route's pattern matches many hosts, but not all.
func IsWildcard(pattern string) bool {
	return strings.HasPrefix(PatternHost(pattern), "*") && RouteHost(pattern) != ""
}

// RecordFor returns an example of the record that a route needs, as a stack
// file has it, and the one of the given records that already leads to the
// route; nil if none does.
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
