// Package guarded keeps writes from getting lost: it looks at each resource
// right before it is replaced, and leaves it unchanged if another program has
// written it.
package guarded

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wfpsync/wfpsync/internal/account"
	"github.com/wfpsync/wfpsync/spec"
)

// Unguarded is the account that is guarded: the methods that read, look and
// write. [account.Account] is one.
type Unguarded interface {
	// Read lists collections. Discover lists namespaces, with the tags of user
	// Workers.
	Read(ctx context.Context, stack string, collections []spec.Collection) (*spec.Snapshot, error)
	Discover(ctx context.Context, stack string, wanted []spec.Discovery) (*spec.Snapshot, error)

	// Look returns the revision that a resource has now, or nil if it does not
	// exist.
	Look(ctx context.Context, stack string, address spec.Address, prior *spec.Revision) (*spec.Revision, error)

	// List reads a collection, whose pages have PageSize resources.
	List(ctx context.Context, stack string, c spec.Collection) ([]*spec.Live, error)
	PageSize(kind spec.Kind) int

	// Reread reads resources again, one by one if oneByOne says so.
	Reread(ctx context.Context, addresses []spec.Address, oneByOne func(c spec.Collection, wanted int) bool) (*spec.Snapshot, error)

	// Put and Delete write a resource without a look.
	Put(ctx context.Context, w spec.Write) (spec.Revision, error)
	Delete(ctx context.Context, address spec.Address, prior spec.Revision) error

	// BatchSize is how many changes of a kind one call of the following methods
	// makes.
	BatchSize(kind spec.Kind) int
	KVNamespaceOf(ctx context.Context, writes []spec.Write) (string, error)
	LookAtKVPairs(ctx context.Context, title, namespaceID string, keys []string) (map[string]spec.Revision, error)
	PutKVPairs(ctx context.Context, namespaceID string, writes []spec.Write) ([]spec.Revision, []error)
	DeleteKVPairs(ctx context.Context, addresses []spec.Address, priors []spec.Revision) []error

	// Reserve calls look as soon as a write may be sent. The write is made with
	// the context that it returns; see [account.Account.Reserve].
	Reserve(ctx context.Context, look func() error) (write context.Context, release func(), err error)

	// Pace returns the shortest time in which a number of requests can be sent.
	Pace(requests int) time.Duration

	// Sleep waits, or returns the context's error as soon as it ends.
	Sleep(ctx context.Context, d time.Duration) error
}

// Account guards an account: it looks at each resource right before it is
// replaced, because the API has no conditional writes. What another program has
// written since the plan was made is not overwritten.
//
// Each look costs one request. Earlier reads do not count, because another run
// can start and finish within a second. Only if looks would make the rate limit
// hold up the writes to come, a list replaces several of them: one request then
// serves a thousand user Workers. That list is never older than the first
// write. A write that waits for the rate limit is checked when its wait is
// over.
type Account struct {
	behind Unguarded

	// SoleWriter says that no other program writes to the account meanwhile, so
	// that the final check, [Account.Reread], need not wait.
	SoleWriter bool

	expected atomic.Int64 // writes to come

	mu       sync.Mutex
	sizes    map[spec.Collection]int // of collections when they were last read
	listings map[spec.Collection]*listing
	adjusted map[spec.Address]bool // Workers that our own writes of attached resources have changed
	slowest  time.Duration         // write, including its look
	wrote    time.Time             // the last time
}

// New returns an account that looks before it writes.
func New(behind Unguarded) *Account {
	return &Account{behind: behind, sizes: map[spec.Collection]int{}, listings: map[spec.Collection]*listing{}, adjusted: map[spec.Address]bool{}}
}

// Expect sets how many writes are to come, so that looks leave enough requests
// for them. Writes that are made together count as one.
func (g *Account) Expect(writes int) { g.expected.Store(int64(writes)) }

// Read reads as [Unguarded] does, and notes how many requests each list takes.
func (g *Account) Read(ctx context.Context, stack string, collections []spec.Collection) (*spec.Snapshot, error) {
	snap, err := g.behind.Read(ctx, stack, collections)
	if err != nil {
		return nil, err
	}
	g.measure(snap)
	return snap, nil
}

// Discover reads as [Unguarded] does, and notes how many requests each list
// takes.
func (g *Account) Discover(ctx context.Context, stack string, wanted []spec.Discovery) (*spec.Snapshot, error) {
	snap, err := g.behind.Discover(ctx, stack, wanted)
	if err != nil {
		return nil, err
	}
	g.measure(snap)
	return snap, nil
}

// measure remembers the sizes of collections.
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

// pages returns how many pages the list of a collection had when it was last
// read.
func (g *Account) pages(collection spec.Collection) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	page := g.behind.PageSize(collection.Kind)
	return max(1, (g.sizes[collection]+page-1)/page)
}

// Put writes a resource if it is still what the write is to replace; otherwise
// the error is a [*account.MovedError]. A resource that is already in the
// desired state is left unchanged. A create that the server would refuse to do
// twice needs no look.
//
// A template's write always looks right before it, however scarce requests are,
// because a user Worker that its owner has deleted meanwhile must not come
// back. Then the error is [spec.ErrVanished].
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

// unlessVanished returns the error of a write, or [spec.ErrVanished] if the
// write was a template's and its Worker was deleted at the same moment.
func (g *Account) unlessVanished(ctx context.Context, w spec.Write, failed error) error {
	if failed == nil || !writesTemplate(w) || ctx.Err() != nil {
		return failed
	}
	if now, err := g.behind.Look(ctx, w.Stack, w.Resource.Address(), w.Prior); err == nil && now == nil {
		return spec.ErrVanished
	}
	return failed
}

// Delete deletes a resource if it is still what it was.
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

// noteAdjusted notes that writing something attached to a Worker changes the
// time of the Worker's last write. Otherwise that would look like another
// program's write. The change may be visible before the response to the write.
func (g *Account) noteAdjusted(address spec.Address) {
	if address.Kind.Info().Container == spec.ContainerWorker {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.adjusted[spec.Address{Kind: spec.KindWorker, Name: address.Name}] = true
	}
}

// asAdjusted returns a prior revision as our own writes of attached resources
// have left it. The rest of the revision tells whether it was them.
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

// checked looks at a resource and calls write with its current revision, or nil
// if it does not exist. If listed is set, a list may answer instead of a look.
// It waits for the rate limit first, so that the look does not grow old.
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
