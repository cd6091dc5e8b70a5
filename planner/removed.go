package planner

import (
	"fmt"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// This file handles what a stack file says about resources that it does not
// declare: `removed`, `protect`, `external` and `unmanaged`.

const blockedByProtection = "protection"

// removalBlock returns why a live resource must not be removed: it is
// protected, or the file lists one that is not the stack's. It is nil
// otherwise.
func (p *planning) removalBlock(a spec.Address, live *spec.Live) *Block {
	if block := p.protection(a, live); block != nil || !p.desired.Removes(a) {
		return block
	}
	return ops[a.Kind].removalBlock(p, a, live)
}

// noRemovalBlock is for kinds that have no owner: listing a resource under
// `removed` claims it.
func noRemovalBlock(*planning, spec.Address, *spec.Live) *Block { return nil }

// willDelete reports whether a live resource that is not desired will be
// deleted.
func (p *planning) willDelete(a spec.Address, live *spec.Live) bool {
	if p.desired.Removes(a) {
		return true
	}
	return !p.desired.IsExternal(a) && ops[a.Kind].disposition(p, a, live) == removed
}

// protection blocks the deletion of a protected resource. Its mark may say so,
// or the file that is about to destroy it.
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

// checkExternal reports external resources that the account does not have.
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

// checkUnmanaged treats unmanaged resources as the file's `unmanaged` says.
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
