package planner

import (
	"slices"

	"github.com/wfpsync/wfpsync/spec"
)

// Desired returns the stack that the plan leads to: the resources that it
// writes, and the collections that it deletes from.
func (p *Plan) Desired() *spec.Stack {
	stack := &spec.Stack{Name: p.Stack, AccountID: p.Account.ID}
	for _, c := range p.Changes {
		if c.Desired != nil {
			stack.Resources = append(stack.Resources, c.Desired)
		}
		stack.Collections = append(stack.Collections, c.Address.Collection())
	}
	slices.SortFunc(stack.Collections, spec.Collection.Compare)
	stack.Collections = slices.Compact(stack.Collections)
	stack.KeyPrefixes = p.keyPrefixes()
	return stack
}

// keyPrefixes returns, for each KV namespace, the common prefix of the keys
// that the plan touches.
func (p *Plan) keyPrefixes() map[spec.Collection]string {
	keys := map[spec.Collection][]string{}
	for _, c := range p.Changes {
		if c.Address.Kind == spec.KindKVPair {
			keys[c.Address.Collection()] = append(keys[c.Address.Collection()], c.Address.Name)
		}
	}
	prefixes := map[spec.Collection]string{}
	for collection, touched := range keys {
		prefixes[collection] = spec.KeyPrefix(touched)
	}
	return prefixes
}

// Replan returns what the changes at some addresses would be if the plan were
// made now. The result is for display only and must not be applied: it has no
// other changes.
func Replan(p *Plan, live *spec.Snapshot, addresses []spec.Address, options Options) (*Plan, error) {
	options.Allow = append(slices.Clone(options.Allow), GuardMaxDelete, GuardMaxUpdate) // shares mean nothing for part of a plan
	again, err := New(p.Desired(), live, options)
	if err != nil {
		return nil, err
	}
	again.Changes = slices.DeleteFunc(again.Changes, func(c Change) bool { return !slices.Contains(addresses, c.Address) })
	for i := range again.Changes {
		j := slices.IndexFunc(p.Changes, func(c Change) bool { return c.Address == again.Changes[i].Address })
		again.Changes[i].At = p.Changes[j].At
	}
	again.Diagnostics, again.Unmanaged, again.Guards, again.Code, again.LiveCode, again.Assets = nil, nil, nil, nil, nil, nil
	again.Summary = summarize(again.Changes, 0)
	return again, again.seal()
}
