package account

import (
	"context"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

// PutAll is [Cautious.Put] of many resources of one collection, of a kind for
// which [Account.Together] is more than 1: each has a result of its own, and they
// take as few requests as the API lets them. One that is not what its write says
// to replace is left as it is, with a [*MovedError]: KV overwrites without a word.
func (c *Cautious) PutAll(ctx context.Context, writes []spec.Write) ([]spec.Revision, []error) {
	defer c.expected.Add(-1)
	errs := make([]error, len(writes))
	revisions := make([]spec.Revision, len(writes))
	addresses := make([]spec.Address, len(writes))
	for i, w := range writes {
		addresses[i] = w.Resource.Address()
	}
	namespaceID, err := c.namespaceOfWrites(ctx, writes)
	if err != nil {
		return revisions, fill(errs, err)
	}
	now, turn, err := c.lookAhead(ctx, addresses[0].Parent, namespaceID, keysOf(addresses))
	if err != nil {
		return revisions, fill(errs, err)
	}
	defer turn.End()
	var open []spec.Write
	var places []int
	for i, w := range writes {
		current, exists := now[addresses[i].Name]
		switch {
		case exists && current.ETag == kvETag(w.Resource.(*spec.KVPair).MarkedMetadata(w.Stack)) && !unmoved(w.Prior, &current):
			revisions[i] = current // a run whose answer was lost has made it so, or another run for the same stack
		case exists != (w.Prior != nil) || exists && !unmoved(w.Prior, &current):
			errs[i] = moved(addresses[i], w.Prior, current, exists)
		default:
			open, places = append(open, w), append(places, i)
		}
	}
	if len(open) == 0 {
		return revisions, errs
	}
	made, failed := c.putKVPairs(turn.Context(ctx), namespaceID, open)
	for i, place := range places {
		revisions[place], errs[place] = made[i], failed[i]
	}
	return revisions, errs
}

// DeleteAll is [Cautious.Delete] of many resources of one collection; see
// [Cautious.PutAll].
func (c *Cautious) DeleteAll(ctx context.Context, addresses []spec.Address, priors []spec.Revision) []error {
	defer c.expected.Add(-1)
	errs := make([]error, len(addresses))
	now, turn, err := c.lookAhead(ctx, addresses[0].Parent, priors[0].ID, keysOf(addresses))
	if IsNotFound(err) {
		return errs // the namespace went, and everything in it
	}
	if err != nil {
		return fill(errs, err)
	}
	var open []spec.Address
	var openPriors []spec.Revision
	var places []int
	for i, address := range addresses {
		current, exists := now[address.Name]
		switch {
		case !exists: // it is gone
		case !unmoved(&priors[i], &current):
			errs[i] = moved(address, &priors[i], current, exists)
		default:
			open, openPriors, places = append(open, address), append(openPriors, priors[i]), append(places, i)
		}
	}
	if len(open) == 0 {
		return errs
	}
	for i, err := range c.deleteKVPairs(turn.Context(ctx), open, openPriors) {
		errs[places[i]] = err
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
	e := &MovedError{Address: address, Before: before}
	if exists {
		e.Now = &now
	}
	return e
}

// lookAhead is what some pairs are, seen when it is the turn of who writes them.
func (c *Cautious) lookAhead(ctx context.Context, title, namespaceID string, keys []string) (now map[string]spec.Revision, t *cloudflare.Turn, err error) {
	t, err = c.api.Ahead(ctx, func() (err error) {
		now, err = c.lookAtKVPairs(ctx, title, namespaceID, keys)
		return err
	})
	return now, t, err
}
