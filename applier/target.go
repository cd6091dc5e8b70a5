// Package applier makes a plan so: it runs the changes of a [planner.Plan]
// against a [Target], each as soon as what it depends on is done, and tells
// what happens as typed events.
//
// There is no state to keep: every operation is idempotent and every upload
// describes itself, so whatever an interrupted run has left is what the next
// plan starts from.
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

	// Put creates or replaces a resource and returns its new revision. The error is
	// [spec.ErrVanished] where a template was to write what is gone.
	Put(ctx context.Context, w spec.Write) (spec.Revision, error)

	// Revisit reads resources once more, as far as it takes to see who wrote them
	// last. Those that are gone are not in the snapshot. alone: each is asked for by
	// itself, and not in a list.
	Reread(ctx context.Context, addresses []spec.Address, alone bool) (*spec.Snapshot, error)

	// Delete removes a resource. One that is gone already is no error.
	Delete(ctx context.Context, a spec.Address, prior spec.Revision) error

	// Capture reads a script whole, code and settings, before a change replaces
	// it. Nobody can read its secrets.
	Capture(ctx context.Context, a spec.Address, prior spec.Revision) (*spec.Live, error)

	// Restore takes a write back, unless somebody else has written since, and
	// returns the revision that there is then.
	Restore(ctx context.Context, r spec.Restoration) (spec.Revision, error)

	// Doubt marks a script that was just written, whose revision is the write's
	// prior one, as not having proved itself. Before are the revisions it had before.
	MarkUnproven(ctx context.Context, w spec.Write, before []spec.Revision) (spec.Revision, error)
}
