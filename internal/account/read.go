package account

import (
	"context"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/cloudflare/cloudflare-go/v4/kv"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

// reading is one call of [Account.Read].
type reading struct {
	account *Account
	stack   string

	// discoveries are, by namespace, what to look for in addition to what the
	// stack owns.
	discoveries map[string][]spec.Discovery

	// routes are those that the list of Workers shows for ours.
	routesMu sync.Mutex
	routes   []workerRoute

	// queueList is shared by queues and their consumers.
	queueList shared[[]queue]

	// kvList is shared by KV namespaces and their pairs.
	kvList shared[[]kv.Namespace]
}

// Read lists collections of the account, both a stack's own resources and all
// others. Lists show little of a Worker; see [Account.Inspect]. A namespace
// that does not exist holds nothing. Without a stack, no resource counts as
// owned.
//
// If the Workers are read, Read also finds the routes that lead to a Worker of
// the stack, in any zone. Otherwise a route whose zone the stack file no longer
// mentions could not be removed.
func (a *Account) Read(ctx context.Context, stack string, collections []spec.Collection) (*spec.Snapshot, error) {
	snap := spec.NewSnapshot(spec.Account{ID: a.id})
	r := &reading{account: a, stack: stack}
	if err := r.read(ctx, snap, collections, func(error) bool { return false }); err != nil {
		return nil, err
	}
	if err := r.addOrphanRoutes(ctx, snap); err != nil {
		return nil, err
	}
	return snap, nil
}

// Discover lists the namespaces in which a stack looks for user Workers, with
// the tags of those that may match.
func (a *Account) Discover(ctx context.Context, stack string, wanted []spec.Discovery) (*spec.Snapshot, error) {
	snap := spec.NewSnapshot(spec.Account{ID: a.id})
	r := &reading{account: a, stack: stack, discoveries: map[string][]spec.Discovery{}}
	var collections []spec.Collection
	for _, d := range wanted {
		r.discoveries[d.Namespace] = append(r.discoveries[d.Namespace], d)
		collections = append(collections, spec.Collection{Kind: spec.KindUserWorker, Parent: d.Namespace})
	}
	return snap, r.read(ctx, snap, collections, func(error) bool { return false })
}

// ReadMore adds collections to a snapshot. Those that the credentials may not
// read stay unread.
func (a *Account) ReadMore(ctx context.Context, snap *spec.Snapshot, collections []spec.Collection) error {
	r := &reading{account: a}
	return r.read(ctx, snap, collections, cloudflare.IsDenied)
}

// read adds collections to a snapshot, except those whose failure passOver
// accepts.
func (r *reading) read(ctx context.Context, snap *spec.Snapshot, collections []spec.Collection, passOver func(error) bool) error {
	collections = slices.Compact(slices.SortedFunc(slices.Values(collections), spec.Collection.Compare))
	found := make([][]*spec.Live, len(collections))
	unread := make([]bool, len(collections))
	g, groupCtx := errgroup.WithContext(ctx)
	g.SetLimit(r.account.client.concurrency)
	for i, collection := range collections {
		ops, err := opsOf(collection.Kind)
		if err != nil {
			return err
		}
		g.Go(func() (err error) {
			found[i], err = ops.list(groupCtx, r, collection.Parent)
			if unread[i] = err != nil && passOver(err); unread[i] {
				return nil
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i, list := range found {
		if unread[i] {
			continue
		}
		snap.Collections = append(snap.Collections, collections[i])
		for _, live := range list {
			snap.Resources[live.Resource.Address()] = live
		}
	}
	slices.SortFunc(snap.Collections, spec.Collection.Compare)
	return nil
}

// Inspect completes resources of a snapshot that lists show only in part. It
// removes a resource that has vanished since. It skips addresses that the
// snapshot does not hold, or holds complete.
func (a *Account) Inspect(ctx context.Context, snap *spec.Snapshot, addresses []spec.Address) error {
	addresses = slices.Compact(slices.SortedFunc(slices.Values(addresses), spec.Address.Compare))
	inspected := make([]*spec.Live, len(addresses))
	pending := func(address spec.Address) (*spec.Live, kindOps, bool) {
		live, found := snap.Resources[address]
		if !found || live.Detailed {
			return nil, kindOps{}, false
		}
		c := opsByKind[address.Kind]
		return live, c, c.inspect != nil
	}
	var codes sharedCode
	g, groupCtx := errgroup.WithContext(ctx)
	g.SetLimit(a.client.concurrency)
	for i, address := range addresses {
		live, c, ok := pending(address)
		if !ok {
			continue
		}
		g.Go(func() (err error) {
			inspected[i], err = c.inspect(groupCtx, a, live)
			if IsNotFound(err) {
				return nil
			}
			codes.in(inspected[i])
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i, address := range addresses {
		if _, _, ok := pending(address); !ok {
			continue
		}
		if inspected[i] == nil {
			delete(snap.Resources, address)
		} else {
			snap.Resources[address] = inspected[i]
		}
	}
	return nil
}
