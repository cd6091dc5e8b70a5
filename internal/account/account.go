// Package account reads a live Cloudflare account into the model of package
// spec, and writes the model to it.
//
//	client, err := account.New(account.Options{Options: cloudflare.Options{Credentials: …}})
//	live := client.Account(id)
//	snapshot, err := live.Read(ctx, "platform", collections)   // lists only: ⌈N/1000⌉ requests for N user Workers
//	err = live.Inspect(ctx, snapshot, addresses)               // the few whose settings and code matter
//	revision, err := live.Put(ctx, write)
//
// It has two clients of the API. cloudflare-go's typed methods serve where they
// are right: for dispatch namespaces, KV, D1, R2, queues, zones, routes and
// accounts. The raw client, package cloudflare, serves everything about
// scripts, because cloudflare-go v4.6.0 uploads a script without its code,
// flattens multipart metadata, cannot list a namespace's scripts and does not
// escape paths. It also reads the lists whose pages cloudflare-go loses, of
// queues and buckets, and serves DNS records, custom hostnames and Vectorize
// indexes. Both share the http.Client of package cloudflare, which alone knows
// credentials, rate limits, retries and what a failure looks like: a request of
// either that fails is a [*cloudflare.Error].
//
// One rule keeps customers' code apart: no cloudflare-go call in this package
// passes per-call options. The SDK appends them to a slice that concurrent
// calls share, so an upload could carry another call's body. A test checks the
// syntax tree for it, and another shows what happens without the rule.
//
// Each kind of resource has a file of its name, and a line in the table below.
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

// kindOps is what this package does with resources of one kind.
type kindOps struct {
	kind spec.Kind

	// endpoints are those of the kind's product. Of several kinds of one
	// product, one has them.
	endpoints endpoints

	// list reads a collection. What a list does not show is left to inspect.
	list func(ctx context.Context, r *reading, parent string) ([]*spec.Live, error)

	// page is the number of resources on a page of the list; 0 means
	// [pageLimit].
	page int

	// look reads the revision of one resource. It is nil if only a list shows
	// it.
	look func(ctx context.Context, a *Account, address spec.Address) (spec.Revision, error)

	// inspect completes a listed resource. It is nil if the list shows
	// everything.
	inspect func(ctx context.Context, a *Account, live *spec.Live) (*spec.Live, error)

	// search finds what may be a stack's in a collection that the stack file
	// does not declare, and reports whether it saw the whole collection. Unless
	// every page is asked for, it makes only one request. It is nil if all
	// marks of the kind are in collections that are read anyway.
	search func(ctx context.Context, a *Account, t searchTarget, stack string, every bool) (found []*spec.Live, whole bool, err error)

	// put brings a resource into its desired state.
	put func(ctx context.Context, a *Account, w spec.Write) (spec.Revision, error)

	// delete removes a resource. It may fail if the resource is gone already:
	// [Account.Delete] sees to that.
	delete func(ctx context.Context, a *Account, address spec.Address, prior spec.Revision) error
}

// table has every kind of resource, in the order in which doctor looks at their
// products.
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

// opsByKind is the table by kind.
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
		return kindOps{}, fmt.Errorf("the account has no resources of kind %q", kind)
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
	zones    map[string]zone // by name; one without an id does not exist
	allZones bool            // a name that is not among them is not a zone

	// captured is code that was read so that it can be restored, by short
	// digest.
	capturedMu sync.Mutex
	captured   map[string]*spec.Code

	kvMu       sync.Mutex
	kvPrefixes map[spec.Collection]string // see [Account.SetKeyPrefixes]

	// lastCreated is when this process last created something here, in Unix
	// nanoseconds; see write_retry.go.
	lastCreated atomic.Int64

	written sync.Map // ids of resources that this process has written, by address; see [Account.idOf]
}

// Put brings one resource into the desired state and returns its new revision.
// If the response to a write was lost, Put looks at the resource before it
// sends the write again. For kinds that one request can look up, it also does
// so if the write was refused for now. If another program has written the
// resource meanwhile, Put does not write it, and the error is a [*MovedError].
// Creating what exists leads to what exists. No error quotes a secret of the
// write, even if the server does.
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
				return false, nil // until the mark is written, only our own secrets have moved
			}
			return Compare(w, now, &revision)
		}
		// A create was looked up already, unless the lookup failed too. A write
		// that replaces by id can be repeated.
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

// Delete removes a resource. If it is gone already, that is a success. If the
// response to a deletion was lost, Delete looks at the resource before it sends
// the request again, as [Account.Put] does.
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
