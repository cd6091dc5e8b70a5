package wfpsync

import (
	"cmp"
	"context"
	"slices"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// Plan compares the project with an account. It builds the code first, unless [Project.Build] has. The error lists the
// diagnostics when the file or its code is wrong; what speaks against it in the account is in the plan's diagnostics and in its
// blocked changes.
//
// Options that are left out are the usual ones: Mode is [planner.Apply], Tool is the account's user agent, and Secrets are
// read if the project has a key for them.
func (p *Project) Plan(ctx context.Context, account *Account, o planner.Options) (*planner.Plan, error) {
	o.Mode, o.Tool = cmp.Or(o.Mode, planner.Apply), cmp.Or(o.Tool, account.target.userAgent)
	t := account.target
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := p.prepare(ctx, t, o.Mode); err != nil {
		return nil, err
	}
	defer p.forgetFindings()()
	if o.Secrets == nil {
		o.Secrets = p.secretValues()
	}
	zones, err := t.unguarded.ZonesOf(ctx, p.stack.HostsWithoutZone())
	if err != nil {
		return nil, err
	}
	p.note(p.stack.ResolveZones(zones))
	if err := p.Err(); err != nil {
		return nil, err
	}
	live, err := t.readLive(ctx, p.stack, p.live, o)
	if err != nil {
		return nil, err
	}
	plan, err := planner.New(p.stack, live, o)
	if err != nil {
		return nil, err
	}
	return p.finish(t, plan), nil
}

// prepare makes sure that the stack is known whole and its code is built. What is to be destroyed needs no code, and
// nothing that was discovered is the stack's to destroy.
func (p *Project) prepare(ctx context.Context, t *target, mode planner.Mode) error {
	if err := p.Err(); err != nil {
		return err
	}
	if t.local != nil {
		if err := t.local.addZones(t.info.ID, p.stack); err != nil {
			return err
		}
	}
	if mode == planner.Destroy {
		return nil
	}
	if p.live != nil { // an earlier plan has asked the account
		if err := p.reopen(nil); err != nil {
			return err
		}
	}
	if err := p.discover(ctx, t); err != nil {
		return err
	}
	if err := p.Build(ctx); err != nil {
		return err
	}
	return p.Err()
}

// finish gives a plan the findings of the project, and the account the sources of the code that it is about to get.
func (p *Project) finish(t *target, plan *planner.Plan) *planner.Plan {
	t.sources = p.sources()
	p.note(plan.Diagnostics)
	plan.Diagnostics = p.diagnostics
	return plan
}

// forgetFindings returns what takes back the findings of a plan, which are that plan's.
func (p *Project) forgetFindings() func() {
	before := slices.Clip(p.diagnostics)
	return func() { p.diagnostics = before }
}

// discovers reports whether the stack is not known yet, because the account has to
// say which user Workers its lists find.
func (p *Project) mustDiscover() bool { return p.live == nil && len(p.stack.Discoveries) > 0 }

// discover asks the account which user Workers the stack's lists find, and reads
// the stack file again with those.
func (p *Project) discover(ctx context.Context, t *target) error {
	if !p.mustDiscover() {
		return nil
	}
	live, err := t.Discover(ctx, p.stack.Name, p.stack.Discoveries)
	if err != nil {
		return err
	}
	return p.reopen(live)
}

// look reads what planning a stack needs of the account, beside what is known.
func (t *target) readLive(ctx context.Context, stack *spec.Stack, known *spec.Snapshot, options planner.Options) (*spec.Snapshot, error) {
	t.unguarded.Narrow(stack.ReadPrefixes())
	live, err := t.readRest(ctx, stack.Name, stack.Scope(), known)
	if err != nil {
		return nil, err
	}
	live.Account = t.info
	live.ApplyRenames(stack)
	more := planner.LeftoverCollections(stack, live, options)
	if t.local == nil {
		more = append(more, planner.DNSCollections(stack, live, options)...)
	}
	if err := t.unguarded.Extend(ctx, live, more); err != nil {
		return nil, err
	}
	if err := t.unguarded.LookElsewhere(ctx, stack.Name, live, planner.OrphanSearch(stack, live, options)); err != nil {
		return nil, err
	}
	return live, t.unguarded.Inspect(ctx, live, planner.Inspect(stack, live, options))
}

// readBeyond reads collections that were not read to discover user Workers, and
// adds those that were.
func (t *target) readRest(ctx context.Context, stack string, collections []spec.Collection, known *spec.Snapshot) (*spec.Snapshot, error) {
	if known == nil {
		return t.Read(ctx, stack, collections)
	}
	var rest []spec.Collection
	for _, collection := range collections {
		if !known.Read(collection) {
			rest = append(rest, collection)
		}
	}
	live, err := t.Read(ctx, stack, rest)
	if err != nil {
		return nil, err
	}
	live.Add(known)
	return live, nil
}
