package guarded

import (
	"context"
	"slices"

	"github.com/wfpsync/wfpsync/internal/account"
	"github.com/wfpsync/wfpsync/spec"
)

// BatchSize is how many changes of a kind [Account.PutAll] and [Account.DeleteAll] take
// at once; 1 for kinds of which each is a request of its own.
func (g *Account) BatchSize(kind spec.Kind) int { return g.behind.BatchSize(kind) }

// PutAll is [Account.Put] of many resources of one collection, of a kind for
// which [Account.BatchSize] is more than 1: each has a result of its own, and they
// take as few requests as the API lets them. One that is not what its write says
// to replace is left as it is, with a [*account.MovedError]: KV overwrites without a word.
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
			revisions[i] = current // a run whose answer was lost has made it so, or another run for the same stack
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

// DeleteAll is [Account.Delete] of many resources of one collection; see
// [Account.PutAll].
func (g *Account) DeleteAll(ctx context.Context, addresses []spec.Address, priors []spec.Revision) []error {
	defer g.expected.Add(-1)
	errs := make([]error, len(addresses))
	now, writing, release, err := g.reserve(ctx, addresses[0].Parent, priors[0].ID, keysOf(addresses))
	if account.IsNotFound(err) {
		return errs // the namespace went, and everything in it
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

// lookAhead is what some pairs are, seen when it is the turn of who writes them.
func (g *Account) reserve(ctx context.Context, title, namespaceID string, keys []string) (now map[string]spec.Revision, writing context.Context, release func(), err error) {
	writing, release, err = g.behind.Reserve(ctx, func() (err error) {
		now, err = g.behind.LookAtKVPairs(ctx, title, namespaceID, keys)
		return err
	})
	return now, writing, release, err
}
