package account

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"github.com/wfpsync/wfpsync/spec"
)

// Revisit reads resources once more, as far as lists show them. Few of a large
// namespace are looked at one by one, which takes fewer requests than its list.
func (c *Cautious) Revisit(ctx context.Context, addresses []spec.Address) (*spec.Snapshot, error) {
	byCollection := map[spec.Collection][]spec.Address{}
	for _, a := range addresses {
		byCollection[a.Collection()] = append(byCollection[a.Collection()], a)
	}
	var lists []spec.Collection
	var looks []spec.Address
	for collection, some := range byCollection {
		if collection.Kind == spec.KindUserWorker && len(some) < c.pages(collection) {
			looks = append(looks, some...)
			c.tags.keep(c.client.base, c.placeOf(some[0]))
		} else {
			lists = append(lists, collection)
		}
	}
	// Without a stack, nothing but the lists is read.
	snap, err := c.Account.Read(ctx, "", lists)
	if err != nil {
		return nil, err
	}
	return snap, c.lookAt(ctx, snap, looks)
}

// lookAt adds what each of some user Workers is now to a snapshot.
func (c *Cautious) lookAt(ctx context.Context, snap *spec.Snapshot, addresses []spec.Address) error {
	found := make([]*spec.Live, len(addresses))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(c.client.concurrency)
	for i, address := range addresses {
		g.Go(func() error {
			revision, err := columns[address.Kind].look(ctx, c.Account, address)
			switch {
			case IsNotFound(err) || errors.Is(err, errAbsent):
				return nil
			case err != nil:
				return err
			}
			found[i] = &spec.Live{Resource: scriptResource(address, spec.Script{}), Revision: revision}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i, live := range found {
		if live != nil {
			snap.Resources[addresses[i]] = live
		}
	}
	return nil
}
