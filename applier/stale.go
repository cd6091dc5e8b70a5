package applier

import (
	"context"
	"maps"
	"slices"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// StaleChange is a change whose resource has changed since the plan was made.
// Before or Now is nil if the resource did not, or does not, exist.
type StaleChange struct {
	Address spec.Address
	Before  *spec.Revision
	Now     *spec.Revision
}

// FindStale reads the collections that a plan touches and returns its stale
// changes, in the plan's order.
func FindStale(ctx context.Context, target Target, plan *planner.Plan) ([]StaleChange, error) {
	desired := plan.Desired()
	collections := map[spec.Collection]bool{}
	for _, c := range desired.FormerCollections() {
		collections[c] = true
	}
	for _, c := range plan.Changes {
		collections[c.Address.Collection()] = true
	}
	now, err := target.Read(ctx, plan.Stack, slices.SortedFunc(maps.Keys(collections), spec.Collection.Compare))
	if err != nil {
		return nil, err
	}
	now.ApplyRenames(desired)
	var moved []StaleChange
	for _, c := range plan.Changes {
		var current *spec.Revision
		if live := now.Resources[c.Address]; live != nil {
			current = &live.Revision
		}
		switch {
		case c.Prior == nil && current == nil:
		case c.Prior == nil || current == nil || !c.Prior.Same(*current):
			moved = append(moved, StaleChange{Address: c.Address, Before: c.Prior, Now: current})
		}
	}
	return moved, nil
}
