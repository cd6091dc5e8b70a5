package planner

import (
	"fmt"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// KV pairs carry their owner in their metadata, so what is said of scripts that
// nobody, or another stack, has marked holds for them as well.
var kvPairColumn = column{
	kind:       spec.KindKVPair,
	compare:    compareKVPairs,
	inspect:    inspectKVPair,
	standing:   scriptStanding,
	removable:  scriptRemovable,
	undeclared: undeclaredKVPairs,
}

// mostValuesRead is how many values a plan reads to show what they were: each is
// a request, and a table may be written anew as a whole.
const mostValuesRead = 100

// compareKVPairs compares values by their digests, and all else as it is listed.
func compareKVPairs(p *planning, desired spec.Resource, live *spec.Live) *Change {
	if refused := p.notOursToWrite(desired, live); refused != nil {
		return refused
	}
	is, wanted := live.Resource.(*spec.KVPair), desired.(*spec.KVPair)
	before, after := is.Canonical(), wanted.Canonical()
	if is.ValueDigest() == wanted.ValueDigest() {
		before["value"] = after["value"] // it may not have been read
	}
	fields := diff(before, after)
	switch {
	case live.Revision.Owner == "" && len(fields) == 0:
		return &Change{Action: Adopt, Reason: ReasonUnmanaged}
	case live.Revision.Owner == "":
		return taken(fields)
	case len(fields) == 0 && is.MarkDigest == wanted.ValueDigest():
		return nil
	case is.MarkDigest != is.ValueDigest():
		return &Change{Action: Update, Reason: ReasonDrifted, Fields: fields}
	}
	return &Change{Action: Update, Reason: ReasonChanged, Fields: fields}
}

// inspectKVPair lets a value be read where it is to be replaced, and all when
// nothing is to be taken from marks.
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

// mayRead reports whether one more resource may be read whole: of values that are
// only to be shown, there is an end.
func (p *planning) mayRead(r spec.Resource) bool {
	if r.Address().Kind != spec.KindKVPair || p.options.Refresh {
		return true
	}
	p.valuesRead++
	return p.valuesRead <= mostValuesRead
}

func undeclaredKVPairs(stack string, c spec.Collection, n int) diag.Diagnostic {
	return diag.Diagnostic{
		Severity: diag.Warning,
		Rule:     RuleUndeclaredCollection,
		Message:  fmt.Sprintf("KV pairs in KV namespace %q: %d managed by stack %q, but the file declares none, so they are left alone", c.Parent, n, stack),
		Hint:     "write `kv_pairs: {}` to remove them",
	}
}
