// Package account is what there is: a live Cloudflare account, read into and
// written from the model of package spec.
//
//	client, err := account.New(account.Options{Options: cloudflare.Options{Credentials: …}})
//	live := client.Account(id)
//	snapshot, err := live.Read(ctx, "platform", collections)   // lists only: ⌈N/1000⌉ requests for N user Workers
//	err = live.Inspect(ctx, snapshot, addresses)               // the few whose settings and code matter
//	revision, err := live.Put(ctx, write)
//
// There are two doors to the API. cloudflare-go's typed methods serve where
// they are right: dispatch namespaces, KV, D1, R2, queues, zones, routes,
// accounts. One raw door, package cloudflare, serves everything about scripts, because
// cloudflare-go v4.6.0 uploads a script without its code, flattens multipart
// metadata, has no list of a namespace's scripts and does not escape paths;
// the lists whose pages it loses, of queues and buckets; and DNS records, custom
// hostnames and Vectorize indexes. Both doors share the http.Client of package cloudflare, which
// alone knows credentials, rate limit, retries and what a failure looks like: a
// request that fails is a [*cloudflare.Error], through whichever door it went.
//
// One rule keeps customers' code apart: no cloudflare-go call in this package
// passes per-call options. The SDK appends them to a slice that concurrent
// calls share, so an upload can carry another call's body. A test reads the
// syntax tree for it, and another shows what happens without the rule.
//
// A resource kind is a file that bears its name, and one line in the table below.
package account

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

// column is what this package can do with one kind of resource.
type kindOps struct {
	kind spec.Kind

	// endpoints are those of the kind's product, in the column of one kind of each.
	endpoints endpoints

	// list reads a collection. What a list does not show is left to inspect.
	list func(ctx context.Context, r *reading, parent string) ([]*spec.Live, error)

	// page is how many resources a page of the list has; 0 stands for [pageLimit].
	page int

	// look reads the revision of one resource; nil where only a list shows it.
	look func(ctx context.Context, a *Account, address spec.Address) (spec.Revision, error)

	// inspect completes a listed resource; nil where the list shows everything.
	inspect func(ctx context.Context, a *Account, live *spec.Live) (*spec.Live, error)

	// elsewhere finds what is in a place and may be a stack's, and reports whether that
	// is all of it; nil where the marks of a kind are all in the collections that are
	// read. Unless every page is asked for, one request has to do.
	search func(ctx context.Context, a *Account, t searchTarget, stack string, every bool) (found []*spec.Live, whole bool, err error)

	// put brings a resource into its desired state.
	put func(ctx context.Context, a *Account, w spec.Write) (spec.Revision, error)

	// delete removes a resource; that it is gone already is for [Account.Delete] to see.
	delete func(ctx context.Context, a *Account, address spec.Address, prior spec.Revision) error
}

// table is every kind that an account can hold for us, in the order in which doctor
// looks at their products.
var table = []kindOps{
	workerOps,
	userWorkerOps,
	dispatchNamespaceOps,
	cronTriggersOps,
	workerSubdomainOps,
	kvNamespaceOps,
	kvPairOps,
	d1DatabaseOps,
	r2BucketOps,
	queueOps,
	queueConsumerOps,
	vectorizeIndexOps,
	routeOps,
	customDomainOps,
	dnsRecordOps,
	customHostnameOps,
}

// columns is the table by kind.
var opsByKind = func() map[spec.Kind]kindOps {
	byKind := map[spec.Kind]kindOps{}
	for _, c := range table {
		byKind[c.kind] = c
	}
	return byKind
}()

func opsOf(kind spec.Kind) (kindOps, error) {
	c, known := opsByKind[kind]
	if !known {
		return kindOps{}, fmt.Errorf("the account knows no resource of kind %q", kind)
	}
	return c, nil
}

// Account is one Cloudflare account, seen through a [Client]. It is safe for
// concurrent use; writes to one resource must not overlap.
type Account struct {
	client *Client
	api    *cloudflare.Client // the client's
	id     string
	tags   *TagCache

	zonesMu  sync.Mutex
	zones    map[string]zone // by name; without an id where there is no such zone
	allZones bool            // a name that is not among them is no zone

	// captured is code that was read to be restored, by short digest.
	capturedMu sync.Mutex
	captured   map[string]*spec.Code

	kvMu       sync.Mutex
	kvPrefixes map[spec.Collection]string // see [Account.Narrow]

	// lastCreated is when this process last created something here, in Unix
	// nanoseconds; see settle.go.
	lastCreated atomic.Int64

	written sync.Map // ids of what this process has written, by address; see [Account.idOf]
}

// Put brings one resource into the desired state and returns the revision it
// then has. A write whose answer was lost, or of a kind that one request tells of and
// that was refused for now, is looked up before it is sent again;
// if somebody else has written the resource meanwhile, it is not, and the error
// is a [*MovedError]. Creating what exists leads to what exists. No error quotes
// a secret of the write, should the server have done so.
func (a *Account) Put(ctx context.Context, w spec.Write) (spec.Revision, error) {
	revision, err := a.put(ctx, w)
	var e *cloudflare.Error
	if errors.As(err, &e) && len(w.Secrets) > 0 {
		var values []string
		for _, secret := range w.Secrets {
			values = append(values, secret.Reveal())
		}
		e.Message = cloudflare.MaskValues(values...)(e.Message)
	}
	return revision, err
}

func (a *Account) put(ctx context.Context, w spec.Write) (spec.Revision, error) {
	if w.Resource == nil {
		return spec.Revision{}, fmt.Errorf("nothing to put")
	}
	address := w.Resource.Address()
	c, err := opsOf(address.Kind)
	if err != nil {
		return spec.Revision{}, err
	}
	if c.look != nil {
		ctx = lookFirst(ctx)
	}
	var revision spec.Revision
	err = a.writeUntilKnown(ctx, func(ctx context.Context) (err error) {
		revision, err = c.put(ctx, a, w)
		return err
	}, func(err error) (bool, error) {
		if c.look != nil {
			now, lookErr := a.Look(ctx, w.Stack, address, w.Prior)
			if lookErr != nil {
				return false, lookErr
			}
			if w.SecretsOnly && markedAlike(w.Prior, now) {
				return false, nil // until the mark is written, our own secrets are all that moved
			}
			return Compare(w, now, &revision)
		}
		// What creates was looked up already, unless that failed, too; what
		// replaces by an id can be repeated.
		var e *cloudflare.Error
		if errors.As(err, &e) && e.Method == http.MethodPost && !errors.As(err, new(notMadeError)) {
			return false, err
		}
		return false, nil
	})
	if err != nil {
		return spec.Revision{}, err
	}
	if revision.ID != "" {
		a.written.Store(address, revision.ID)
	}
	if w.Prior == nil {
		a.lastCreated.Store(time.Now().UnixNano())
	}
	return revision, nil
}

// Delete removes a resource. That it is gone already is success. A deletion
// whose answer was lost is looked up before it is sent again, as in [Account.Put].
func (a *Account) Delete(ctx context.Context, address spec.Address, prior spec.Revision) error {
	c, err := opsOf(address.Kind)
	if err != nil {
		return err
	}
	if c.look != nil {
		ctx = lookFirst(ctx)
	}
	a.written.Delete(address)
	return a.writeUntilKnown(ctx, func(ctx context.Context) error {
		if err := c.delete(ctx, a, address, prior); err != nil && !IsNotFound(err) {
			return err
		}
		return nil
	}, func(error) (bool, error) {
		now, err := a.Look(ctx, prior.Owner, address, &prior)
		if err != nil {
			return false, err
		}
		return Gone(address, prior, now)
	})
}
