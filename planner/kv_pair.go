package planner

import (
	"fmt"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// KV pairs carry their owner in their metadata, so unowned and foreign pairs
// are treated like scripts.
var kvPairOps = kindOps{
	kind:         spec.KindKVPair,
	compare:      compareKVPairs,
	inspect:      inspectKVPair,
	disposition:  scriptDisposition,
	removalBlock: scriptRemovalBlock,
	undeclared:   undeclaredKVPairs,
}

// maxValuesRead limits how many values a plan reads in order to show them: each
// takes a request, and a run may rewrite a whole table.
const maxValuesRead = 100

// compareKVPairs compares values by digest, and everything else as the list
// shows it.
func compareKVPairs(p *planning, desired spec.Resource, live *spec.Live) *Change {
	if refused := p.ownershipConflict(desired, live); refused != nil {
		return refused
	}
	is, wanted := live.Resource.(*spec.KVPair), desired.(*spec.KVPair)
	before, after := is.Canonical(), wanted.Canonical()
	if is.ValueDigest() == wanted.ValueDigest() {
		before["value"] = after["value"] // the live value may not have been read
	}
	fields := diff(before, after)
	switch {
	case live.Revision.Owner == "" && len(fields) == 0:
		return &Change{Action: Adopt, Reason: ReasonUnmanaged}
	case live.Revision.Owner == "":
		return takeOver(fields)
	case len(fields) == 0 && is.MarkDigest == wanted.ValueDigest():
		return nil
	case is.MarkDigest != is.ValueDigest():
		return &Change{Action: Update, Reason: ReasonDrifted, Fields: fields}
	}
	return &Change{Action: Update, Reason: ReasonChanged, Fields: fields}
}

// inspectKVPair reads values that are about to be replaced, or all of them with
// [Options.Refresh].
func inspectKVPair(p *planning, desired spec.Resource, live *spec.Live) bool {
	owner := live.Revision.Owner
	switch {
	case owner != "" && owner != p.desired.Name, owner == "" && !desired.Meta().Adopt:
		return false
	case p.options.Refresh:
		return true
	}
	return live.Resource.(*spec.KVPair).ValueDigest() != desired.(*spec.KVPair).ValueDigest()
}

// mayRead reports whether one more resource may be read whole. It limits values
// that are read only to be shown.
func (p *planning) mayRead(r spec.Resource) bool {
	if r.Address().Kind != spec.KindKVPair || p.options.Refresh {
		return true
	}
	p.valuesRead++
	return p.valuesRead <= maxValuesRead
}

func undeclaredKVPairs(stack string, c spec.Collection, n int) diag.Diagnostic {
	return diag.Diagnostic{
		Severity: diag.Warning,
		Rule:     RuleUndeclaredCollection,
		Message:  fmt.Sprintf("KV pairs in KV namespace %q: %d managed by stack %q, but the file declares none, so they are left alone", c.Parent, n, stack),
		Hint:     "write `kv_pairs: {}` to remove them",
	}
}
