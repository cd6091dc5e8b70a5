package account

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wfpsync/wfpsync/spec"
)

// MovedError says that a resource was not written because it is not what it was
// when the plan was made. Before or Now is nil if it did not, or does not,
// exist.
type MovedError struct {
	Address     spec.Address
	Before, Now *spec.Revision
}

func (e *MovedError) Error() string {
	return e.how() + " since the plan was made; it was left unchanged"
}

func (e *MovedError) how() string {
	switch {
	case e.Now == nil:
		return "it was deleted"
	case e.Before == nil:
		return "it was created" + writer(e.Now)
	default:
		return "it was changed" + writer(e.Now)
	}
}

// writer returns who wrote a revision, and when, as far as the revision tells.
func writer(r *spec.Revision) string {
	var text string
	switch {
	case r.Mark == nil || r.Drifted():
		text = " by another program"
	case r.Owner != "" || r.Template != "":
		text = fmt.Sprintf(" by a run for the stack %q", cmp.Or(r.Owner, r.Template))
	}
	if !r.ModifiedOn.IsZero() {
		text += " at " + r.ModifiedOn.UTC().Format(time.RFC3339)
	}
	return text
}

// IsMoved reports whether an error is a [*MovedError].
func IsMoved(err error) bool { return errors.As(err, new(*MovedError)) }

// IsUnknown reports whether a prior revision has nothing to compare, as that of
// a bucket.
func IsUnknown(prior *spec.Revision) bool { return prior != nil && *prior == spec.Revision{} }

// Compare reports whether a write is already done. The error says that it would
// overwrite something that the plan does not know.
func Compare(w spec.Write, now, revision *spec.Revision) (done bool, err error) {
	switch {
	case Unmoved(w.Prior, now):
		return false, nil
	case now != nil && describes(w, now):
		*revision = *now
		return true, nil
	default:
		return false, &MovedError{Address: w.Resource.Address(), Before: w.Prior, Now: now}
	}
}

// Unmoved reports whether two revisions are of the same state. Only scripts
// have a time that changes with their own writes alone.
func Unmoved(prior, now *spec.Revision) bool {
	switch {
	case prior == nil || now == nil:
		return prior == nil && now == nil
	case prior.Mark != nil || now.Mark != nil || prior.ID == "":
		return prior.Same(*now)
	default:
		return prior.ID == now.ID && prior.ETag == now.ETag
	}
}

// Gone reports whether the resource to be deleted is gone. The error says that
// it is not the resource that was to be deleted.
func Gone(address spec.Address, prior spec.Revision, now *spec.Revision) (bool, error) {
	switch {
	case now == nil:
		return true, nil
	case IsUnknown(&prior) || Unmoved(&prior, now):
		return false, nil
	default:
		return false, &MovedError{Address: address, Before: &prior, Now: now}
	}
}

// describes reports whether a live resource is already what a write would make
// of it: because an attempt whose response was lost did so, or another run for
// the same stack.
func describes(w spec.Write, now *spec.Revision) bool {
	switch r := w.Resource.(type) {
	case *spec.DNSRecord:
		return now.ETag == recordTag(r, w.Stack)
	case *spec.CustomHostname:
		owner := now.Owner
		if r.CustomMetadata != nil {
			owner = w.Stack
		}
		return now.ETag == hostnameTag(r, owner)
	}
	scripted, ok := w.Resource.(spec.Scripted)
	if !ok || now.Mark == nil || now.Drifted() {
		return false
	}
	script := scripted.AsScript()
	if w.SecretsOnly && (w.Fingerprints == "" || now.Mark.Secrets != now.Mark.WithSecrets(w.Fingerprints).Secrets) {
		return false // nothing shows that the values are there
	}
	if mine := ownershipAfter(w, *now.Mark); now.Owner != mine.Owner || now.Template != mine.Template {
		return false
	}
	return script.Code != nil && now.Mark.Describes(script.Code.Digest, script.Digest()) &&
		now.Mark.DescribesAssets(script.Assets) && now.Mark.Protected == w.Resource.Meta().Protect
}

// markedAlike reports whether two revisions have the same mark.
func markedAlike(a, b *spec.Revision) bool {
	return a != nil && b != nil && a.Mark != nil && sameMark(a.Mark, b.Mark)
}

// Look returns the revision that a resource has now, or nil if it does not
// exist. If it differs from the prior revision, Look also reads the list that
// the prior one came from, because the two endpoints may word it differently.
func (a *Account) Look(ctx context.Context, stack string, address spec.Address, prior *spec.Revision) (*spec.Revision, error) {
	if look := opsByKind[address.Kind].look; look != nil {
		now, err := look(ctx, a, address)
		switch {
		case IsNotFound(err):
			return nil, nil
		case err != nil:
			return nil, err
		}
		if prior != nil && address.Kind == spec.KindUserWorker && prior.ETag == "" {
			now.ETag = "" // the list of the prior revision does not show it
		}
		switch {
		case prior == nil || Unmoved(prior, &now):
			return &now, nil
		}
	}
	found, err := a.List(ctx, stack, address.Collection())
	if err != nil {
		return nil, err
	}
	return revisionIn(found, address), nil
}

// List reads a collection, as [Account.Read] does for a stack.
func (a *Account) List(ctx context.Context, stack string, c spec.Collection) ([]*spec.Live, error) {
	return opsByKind[c.Kind].list(ctx, &reading{account: a, stack: stack}, c.Parent)
}

func revisionIn(found []*spec.Live, address spec.Address) *spec.Revision {
	for _, live := range found {
		if live.Resource.Address() == address {
			return &live.Revision
		}
	}
	return nil
}
