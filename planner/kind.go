package planner

import (
	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// kindOps is what the planner does with resources of one kind.
type kindOps struct {
	kind spec.Kind

	// compare plans what turns a live resource into the desired one: a change
	// without its address and resource, or nil if they are equal.
	compare func(p *planning, desired spec.Resource, live *spec.Live) *Change

	// replaces returns the differences that only a new resource can bring
	// about; nil for kinds that can be changed in place.
	replaces func(desired spec.Resource, live *spec.Live) []FieldChange

	// inspect reports whether a resource must be read whole before it can be
	// compared; nil for kinds that a list shows completely. It runs in parallel
	// and must not change anything.
	inspect func(p *planning, desired spec.Resource, live *spec.Live) bool

	// disposition says what to do with a live resource that the stack does not
	// desire.
	disposition func(p *planning, a spec.Address, live *spec.Live) disposition

	// removalBlock returns why a live resource that the file lists under
	// `removed` must not be removed; nil if it may be.
	removalBlock func(p *planning, a spec.Address, live *spec.Live) *Block

	// conflicts returns the live resources that rule out a new one, and
	// describeConflict says why; nil for kinds without conflicts.
	conflicts        func(p *planning, desired spec.Resource) []spec.Address
	describeConflict func(spec.Address) string

	// undeclared warns of n live resources that are left alone because the file
	// does not declare their collection; nil for kinds without owners.
	undeclared func(stack string, c spec.Collection, n int) diag.Diagnostic

	// indexTraffic records what a changed resource leads requests to, or from
	// where; orderTraffic orders a change behind what it leads requests to.
	// Either may be nil.
	indexTraffic func(at trafficIndex, a spec.Address)
	orderTraffic func(p *planning, at trafficIndex, a spec.Address, lead func([]spec.Address))

	// guard names the guard that must be acknowledged before a resource is
	// deleted, or "".
	guard string
}

// ops are the operations of every kind.
var ops = byKind(table)

// table lists every kind that is not an ordinary store. A new kind is a file of
// its own and a line here.
var table = []kindOps{
	cronTriggersOps, customDomainOps, customHostnameOps, dispatchNamespaceOps, dnsRecordOps,
	kvNamespaceOps, kvPairOps, queueConsumerOps, routeOps, userWorkerOps, workerOps,
	workerSubdomainOps,
}

func byKind(table []kindOps) map[spec.Kind]kindOps {
	found := map[spec.Kind]kindOps{}
	for _, k := range spec.Kinds() {
		if k.Store {
			found[k.Kind] = storeOps(k)
		}
	}
	for _, c := range table {
		found[c.kind] = c
	}
	return found
}

// disposition says what to do with a live resource that the stack does not
// desire.
type disposition int

const (
	ignored    disposition = iota // left alone and not counted
	unowned                       // counted: no stack owns it
	foreign                       // counted: another stack owns it
	undeclared                    // warned of: ours, but the file does not declare its collection
	removed                       // deleted: ours
)
