package account

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/wfpsync/wfpsync/spec"
)

// Reread reads resources again, as far as needed to see who wrote them: from
// the lists of their collections, or one by one if oneByOne says so, given a
// collection and the number of its resources that are wanted.
func (a *Account) Reread(ctx context.Context, addresses []spec.Address, oneByOne func(c spec.Collection, wanted int) bool) (*spec.Snapshot, error) {
	byCollection := map[spec.Collection][]spec.Address{}
	for _, address := range addresses {
		byCollection[address.Collection()] = append(byCollection[address.Collection()], address)
	}
	var lists []spec.Collection
	var looks []spec.Address
	for collection, some := range byCollection {
		if oneByOne(collection, len(some)) {
			looks = append(looks, some...)
			a.tags.keep(a.api.BaseURL(), a.rootOf(some[0]))
		} else {
			lists = append(lists, collection)
		}
	}
	// Without a stack, Read reads only the lists.
	snap, err := a.Read(ctx, "", lists)
	if err != nil {
		return nil, err
	}
	if err := a.readMissingTags(ctx, snap, addresses); err != nil {
		return nil, err
	}
	return snap, a.lookAt(ctx, snap, looks)
}

// readMissingTags reads the tags of Workers that were listed without them and
// are not as our upload left them.
func (a *Account) readMissingTags(ctx context.Context, snap *spec.Snapshot, addresses []spec.Address) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(a.client.concurrency)
	for _, address := range addresses {
		live := snap.Resources[address]
		if live == nil || !live.TagsUnread {
			continue
		}
		g.Go(func() error {
			settings, err := a.settings(ctx, a.scriptPath(address))
			if IsNotFound(err) {
				return nil // it vanished just now; that is later than all writes
			}
			if err != nil {
				return err
			}
			s := script{ID: address.Name, ETag: live.Revision.ETag, ModifiedOn: live.Revision.ModifiedOn, Tags: settings.Tags, TagsShown: true}
			_, live.Revision = s.toSpec()
			live.TagsUnread = false
			a.tags.learn(a.api.BaseURL(), a.rootOf(address), &s)
			return nil
		})
	}
	return g.Wait()
}

// lookAt adds the current state of some Workers to a snapshot. For an account
// Worker, whose GET returns its code, it reads the settings, which have the
// tags.
func (a *Account) lookAt(ctx context.Context, snap *spec.Snapshot, addresses []spec.Address) error {
	found := make([]*spec.Live, len(addresses))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(a.client.concurrency)
	for i, address := range addresses {
		g.Go(func() error {
			look := lookAtUserWorker
			if address.Kind == spec.KindWorker {
				look = lookAtTags
			}
			revision, err := look(ctx, a, address)
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

// lookAtTags reads as much of a Worker's revision as its tags show.
func lookAtTags(ctx context.Context, a *Account, address spec.Address) (spec.Revision, error) {
	settings, err := a.settings(ctx, a.scriptPath(address))
	_, revision := (&script{Tags: settings.Tags}).toSpec()
	return revision, err
}
