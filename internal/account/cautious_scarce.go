package account

import (
	"context"
	"time"

	"github.com/wfpsync/wfpsync/spec"
)

// listing is a collection as it was a while ago.
type listing struct {
	turn  chan struct{} // holds one while somebody reads
	at    time.Time
	left  int // for how many writes it may still stand in
	found map[spec.Address]*spec.Revision
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
func (c *Cautious) scarce(collection spec.Collection) bool {
	writes := int(c.expected.Load())
	return writes > c.pages(collection) && c.client.Pace(2*writes)-c.client.Pace(writes) > lookTime
}

// listed is what a list says of a resource that has not stood in for too many
// writes, and not for too long.
func (c *Cautious) listed(ctx context.Context, stack string, address spec.Address) (*spec.Revision, error) {
	collection := address.Collection()
	l := c.listing(collection)
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-l.turn }()
	pages := c.pages(collection)
	if l.left == 0 || time.Since(l.at) > listAge+time.Duration(pages)*listPageAge {
		if err := c.relist(ctx, stack, collection, l); err != nil {
			return nil, err
		}
	}
	l.left--
	return l.found[address], nil
}

// relist reads a collection anew.
func (c *Cautious) relist(ctx context.Context, stack string, collection spec.Collection, l *listing) error {
	l.left = 0
	began := time.Now()
	found, err := c.list(ctx, stack, collection)
	if err != nil {
		return err
	}
	l.at, l.found = began, make(map[spec.Address]*spec.Revision, len(found))
	for _, live := range found {
		l.found[live.Resource.Address()] = &live.Revision
	}
	c.mu.Lock()
	c.sizes[collection] = len(found)
	c.mu.Unlock()
	l.left = listWrites * c.pages(collection)
	return nil
}

func (c *Cautious) listing(collection spec.Collection) *listing {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.listings[collection] == nil {
		c.listings[collection] = &listing{turn: make(chan struct{}, 1)}
	}
	return c.listings[collection]
}
