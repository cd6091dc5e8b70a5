package wfpsync

import (
	"cmp"
	"context"
	"slices"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// Plan compares the project with an account. It builds the code first, unless
// [Project.Build] has. If the file or its code is wrong, the error has the
// diagnostics. Problems with the account are in the plan's diagnostics and in
// its blocked changes.
//
// Options have defaults: Mode is [planner.Apply], Tool is the account's user
// agent, and Secrets are read if the project has a key for them.
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

// prepare completes the stack and builds its code. Destroying needs neither: no
// code, and no discovered user Workers, because the stack does not own them.
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

// finish adds the project's diagnostics to a plan, and gives the account the
// sources of the code that it is about to upload.
func (p *Project) finish(t *target, plan *planner.Plan) *planner.Plan {
	t.sources = p.sources()
	p.note(plan.Diagnostics)
	plan.Diagnostics = p.diagnostics
	return plan
}

// forgetFindings returns a function that removes the diagnostics of a plan from
// the project.
func (p *Project) forgetFindings() func() {
	before := slices.Clip(p.diagnostics)
	return func() { p.diagnostics = before }
}

// mustDiscover reports whether the stack is not complete yet because its lists
// look for user Workers in the account.
func (p *Project) mustDiscover() bool { return p.live == nil && len(p.stack.Discoveries) > 0 }

// discover finds the user Workers that the stack's lists look for, and reads
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

// readLive reads the part of the account that planning a stack needs, in
// addition to what is known.
func (t *target) readLive(ctx context.Context, stack *spec.Stack, known *spec.Snapshot, options planner.Options) (*spec.Snapshot, error) {
	t.unguarded.SetKeyPrefixes(stack.ReadPrefixes())
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
	if err := t.unguarded.ReadMore(ctx, live, more); err != nil {
		return nil, err
	}
	if err := t.unguarded.SearchOrphans(ctx, stack.Name, live, planner.OrphanSearch(stack, live, options)); err != nil {
		return nil, err
	}
	return live, t.unguarded.Inspect(ctx, live, planner.Inspect(stack, live, options))
}

// readRest reads those of the collections that are not in known, and adds
// known.
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
