package account

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wfpsync/wfpsync/spec"
)

// mostPatience is for how long the look at the end waits for others, at most.
const mostPatience = 10 * time.Second

// Revisit reads resources once more, as far as it takes to see who wrote them. Few of
// a large namespace are looked at one by one, which takes fewer requests than its list,
// and so are those that are to be looked at alone.
//
// Who looked just before our last write has not seen it, and may write after it: that
// is waited for, twice as long as it has taken us at most.
func (c *Cautious) Revisit(ctx context.Context, addresses []spec.Address, alone bool) (*spec.Snapshot, error) {
	if err := c.beLast(ctx); err != nil {
		return nil, err
	}
	byCollection := map[spec.Collection][]spec.Address{}
	for _, a := range addresses {
		byCollection[a.Collection()] = append(byCollection[a.Collection()], a)
	}
	var lists []spec.Collection
	var looks []spec.Address
	for collection, some := range byCollection {
		if alone || collection.Kind == spec.KindUserWorker && len(some) < c.pages(collection) {
			looks = append(looks, some...)
			c.tags.keep(c.api.BaseURL(), c.placeOf(some[0]))
		} else {
			lists = append(lists, collection)
		}
	}
	// Without a stack, nothing but the lists is read.
	snap, err := c.Account.Read(ctx, "", lists)
	if err != nil {
		return nil, err
	}
	if err := c.readMissingTags(ctx, snap, addresses); err != nil {
		return nil, err
	}
	return snap, c.lookAt(ctx, snap, looks)
}

// beLast waits until those have written who looked before our last write.
func (c *Cautious) beLast(ctx context.Context) error {
	c.mu.Lock()
	patience := min(2*c.slowest, mostPatience) - time.Since(c.wrote)
	c.mu.Unlock()
	if patience <= 0 || c.Alone {
		return ctx.Err()
	}
	return c.api.Sleep(ctx, patience)
}

// readMissingTags adds to a snapshot what the tags say of Workers that were listed without
// them, and are not as our upload has left them.
func (c *Cautious) readMissingTags(ctx context.Context, snap *spec.Snapshot, addresses []spec.Address) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(c.client.concurrency)
	for _, address := range addresses {
		live := snap.Resources[address]
		if live == nil || !live.Untagged {
			continue
		}
		g.Go(func() error {
			settings, err := c.settings(ctx, c.scriptPath(address))
			if IsNotFound(err) {
				return nil // it vanished just now; whoever did that comes after everybody
			}
			if err != nil {
				return err
			}
			s := script{ID: address.Name, ETag: live.Revision.ETag, ModifiedOn: live.Revision.ModifiedOn, Tags: settings.Tags, TagsShown: true}
			_, live.Revision = s.shown()
			live.Untagged = false
			c.tags.learn(c.api.BaseURL(), c.placeOf(address), &s)
			return nil
		})
	}
	return g.Wait()
}

// lookAt adds what each of some Workers is now to a snapshot. Of an account Worker,
// whose GET answers its code, the settings are read, which have the tags.
func (c *Cautious) lookAt(ctx context.Context, snap *spec.Snapshot, addresses []spec.Address) error {
	found := make([]*spec.Live, len(addresses))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(c.client.concurrency)
	for i, address := range addresses {
		g.Go(func() error {
			look := lookAtUserWorker
			if address.Kind == spec.KindWorker {
				look = lookAtTags
			}
			revision, err := look(ctx, c.Account, address)
			switch {
			case IsNotFound(err):
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

// lookAtTags reads as much of a Worker's revision as its tags say.
func lookAtTags(ctx context.Context, a *Account, address spec.Address) (spec.Revision, error) {
	settings, err := a.settings(ctx, a.scriptPath(address))
	_, revision := (&script{Tags: settings.Tags}).shown()
	return revision, err
}
