package planner

import (
	"fmt"
	"strings"

	"github.com/wfpsync/wfpsync/spec"
)

var dnsRecordColumn = column{
	kind:       spec.KindDNSRecord,
	compare:    compareDNSRecords,
	standing:   markedStanding,
	removable:  scriptRemovable,
	undeclared: undeclaredMarked("DNS records", "`dns_records: {}`"),

	rivals: otherRecords, describeRival: describeRecord,
	traffic: func(at trafficIndex, a spec.Address) {
		key := a.Parent + "/" + recordName(a)
		at.records[key] = append(at.records[key], a)
	},
	follow: func(_ *planning, at trafficIndex, a spec.Address, lead func([]spec.Address)) {
		lead(at.routes[a.Parent+"/"+spec.RouteHost(recordName(a))])
	},
}

// recordName returns the name of a record, which stands behind its type in the address.
func recordName(a spec.Address) string {
	_, name, _ := strings.Cut(a.Name, "/")
	return name
}

// compareDNSRecords takes over one record of a name and type, and not one of
// several: which of them is meant, nobody can say.
func compareDNSRecords(p *planning, desired spec.Resource, live *spec.Live) *Change {
	c := p.markedChange(desired, live)
	others := live.Resource.(*spec.DNSRecord).Others
	if c != nil && c.Reason == ReasonUnmanaged && c.Blocked == nil && others > 0 {
		c.Blocked = &Block{
			By:      blockedByOwnership,
			Message: fmt.Sprintf("there are %d records of that name and type, and a stack has one", others+1),
			Hint:    "remove the others in the account first, or choose another name",
		}
	}
	return c
}

// otherRecords are the live records that a new one cannot be beside: where there
// is a CNAME, there can be nothing else. Source: API errors 81053 and 81054.
func otherRecords(p *planning, desired spec.Resource) []spec.Address {
	r := desired.(*spec.DNSRecord)
	kinds := []string{"CNAME"}
	if r.Type == "CNAME" {
		kinds = []string{"A", "AAAA"}
	}
	var others []spec.Address
	for _, kind := range kinds {
		other := *r
		other.Type = kind
		if a := other.Address(); p.live.Resources[a] != nil {
			others = append(others, a)
		}
	}
	return others
}

func describeRecord(other spec.Address) string {
	kind, _, _ := strings.Cut(other.Name, "/")
	return fmt.Sprintf("the name has a record of type %s already, and where there is a CNAME there can be no other", kind)
}
