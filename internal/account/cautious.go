package account

import (
	"cmp"
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
// A look is a request, and what was read before is none: within a second, a whole
// run of somebody else finds room. Only where looks would make the limits hold up
// the writes to come, a list takes the place of a few: one request then does for a
// thousand user Workers. It is never one that was read before the writes began, and
// a write that waits for its turn is checked when that has come.
type Cautious struct {
	*Account

	// Alone says that nobody else writes to the account meanwhile, so that the look
	// at the end, [Cautious.Revisit], need not wait for anybody.
	Alone bool

	expected atomic.Int64 // writes to come

	mu       sync.Mutex
	sizes    map[spec.Collection]int // of collections when they were last read
	listings map[spec.Collection]*listing
	adjusted map[spec.Address]bool // Workers that our own writes of something else have moved
	slowest  time.Duration         // write, with the look before it
	wrote    time.Time             // the last time
}

// NewCautious returns an account whose writes look first.
func NewCautious(a *Account) *Cautious {
	return &Cautious{Account: a, sizes: map[spec.Collection]int{}, listings: map[spec.Collection]*listing{}, adjusted: map[spec.Address]bool{}}
}

// Expect says how many writes are to come, those made together as one, so that
// looks do not take the requests that the writes need.
func (c *Cautious) Expect(writes int) { c.expected.Store(int64(writes)) }

// Read is [Account.Read], which tells how many requests a list takes.
func (c *Cautious) Read(ctx context.Context, stack string, collections []spec.Collection) (*spec.Snapshot, error) {
	snap, err := c.Account.Read(ctx, stack, collections)
	if err != nil {
		return nil, err
	}
	c.measure(snap)
	return snap, nil
}

// Discover is [Account.Discover], which tells how many requests a list takes.
func (c *Cautious) Discover(ctx context.Context, stack string, wanted []spec.Discovery) (*spec.Snapshot, error) {
	snap, err := c.Account.Discover(ctx, stack, wanted)
	if err != nil {
		return nil, err
	}
	c.measure(snap)
	return snap, nil
}

// measure remembers how large collections are.
func (c *Cautious) measure(snap *spec.Snapshot) {
	sizes := map[spec.Collection]int{}
	for address := range snap.Resources {
		sizes[address.Collection()]++
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, collection := range snap.Collections {
		c.sizes[collection] = sizes[collection]
	}
}

// pages is how many pages the list of a collection had when it was last read.
func (c *Cautious) pages(collection spec.Collection) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	page := cmp.Or(columns[collection.Kind].page, pageLimit)
	return max(1, (c.sizes[collection]+page-1)/page)
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
	c.adjusts(w.Resource.Address())
	if _, scripted := w.Resource.(spec.Scripted); w.Prior == nil && !scripted || isUnknown(w.Prior) {
		return c.Account.Put(ctx, w)
	}
	address := w.Resource.Address()
	if w.Prior != nil && w.Prior.FormerName != "" {
		address.Name = w.Prior.FormerName
	}
	listed := !writesTemplate(w) && c.scarce(address.Collection())
	var revision spec.Revision
	err := c.checked(ctx, listed, w.Stack, address, w.Prior, func(ctx context.Context, now *spec.Revision) error {
		if now == nil && writesTemplate(w) {
			return spec.ErrVanished
		}
		w.Prior = c.asAdjusted(address, w.Prior, now)
		if done, err := compare(w, now, &revision); done || err != nil {
			return err
		}
		var err error
		revision, err = c.Account.Put(ctx, w)
		return c.unlessVanished(ctx, w, err)
	})
	return revision, err
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

// Delete is [Account.Delete] of a resource that is still what it was.
func (c *Cautious) Delete(ctx context.Context, address spec.Address, prior spec.Revision) error {
	if c.Together(address.Kind) > 1 {
		return c.DeleteAll(ctx, []spec.Address{address}, []spec.Revision{prior})[0]
	}
	defer c.expected.Add(-1)
	c.adjusts(address)
	if isUnknown(&prior) {
		return c.Account.Delete(ctx, address, prior)
	}
	listed := c.scarce(address.Collection())
	return c.checked(ctx, listed, prior.Owner, address, &prior, func(ctx context.Context, now *spec.Revision) error {
		prior := *c.asAdjusted(address, &prior, now)
		if done, err := gone(address, prior, now); done || err != nil {
			return err
		}
		return c.Account.Delete(ctx, address, prior)
	})
}

// adjusts notes that a write of something that belongs to a Worker moves the time of
// the Worker's last write, which would look like somebody else's. That may be seen
// before the write is answered.
func (c *Cautious) adjusts(address spec.Address) {
	if address.Kind == spec.KindWorkerSubdomain || address.Kind == spec.KindCronTriggers {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.adjusted[spec.Address{Kind: spec.KindWorker, Name: address.Name}] = true
	}
}

// asAdjusted is a prior revision as our own writes of what belongs to the Worker have
// left it. Whether it was them, the rest of the revision tells.
func (c *Cautious) asAdjusted(address spec.Address, prior, now *spec.Revision) *spec.Revision {
	c.mu.Lock()
	defer c.mu.Unlock()
	if prior == nil || now == nil || !c.adjusted[address] {
		return prior
	}
	adjusted := *prior
	adjusted.ModifiedOn = now.ModifiedOn
	return &adjusted
}

// checked makes a write of a resource that is to have a prior revision. The write
// gets the one that it has now, nil for none; listed: a list may say so. Its turn
// comes first, so that it does not wait for one with a look that grows old.
func (c *Cautious) checked(ctx context.Context, listed bool, stack string, address spec.Address, prior *spec.Revision, write func(context.Context, *spec.Revision) error) error {
	var now *spec.Revision
	var looked time.Time
	turn, err := c.api.Ahead(ctx, func() (err error) {
		looked = time.Now()
		if listed {
			now, err = c.listed(ctx, stack, address)
			looked = time.Now()
		} else {
			now, err = c.current(ctx, stack, address, prior)
		}
		return err
	})
	if err != nil {
		return err
	}
	defer turn.End()
	err = write(turn.Context(ctx), now)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrote = time.Now()
	c.slowest = max(c.slowest, c.wrote.Sub(looked))
	return err
}
