package guarded

import (
	"context"
	"slices"

	"github.com/wfpsync/wfpsync/internal/account"
	"github.com/wfpsync/wfpsync/spec"
)

// BatchSize returns how many changes of a kind [Account.PutAll] and
// [Account.DeleteAll] take at once, or 1 if each change of that kind is its own
// request.
func (g *Account) BatchSize(kind spec.Kind) int { return g.behind.BatchSize(kind) }

// PutAll does what [Account.Put] does, for many resources of one collection.
// [Account.BatchSize] of their kind must be more than 1. Each resource has its
// own result, and together they take as few requests as the API allows. KV
// overwrites silently, so a pair that is not what its write is to replace is
// left unchanged, with a [*account.MovedError].
func (g *Account) PutAll(ctx context.Context, writes []spec.Write) ([]spec.Revision, []error) {
	defer g.expected.Add(-1)
	errs := make([]error, len(writes))
	revisions := make([]spec.Revision, len(writes))
	addresses := make([]spec.Address, len(writes))
	for i, w := range writes {
		addresses[i] = w.Resource.Address()
	}
	namespaceID, err := g.behind.KVNamespaceOf(ctx, writes)
	if err != nil {
		return revisions, slices.Repeat([]error{err}, len(errs))
	}
	now, writing, release, err := g.reserve(ctx, addresses[0].Parent, namespaceID, keysOf(addresses))
	if err != nil {
		return revisions, slices.Repeat([]error{err}, len(errs))
	}
	defer release()
	var open []spec.Write
	var indexes []int
	for i, w := range writes {
		current, exists := now[addresses[i].Name]
		switch {
		case exists && current.ETag == account.KVPairTag(w.Resource.(*spec.KVPair), w.Stack) && !account.Unmoved(w.Prior, &current):
			revisions[i] = current // an attempt whose response was lost has done it, or another run for the same stack
		case exists != (w.Prior != nil) || exists && !account.Unmoved(w.Prior, &current):
			errs[i] = moved(addresses[i], w.Prior, current, exists)
		default:
			open, indexes = append(open, w), append(indexes, i)
		}
	}
	if len(open) == 0 {
		return revisions, errs
	}
	made, failed := g.behind.PutKVPairs(writing, namespaceID, open)
	for i, at := range indexes {
		revisions[at], errs[at] = made[i], failed[i]
	}
	return revisions, errs
}

// DeleteAll does what [Account.Delete] does, for many resources of one
// collection; see [Account.PutAll].
func (g *Account) DeleteAll(ctx context.Context, addresses []spec.Address, priors []spec.Revision) []error {
	defer g.expected.Add(-1)
	errs := make([]error, len(addresses))
	now, writing, release, err := g.reserve(ctx, addresses[0].Parent, priors[0].ID, keysOf(addresses))
	if account.IsNotFound(err) {
		return errs // the namespace was deleted, with everything in it
	}
	if err != nil {
		return slices.Repeat([]error{err}, len(errs))
	}
	defer release()
	var open []spec.Address
	var openPriors []spec.Revision
	var indexes []int
	for i, address := range addresses {
		current, exists := now[address.Name]
		switch {
		case !exists: // it is gone
		case !account.Unmoved(&priors[i], &current):
			errs[i] = moved(address, &priors[i], current, exists)
		default:
			open, openPriors, indexes = append(open, address), append(openPriors, priors[i]), append(indexes, i)
		}
	}
	if len(open) == 0 {
		return errs
	}
	for i, err := range g.behind.DeleteKVPairs(writing, open, openPriors) {
		errs[indexes[i]] = err
	}
	return errs
}

func keysOf(addresses []spec.Address) []string {
	keys := make([]string, len(addresses))
	for i, a := range addresses {
		keys[i] = a.Name
	}
	return keys
}

func moved(address spec.Address, before *spec.Revision, now spec.Revision, exists bool) error {
	e := &account.MovedError{Address: address, Before: before}
	if exists {
		e.Now = &now
	}
	return e
}

// reserve waits until some pairs may be written, and returns what they are at
// that moment.
func (g *Account) reserve(ctx context.Context, title, namespaceID string, keys []string) (now map[string]spec.Revision, writing context.Context, release func(), err error) {
	writing, release, err = g.behind.Reserve(ctx, func() (err error) {
		now, err = g.behind.LookAtKVPairs(ctx, title, namespaceID, keys)
		return err
	})
	return now, writing, release, err
}
