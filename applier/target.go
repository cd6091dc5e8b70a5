// Package applier applies a [planner.Plan] to a [Target]. It makes each change
// as soon as those that it depends on are done, and reports what happens as
// typed events.
//
// There is no state to keep. Every operation is idempotent and every upload
// describes itself, so the next plan simply starts from whatever an interrupted
// run has left.
package applier

import (
	"context"

	"github.com/wfpsync/wfpsync/spec"
)

// Target is the account that a plan is applied to.
type Target interface {
	// Read lists the collections. Resources that the given stack owns are
	// recognised by their marks.
	Read(ctx context.Context, stack string, collections []spec.Collection) (*spec.Snapshot, error)

	// Put creates or replaces a resource and returns its new revision. The
	// error is [spec.ErrVanished] if a template's Worker was deleted.
	Put(ctx context.Context, w spec.Write) (spec.Revision, error)

	// Reread reads as much of the resources as it takes to see which run wrote
	// them last. Deleted ones are not in the snapshot. alone requests each
	// resource by itself instead of in a list.
	Reread(ctx context.Context, addresses []spec.Address, alone bool) (*spec.Snapshot, error)

	// Delete removes a resource. If it was deleted already, that is not an
	// error.
	Delete(ctx context.Context, a spec.Address, prior spec.Revision) error

	// Capture reads a whole script, code and settings, before a change replaces
	// it. Its secrets cannot be read.
	Capture(ctx context.Context, a spec.Address, prior spec.Revision) (*spec.Live, error)

	// Restore undoes a write, unless another program has written since, and
	// returns the new revision.
	Restore(ctx context.Context, r spec.Restoration) (spec.Revision, error)

	// MarkUnproven changes the mark of a script that was just written to say
	// that it did not answer its probe. The write's prior revision is the
	// script's current one, and before are the earlier ones.
	MarkUnproven(ctx context.Context, w spec.Write, before []spec.Revision) (spec.Revision, error)
}
