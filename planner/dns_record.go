package planner

import (
	"fmt"
	"strings"

	"github.com/wfpsync/wfpsync/spec"
)

var dnsRecordOps = kindOps{
	kind:         spec.KindDNSRecord,
	compare:      compareDNSRecords,
	disposition:  zoneResourceDisposition,
	removalBlock: scriptRemovalBlock,
	undeclared:   undeclaredWarning("DNS records", "`dns_records: {}`"),

	conflicts: conflictingRecords, describeConflict: describeRecordConflict,
	indexTraffic: func(at trafficIndex, a spec.Address) {
		key := a.Parent + "/" + recordName(a)
		at.records[key] = append(at.records[key], a)
	},
	orderTraffic: func(_ *planning, at trafficIndex, a spec.Address, lead func([]spec.Address)) {
		lead(at.routes[a.Parent+"/"+spec.RouteHost(recordName(a))])
	},
}

// recordName returns a record's name, which follows the type in its address.
func recordName(a spec.Address) string {
	_, name, _ := strings.Cut(a.Name, "/")
	return name
}

// compareDNSRecords does not take over a record if others have the same name
// and type: it is not clear which one is meant.
func compareDNSRecords(p *planning, desired spec.Resource, live *spec.Live) *Change {
	c := p.zoneResourceChange(desired, live)
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

// conflictingRecords returns the live records that rule out a new one: a name
// with a CNAME can have no other record. Source: API errors 81053 and 81054.
func conflictingRecords(p *planning, desired spec.Resource) []spec.Address {
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

func describeRecordConflict(other spec.Address) string {
	kind, _, _ := strings.Cut(other.Name, "/")
	return fmt.Sprintf("the name already has a record of type %s, and a CNAME must be the only record of its name", kind)
}
