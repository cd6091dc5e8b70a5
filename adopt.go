package wfpsync

import (
	"context"
	"fmt"
	"path"
	"slices"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// Adopt plans to mark Workers of the account as the stack's, without changing
// anything else about them. A pattern is an address, or one in which * stands
// for any part of a name. A pattern matches only Workers that the file
// declares; an address matches any.
func (p *Project) Adopt(ctx context.Context, account *Account, patterns []string) (*planner.Plan, error) {
	t := account.target
	t.mu.Lock()
	defer t.mu.Unlock()
	if !p.built { // even if lists that look for user Workers are not resolved: those are not adopted
		if err := buildEach(ctx, p); err != nil {
			return nil, err
		}
	}
	if err := p.Err(); err != nil {
		return nil, err
	}
	defer p.forgetFindings()()
	if t.local != nil {
		if err := t.local.addZones(t.info.ID, p.stack); err != nil {
			return nil, err
		}
	}
	live, err := t.readWorkers(ctx, p.stack, patterns)
	if err != nil {
		return nil, err
	}
	addresses, err := matching(live, p.stack, patterns)
	if err != nil {
		return nil, err
	}
	if err := t.unguarded.Inspect(ctx, live, planner.InspectAdoption(p.stack, live, addresses)); err != nil {
		return nil, err
	}
	plan, err := planner.Adoption(p.stack, live, addresses, planner.Options{Mode: planner.Apply, Tool: t.userAgent})
	if err != nil {
		return nil, err
	}
	return p.finish(t, plan), nil
}

// readWorkers reads what the stack refers to, and the collections that the
// patterns may match.
func (t *target) readWorkers(ctx context.Context, stack *spec.Stack, patterns []string) (*spec.Snapshot, error) {
	collections := stack.Scope()
	for _, pattern := range patterns {
		if address, err := spec.ParseAddress(pattern); err == nil && address.Kind == spec.KindUserWorker && !isPattern(address.Parent) {
			collections = append(collections, address.Collection())
		}
	}
	t.unguarded.SetKeyPrefixes(stack.ReadPrefixes())
	live, err := t.Read(ctx, stack.Name, collections)
	if err != nil {
		return nil, err
	}
	live.Account = t.info
	return live, nil
}

func isPattern(text string) bool {
	return path.Base(text) == text && slices.ContainsFunc([]byte(text), isSpecial)
}

func isSpecial(c byte) bool { return c == '*' || c == '?' || c == '[' }

// matching returns the live Workers that patterns match.
func matching(live *spec.Snapshot, stack *spec.Stack, patterns []string) ([]spec.Address, error) {
	var addresses []spec.Address
	for _, pattern := range patterns {
		wanted, err := spec.ParseAddress(pattern)
		if err != nil {
			return nil, err
		}
		found := false
		for _, a := range live.Addresses() {
			if a.Kind != wanted.Kind {
				continue
			}
			_, declared := stack.Lookup(a)
			if match, _ := path.Match(pattern, a.String()); a == wanted || match && declared {
				addresses, found = append(addresses, a), true
			}
		}
		if !found {
			return nil, fmt.Errorf("no Worker of the stack file that is in the account has the address %s", pattern)
		}
	}
	slices.SortFunc(addresses, spec.Address.Compare)
	return slices.Compact(addresses), nil
}
