package main

import (
	"context"

	"github.com/wfpsync/wfpsync/spec"
)

// discovers reports whether the stack is not known yet, because the account has to
// say which user Workers its lists find.
func (p *project) discovers() bool { return p.live == nil && len(p.stack.Discoveries) > 0 }

// buildUnlessDiscovering is [project.build] of a stack that is known whole. Of the
// others, [app.discover] builds the code when it is.
func (p *project) buildUnlessDiscovering(ctx context.Context) error {
	if p.discovers() {
		return nil
	}
	return p.build(ctx)
}

// discover asks the account which user Workers the stack's lists find, and reads
// the stack file again with those. A stack that looks for none stays what it is.
func (a *app) discover(ctx context.Context, c *connection, p *project) (*project, error) {
	if !p.discovers() {
		return p, nil
	}
	live, err := c.Discover(ctx, p.stack.Name, p.stack.Discoveries)
	if err != nil {
		return nil, err
	}
	known, err := a.openProjectKnowing(live)
	if err != nil {
		return nil, err
	}
	if err := known.build(ctx); err != nil {
		return nil, err
	}
	return known, known.diagnostics.Err()
}

// readBeyond reads collections that were not read to discover user Workers, and
// adds those that were.
func (c *connection) readBeyond(ctx context.Context, stack string, collections []spec.Collection, known *spec.Snapshot) (*spec.Snapshot, error) {
	if known == nil {
		return c.Read(ctx, stack, collections)
	}
	var rest []spec.Collection
	for _, collection := range collections {
		if !known.Read(collection) {
			rest = append(rest, collection)
		}
	}
	live, err := c.Read(ctx, stack, rest)
	if err != nil {
		return nil, err
	}
	live.Add(known)
	return live, nil
}
