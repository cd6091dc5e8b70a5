package guarded

import (
	"context"
	"time"

	"github.com/wfpsync/wfpsync/spec"
)

// listing is a collection as it was a while ago.
type listing struct {
	reading chan struct{} // holds one while somebody reads
	at      time.Time
	left    int // for how many writes it may still stand in
	found   map[spec.Address]*spec.Revision
}

const (
	// lookTime is how much longer than without looks the writes to come may take.
	lookTime = 2 * time.Second

	// listWrites is for how many writes a page of a list stands in: lists then take
	// 3 % of the requests. So many writes, at most, do not notice what somebody else
	// has written in a namespace of a thousand.
	listWrites = 30

	// A list is not used either that has waited for long, for a limit to pass, say.
	// A page's writes take 7.5 seconds at the 1,200 requests in five minutes that Cloudflare
	// allows; at fewer, a list stands in for fewer writes.
	listAge     = 10 * time.Second
	listPageAge = 8 * time.Second
)

// scarce reports whether a collection is to be listed instead of looking at what is
// written: looks would hold up the writes to come, and a list takes fewer requests.
func (g *Account) scarce(collection spec.Collection) bool {
	writes := int(g.expected.Load())
	return writes > g.pages(collection) && g.behind.Pace(2*writes)-g.behind.Pace(writes) > lookTime
}

// listed is what a list says of a resource that has not stood in for too many
// writes, and not for too long.
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

// relist reads a collection anew.
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
