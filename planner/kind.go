package planner

import (
	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// column is what planning knows of one kind.
type column struct {
	kind spec.Kind

	// compare says what a live resource needs to become the desired one: a
	// change without its address and resource, or nil when nothing.
	compare func(p *planning, desired spec.Resource, live *spec.Live) *Change

	// replaces are the differences that nothing but a new resource can bring
	// about; nil where everything can be changed in place.
	replaces func(desired spec.Resource, live *spec.Live) []FieldChange

	// inspect says whether a resource must be read whole before it can be
	// compared; nil where a list shows everything. It changes nothing: it is asked
	// of several at once.
	inspect func(p *planning, desired spec.Resource, live *spec.Live) bool

	// standing says what a live resource is to the stack that does not want it.
	standing func(p *planning, a spec.Address, live *spec.Live) standing

	// removable says what stands in the way of removing a live resource that
	// the file lists under `removed`.
	removable func(p *planning, a spec.Address, live *spec.Live) *Block
	// rivals are the live resources that a new one cannot be beside, and
	// describeRival says why; nil where there are none.
	rivals        func(p *planning, desired spec.Resource) []spec.Address
	describeRival func(spec.Address) string

	// undeclared warns of n live resources with that standing. Kinds that
	// cannot have it have none.
	undeclared func(stack string, c spec.Collection, n int) diag.Diagnostic

	// traffic notes what a changed resource leads requests to, or is led to by, and
	// follow orders one behind what it leads to; nil where a kind has nothing of it.
	traffic func(at trafficIndex, a spec.Address)
	follow  func(p *planning, at trafficIndex, a spec.Address, lead func([]spec.Address))

	// guard names what must be acknowledged before one is deleted, or "".
	guard string
}

// columns is every kind there is.
var columns = byKind(table)

// table is every kind that is not a store like others. A new one is a file of its own
// and a line here.
var table = []column{
	cronTriggersColumn, customDomainColumn, customHostnameColumn, dispatchNamespaceColumn, dnsRecordColumn,
	kvNamespaceColumn, kvPairColumn, queueConsumerColumn, routeColumn, userWorkerColumn, workerColumn,
	workerSubdomainColumn,
}

func byKind(table []column) map[spec.Kind]column {
	found := map[spec.Kind]column{}
	for _, k := range spec.Kinds() {
		if k.Store {
			found[k.Kind] = storeColumn(k)
		}
	}
	for _, c := range table {
		found[c.kind] = c
	}
	return found
}

// standing is what a live resource is to a stack that does not want it.
type standing int

const (
	notOurs    standing = iota // of no interest, and not counted
	unowned                    // carries no mark
	foreign                    // carries another stack's mark
	undeclared                 // ours, but the file does not declare its collection
	toRemove                   // ours, and to go
)
