package planner

import (
	"fmt"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// This file is what a stack file says about things beyond what it declares: what
// is to be absent, protected, somebody else's, or nobody's.

const blockedByProtection = "protection"

// inTheWay is what keeps a live resource from being removed: that it is
// protected, or that the file lists what is not its to remove.
func (p *planning) inTheWay(a spec.Address, live *spec.Live) *Block {
	if block := p.protection(a, live); block != nil || !p.desired.Removes(a) {
		return block
	}
	return columns[a.Kind].removable(p, a, live)
}

// alwaysRemovable is for kinds that cannot say whose they are: to list one is
// to say that it is ours.
func alwaysRemovable(*planning, spec.Address, *spec.Live) *Block { return nil }

// goes reports whether a live resource that is not wanted is to be deleted.
func (p *planning) goes(a spec.Address, live *spec.Live) bool {
	if p.desired.Removes(a) {
		return true
	}
	return !p.desired.IsExternal(a) && columns[a.Kind].standing(p, a, live) == toRemove
}

// protection blocks the deletion of what is protected: by its mark, or by the
// file that is about to destroy it.
func (p *planning) protection(a spec.Address, live *spec.Live) *Block {
	block := &Block{By: blockedByProtection, Message: "it is protected"}
	if mark := live.Revision.Mark; mark != nil && mark.Protected {
		block.Hint = "apply it once with `protect: false`, then remove it"
		return block
	}
	if r, declared := p.desired.Lookup(a); declared && r.Meta().Protect {
		block.Hint = "take `protect: true` out of the file first"
		return block
	}
	return nil
}

// checkExternal finds what the file leaves to somebody else who does not have it.
func (p *planning) checkExternal() {
	for _, external := range p.desired.External {
		if _, exists := p.live.Resources[external.To]; exists || !p.live.Read(external.To.Collection()) {
			continue
		}
		p.diagnostics = append(p.diagnostics, diag.Diagnostic{
			Severity: diag.Error,
			Rule:     RuleMissingReference,
			Message:  fmt.Sprintf("%s is external, and not in the account", external.To),
			Hint:     "have it created first, or let this stack do so: remove `external: true`",
			Range:    external.At,
		})
	}
}

// checkUnmanaged does with what no stack manages as the file says.
func (p *planning) checkUnmanaged() {
	for collection, policy := range p.desired.Unmanaged {
		counted := p.unmanaged[collection]
		if counted == nil {
			continue
		}
		switch {
		case policy.Treatment == spec.UnmanagedIgnore:
			delete(p.unmanaged, collection)
		case policy.Treatment == spec.UnmanagedError && counted.Unowned > 0:
			p.diagnostics = append(p.diagnostics, diag.Diagnostic{
				Severity: diag.Error,
				Rule:     RuleUnmanaged,
				Message:  fmt.Sprintf("the dispatch namespace %q holds user Workers that no stack manages: %d", collection.Parent, counted.Unowned),
				Hint:     "adopt them (`adopt: true`), remove them, or set `unmanaged: report`",
				Range:    policy.At,
			})
		}
	}
}
