package account

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wfpsync/wfpsync/spec"
)

// Cautious is an account that nobody's writes get lost in. The API has no
// conditional writes, so it takes a look at what is about to be replaced right
// before: whoever wrote it since the plan was made is not overwritten.
//
// A look is a request, unless a list is but a moment old. Where there are more
// writes to come than the limits have room for twice, lists of a recent past
// take the place of looks: one request then does for a thousand user Workers.
type Cautious struct {
	*Account
	expected atomic.Int64 // writes to come

	mu       sync.Mutex
	listings map[spec.Collection]*listing
}

// NewCautious returns an account whose writes look first.
func NewCautious(a *Account) *Cautious {
	return &Cautious{Account: a, listings: map[spec.Collection]*listing{}}
}

// Expect says how many writes are to come, those made together as one, so that
// looks do not take the requests that the writes need.
func (c *Cautious) Expect(writes int) { c.expected.Store(int64(writes)) }

// Read is [Account.Read], whose lists are looked at, too.
func (c *Cautious) Read(ctx context.Context, stack string, collections []spec.Collection) (*spec.Snapshot, error) {
	began := time.Now()
	snap, err := c.Account.Read(ctx, stack, collections)
	if err != nil {
		return nil, err
	}
	c.note(snap, began)
	return snap, nil
}

// Discover is [Account.Discover], whose lists are looked at, too.
func (c *Cautious) Discover(ctx context.Context, stack string, wanted []spec.Discovery) (*spec.Snapshot, error) {
	began := time.Now()
	snap, err := c.Account.Discover(ctx, stack, wanted)
	if err != nil {
		return nil, err
	}
	c.note(snap, began)
	return snap, nil
}

// note remembers lists as they were at a time.
func (c *Cautious) note(snap *spec.Snapshot, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, collection := range snap.Collections {
		c.listings[collection] = newListing(at)
	}
	for address, live := range snap.Resources {
		if l := c.listings[address.Collection()]; l != nil {
			l.found[address] = &live.Revision
		}
	}
}

// Put is [Account.Put] of a resource that is still what the write says to
// replace; of any other the error is a [*MovedError]. One that is already as it
// shall be is left as it is. What the server refuses to create twice needs no look.
//
// What a template writes is looked at just before, however scarce requests are: a
// user Worker that its owner has deleted since must not come back. Then the error
// is [spec.ErrVanished].
func (c *Cautious) Put(ctx context.Context, w spec.Write) (spec.Revision, error) {
	if c.Together(w.Resource.Address().Kind) > 1 {
		revisions, errs := c.PutAll(ctx, []spec.Write{w})
		return revisions[0], errs[0]
	}
	defer c.expected.Add(-1)
	if _, scripted := w.Resource.(spec.Scripted); w.Prior == nil && !scripted || isUnknown(w.Prior) {
		return c.Account.Put(ctx, w)
	}
	address := w.Resource.Address()
	renamed := w.Prior != nil && w.Prior.FormerName != ""
	if renamed {
		address.Name = w.Prior.FormerName
	}
	now, err := c.beforeWrite(ctx, w, address)
	if err != nil {
		return spec.Revision{}, err
	}
	var revision spec.Revision
	if done, err := compare(w, now, &revision); done || err != nil {
		return revision, err
	}
	revision, err = c.Account.Put(ctx, w)
	if renamed && address.Kind == spec.KindDispatchNamespace {
		c.forget(spec.Collection{Kind: spec.KindUserWorker, Parent: w.Resource.Address().Name})
	}
	return revision, c.unlessVanished(ctx, w, err)
}

// beforeWrite is what a resource is that is about to be written.
func (c *Cautious) beforeWrite(ctx context.Context, w spec.Write, address spec.Address) (*spec.Revision, error) {
	if !writesTemplate(w) {
		return c.recent(ctx, w.Stack, address, w.Prior)
	}
	now, err := c.current(ctx, w.Stack, address, w.Prior)
	if err == nil && now == nil {
		return nil, spec.ErrVanished
	}
	return now, err
}

func writesTemplate(w spec.Write) bool {
	scripted, ok := w.Resource.(spec.Scripted)
	return ok && scripted.Definition().IsTemplate()
}

// unlessVanished is the error of a write; where that was a template's, it may be
// that its Worker was deleted in that very moment.
func (c *Cautious) unlessVanished(ctx context.Context, w spec.Write, failed error) error {
	if failed == nil || !writesTemplate(w) || ctx.Err() != nil {
		return failed
	}
	if now, err := c.current(ctx, w.Stack, w.Resource.Address(), w.Prior); err == nil && now == nil {
		return spec.ErrVanished
	}
	return failed
}

// forget drops what is known of a collection that has become another one.
func (c *Cautious) forget(collection spec.Collection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.listings, collection)
}

// Delete is [Account.Delete] of a resource that is still what it was.
func (c *Cautious) Delete(ctx context.Context, address spec.Address, prior spec.Revision) error {
	if c.Together(address.Kind) > 1 {
		return c.DeleteAll(ctx, []spec.Address{address}, []spec.Revision{prior})[0]
	}
	defer c.expected.Add(-1)
	if isUnknown(&prior) {
		return c.Account.Delete(ctx, address, prior)
	}
	now, err := c.recent(ctx, prior.Owner, address, &prior)
	if err != nil {
		return err
	}
	if done, err := gone(address, prior, now); done || err != nil {
		return err
	}
	return c.Account.Delete(ctx, address, prior)
}

// listing is a collection as it was a while ago.
type listing struct {
	turn  chan struct{} // holds one while somebody reads
	at    time.Time
	found map[spec.Address]*spec.Revision
}

func newListing(at time.Time) *listing {
	return &listing{turn: make(chan struct{}, 1), at: at, found: map[spec.Address]*spec.Revision{}}
}

const (
	momentAge   = time.Second      // of a list that is as good as a look
	listAge     = 10 * time.Second // of one that has to do when requests are scarce
	listPageAge = 15 * time.Second // and per page of it, so that lists stay few among the writes
)

// recent is current, or what a list says that is recent enough.
func (c *Cautious) recent(ctx context.Context, stack string, address spec.Address, prior *spec.Revision) (*spec.Revision, error) {
	l := c.listing(address.Collection())
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	scarce := int(2*c.expected.Load()) > c.client.gate.free()
	age := momentAge
	if scarce {
		age = listAge + time.Duration(len(l.found)/pageLimit)*listPageAge
	}
	switch {
	case time.Since(l.at) <= age:
		defer func() { <-l.turn }()
		return l.found[address], nil
	case !scarce:
		<-l.turn
		return c.current(ctx, stack, address, prior)
	}
	defer func() { <-l.turn }()
	began := time.Now()
	found, err := c.list(ctx, stack, address.Collection())
	if err != nil {
		return nil, err
	}
	l.at, l.found = began, make(map[spec.Address]*spec.Revision, len(found))
	for _, live := range found {
		l.found[live.Resource.Address()] = &live.Revision
	}
	return l.found[address], nil
}

func (c *Cautious) listing(collection spec.Collection) *listing {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.listings[collection] == nil {
		c.listings[collection] = newListing(time.Time{})
	}
	return c.listings[collection]
}
