// Package guarded keeps writes from getting lost: what is about to be replaced is
// looked at right before, and left as it is when another program has written it.
package guarded

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wfpsync/wfpsync/internal/account"
	"github.com/wfpsync/wfpsync/spec"
)

// Unguarded is the account behind the guard: what it takes to read, to look and to
// write. [account.Account] is one.
type Unguarded interface {
	// Read lists collections, and Discover namespaces with the tags of user Workers.
	Read(ctx context.Context, stack string, collections []spec.Collection) (*spec.Snapshot, error)
	Discover(ctx context.Context, stack string, wanted []spec.Discovery) (*spec.Snapshot, error)

	// Look returns the revision that a resource has now, nil when there is none.
	Look(ctx context.Context, stack string, address spec.Address, prior *spec.Revision) (*spec.Revision, error)

	// List reads a collection, whose pages have PageSize resources.
	List(ctx context.Context, stack string, c spec.Collection) ([]*spec.Live, error)
	PageSize(kind spec.Kind) int

	// Reread reads resources once more, one by one where oneByOne says so.
	Reread(ctx context.Context, addresses []spec.Address, oneByOne func(c spec.Collection, wanted int) bool) (*spec.Snapshot, error)

	// Put and Delete write a resource, whatever is there.
	Put(ctx context.Context, w spec.Write) (spec.Revision, error)
	Delete(ctx context.Context, address spec.Address, prior spec.Revision) error

	// BatchSize is how many changes of a kind are made by one call of what follows.
	BatchSize(kind spec.Kind) int
	KVNamespaceOf(ctx context.Context, writes []spec.Write) (string, error)
	LookAtKVPairs(ctx context.Context, title, namespaceID string, keys []string) (map[string]spec.Revision, error)
	PutKVPairs(ctx context.Context, namespaceID string, writes []spec.Write) ([]spec.Revision, []error)
	DeleteKVPairs(ctx context.Context, addresses []spec.Address, priors []spec.Revision) []error

	// Ahead looks when it is the turn of a write, which is made with the context that
	// is returned; see [account.Account.Ahead].
	Reserve(ctx context.Context, look func() error) (write context.Context, release func(), err error)

	// Pace is how long it takes at least until a number of requests have gone out.
	Pace(requests int) time.Duration

	// Sleep waits, or returns the context's error as soon as it ends.
	Sleep(ctx context.Context, d time.Duration) error
}

// Account is an account that nobody's writes get lost in. The API has no
// conditional writes, so it takes a look at what is about to be replaced right
// before: whoever wrote it since the plan was made is not overwritten.
//
// A look is a request, and what was read before is none: within a second, a whole
// run of somebody else finds room. Only where looks would make the limits hold up
// the writes to come, a list takes the place of a few: one request then does for a
// thousand user Workers. It is never one that was read before the writes began, and
// a write that waits for its turn is checked when that has come.
type Account struct {
	behind Unguarded

	// Alone says that nobody else writes to the account meanwhile, so that the look
	// at the end, [Account.Reread], need not wait for anybody.
	SoleWriter bool

	expected atomic.Int64 // writes to come

	mu       sync.Mutex
	sizes    map[spec.Collection]int // of collections when they were last read
	listings map[spec.Collection]*listing
	adjusted map[spec.Address]bool // Workers that our own writes of something else have moved
	slowest  time.Duration         // write, with the look before it
	wrote    time.Time             // the last time
}

// New returns an account whose writes look first.
func New(behind Unguarded) *Account {
	return &Account{behind: behind, sizes: map[spec.Collection]int{}, listings: map[spec.Collection]*listing{}, adjusted: map[spec.Address]bool{}}
}

// Expect says how many writes are to come, those made together as one, so that
// looks do not take the requests that the writes need.
func (g *Account) Expect(writes int) { g.expected.Store(int64(writes)) }

// Read is that of [Unguarded], which tells how many requests a list takes.
func (g *Account) Read(ctx context.Context, stack string, collections []spec.Collection) (*spec.Snapshot, error) {
	snap, err := g.behind.Read(ctx, stack, collections)
	if err != nil {
		return nil, err
	}
	g.measure(snap)
	return snap, nil
}

// Discover is that of [Unguarded], which tells how many requests a list takes.
func (g *Account) Discover(ctx context.Context, stack string, wanted []spec.Discovery) (*spec.Snapshot, error) {
	snap, err := g.behind.Discover(ctx, stack, wanted)
	if err != nil {
		return nil, err
	}
	g.measure(snap)
	return snap, nil
}

// measure remembers how large collections are.
func (g *Account) measure(snap *spec.Snapshot) {
	sizes := map[spec.Collection]int{}
	for address := range snap.Resources {
		sizes[address.Collection()]++
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, collection := range snap.Collections {
		g.sizes[collection] = sizes[collection]
	}
}

// pages is how many pages the list of a collection had when it was last read.
func (g *Account) pages(collection spec.Collection) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	page := g.behind.PageSize(collection.Kind)
	return max(1, (g.sizes[collection]+page-1)/page)
}

// Put is that of [Unguarded], of a resource that is still what the write says to
// replace; of any other the error is a [*account.MovedError]. One that is already as it
// shall be is left as it is. What the server refuses to create twice needs no look.
//
// What a template writes is looked at just before, however scarce requests are: a
// user Worker that its owner has deleted since must not come back. Then the error
// is [spec.ErrVanished].
func (g *Account) Put(ctx context.Context, w spec.Write) (spec.Revision, error) {
	if g.behind.BatchSize(w.Resource.Address().Kind) > 1 {
		revisions, errs := g.PutAll(ctx, []spec.Write{w})
		return revisions[0], errs[0]
	}
	defer g.expected.Add(-1)
	g.noteAdjusted(w.Resource.Address())
	if _, scripted := w.Resource.(spec.Scripted); w.Prior == nil && !scripted || account.IsUnknown(w.Prior) {
		return g.behind.Put(ctx, w)
	}
	address := w.Resource.Address()
	if w.Prior != nil && w.Prior.FormerName != "" {
		address.Name = w.Prior.FormerName
	}
	listed := !writesTemplate(w) && g.scarce(address.Collection())
	var revision spec.Revision
	err := g.checked(ctx, listed, w.Stack, address, w.Prior, func(ctx context.Context, now *spec.Revision) error {
		if now == nil && writesTemplate(w) {
			return spec.ErrVanished
		}
		w.Prior = g.asAdjusted(address, w.Prior, now)
		if done, err := account.Compare(w, now, &revision); done || err != nil {
			return err
		}
		var err error
		revision, err = g.behind.Put(ctx, w)
		return g.unlessVanished(ctx, w, err)
	})
	return revision, err
}

func writesTemplate(w spec.Write) bool {
	scripted, ok := w.Resource.(spec.Scripted)
	return ok && scripted.AsScript().IsTemplate()
}

// unlessVanished is the error of a write; where that was a template's, it may be
// that its Worker was deleted in that very moment.
func (g *Account) unlessVanished(ctx context.Context, w spec.Write, failed error) error {
	if failed == nil || !writesTemplate(w) || ctx.Err() != nil {
		return failed
	}
	if now, err := g.behind.Look(ctx, w.Stack, w.Resource.Address(), w.Prior); err == nil && now == nil {
		return spec.ErrVanished
	}
	return failed
}

// Delete is that of [Unguarded], of a resource that is still what it was.
func (g *Account) Delete(ctx context.Context, address spec.Address, prior spec.Revision) error {
	if g.behind.BatchSize(address.Kind) > 1 {
		return g.DeleteAll(ctx, []spec.Address{address}, []spec.Revision{prior})[0]
	}
	defer g.expected.Add(-1)
	g.noteAdjusted(address)
	if account.IsUnknown(&prior) {
		return g.behind.Delete(ctx, address, prior)
	}
	listed := g.scarce(address.Collection())
	return g.checked(ctx, listed, prior.Owner, address, &prior, func(ctx context.Context, now *spec.Revision) error {
		prior := *g.asAdjusted(address, &prior, now)
		if done, err := account.Gone(address, prior, now); done || err != nil {
			return err
		}
		return g.behind.Delete(ctx, address, prior)
	})
}

// adjusts notes that a write of something that belongs to a Worker moves the time of
// the Worker's last write, which would look like somebody else's. That may be seen
// before the write is answered.
func (g *Account) noteAdjusted(address spec.Address) {
	if address.Kind.Info().Container == spec.ContainerWorker {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.adjusted[spec.Address{Kind: spec.KindWorker, Name: address.Name}] = true
	}
}

// asAdjusted is a prior revision as our own writes of what belongs to the Worker have
// left it. Whether it was them, the rest of the revision tells.
func (g *Account) asAdjusted(address spec.Address, prior, now *spec.Revision) *spec.Revision {
	g.mu.Lock()
	defer g.mu.Unlock()
	if prior == nil || now == nil || !g.adjusted[address] {
		return prior
	}
	adjusted := *prior
	adjusted.ModifiedOn = now.ModifiedOn
	return &adjusted
}

// checked makes a write of a resource that is to have a prior revision. The write
// gets the one that it has now, nil for none; listed: a list may say so. Its turn
// comes first, so that it does not wait for one with a look that grows old.
func (g *Account) checked(ctx context.Context, listed bool, stack string, address spec.Address, prior *spec.Revision, write func(context.Context, *spec.Revision) error) error {
	var now *spec.Revision
	var looked time.Time
	writing, release, err := g.behind.Reserve(ctx, func() (err error) {
		looked = time.Now()
		if listed {
			now, err = g.listed(ctx, stack, address)
			looked = time.Now()
		} else {
			now, err = g.behind.Look(ctx, stack, address, prior)
		}
		return err
	})
	if err != nil {
		return err
	}
	defer release()
	err = write(writing, now)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.wrote = time.Now()
	g.slowest = max(g.slowest, g.wrote.Sub(looked))
	return err
}
