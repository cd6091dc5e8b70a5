package stackfile

import (
	"fmt"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// What routes and DNS records have to do with each other: a route says who answers
// a host, and a proxied record lets Cloudflare be asked for it.

// checkRecords finds records that cannot be beside each other, and routes that no
// request gets to because their record is not proxied.
func (l *loader) checkRecords() {
	byName := map[string][]*spec.DNSRecord{}
	for _, resource := range l.stack.Resources {
		if r, ok := resource.(*spec.DNSRecord); ok {
			byName[r.Zone+"/"+r.Name] = append(byName[r.Zone+"/"+r.Name], r)
		}
	}
	if len(byName) == 0 {
		return
	}
	for _, records := range byName {
		for _, r := range records {
			if other := records[0]; r.Type == spec.RecordCNAME && other != r { // A and AAAA come before it
				l.report(spec.RuleDNSRecord, r.ResourceMeta.At, fmt.Sprintf("%q has a record of the type %s and one of the type %s", r.Name, other.Type, r.Type),
					"where there is a CNAME there can be no other record: remove one of the two", diag.Related{Range: other.ResourceMeta.At, Message: "the other"})
			}
		}
	}
	for _, resource := range l.stack.Resources {
		route, ok := resource.(*spec.Route)
		if !ok || route.Worker == "" {
			continue
		}
		for _, r := range byName[route.Zone+"/"+spec.RecordNameFor(route.Pattern)] {
			if !r.Proxied {
				l.warn(spec.RuleDNSOnly, r.ResourceMeta.At, fmt.Sprintf("no request gets to the route %q: the record of %q is not proxied", route.Pattern, r.Name),
					"remove `proxied: false`, or the route")
			}
		}
	}
}
