package guarded

import (
	"context"
	"time"

	"github.com/wfpsync/wfpsync/spec"
)

// listing is a collection as a list showed it a while ago.
type listing struct {
	reading chan struct{} // holds one value while a goroutine reads
	at      time.Time
	left    int // how many more writes it may serve
	found   map[spec.Address]*spec.Revision
}

const (
	// lookTime is how much longer the writes to come may take because of looks.
	lookTime = 2 * time.Second

	// listWrites is how many writes one page of a list serves. Lists then take
	// 3 % of the requests. At most so many writes do not notice what another
	// program has written in a namespace of a thousand.
	listWrites = 30

	// A list also expires, because a write may wait a long time for a limit.
	// The writes of a page take 7.5 seconds at the 1,200 requests in five
	// minutes that Cloudflare allows; if fewer are allowed, a list serves fewer
	// writes.
	listAge     = 10 * time.Second
	listPageAge = 8 * time.Second
)

// scarce reports whether to list a collection instead of looking at each
// resource: looks would hold up the writes to come, and a list takes fewer
// requests.
func (g *Account) scarce(collection spec.Collection) bool {
	writes := int(g.expected.Load())
	return writes > g.pages(collection) && g.behind.Pace(2*writes)-g.behind.Pace(writes) > lookTime
}

// listed returns the revision of a resource in a list that has not served too
// many writes, and is not too old.
func (g *Account) listed(ctx context.Context, stack string, address spec.Address) (*spec.Revision, error) {
	collection := address.Collection()
	l := g.listing(collection)
	select {
	case l.reading <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-l.reading }()
	pages := g.pages(collection)
	if l.left == 0 || time.Since(l.at) > listAge+time.Duration(pages)*listPageAge {
		if err := g.relist(ctx, stack, collection, l); err != nil {
			return nil, err
		}
	}
	l.left--
	return l.found[address], nil
}

// relist reads a collection again.
func (g *Account) relist(ctx context.Context, stack string, collection spec.Collection, l *listing) error {
	l.left = 0
	began := time.Now()
	found, err := g.behind.List(ctx, stack, collection)
	if err != nil {
		return err
	}
	l.at, l.found = began, make(map[spec.Address]*spec.Revision, len(found))
	for _, live := range found {
		l.found[live.Resource.Address()] = &live.Revision
	}
	g.mu.Lock()
	g.sizes[collection] = len(found)
	g.mu.Unlock()
	l.left = listWrites * g.pages(collection)
	return nil
}

func (g *Account) listing(collection spec.Collection) *listing {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.listings[collection] == nil {
		g.listings[collection] = &listing{reading: make(chan struct{}, 1)}
	}
	return g.listings[collection]
}
