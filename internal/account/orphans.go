package account

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

// maxSearchedNamespaces is how many KV namespaces are searched for pairs that
// the file does not declare, one page of keys each. KV cannot filter by
// metadata.
const maxSearchedNamespaces = 10

// SearchOrphans adds to a snapshot the resources with a stack's mark that are
// in none of the collections that were read, and notes the collections that it
// has not searched to the end. Unless the search is everywhere, it looks into
// zones only if the account has no more than one page of them, and takes one
// request for each zone and kind, and for each KV namespace. It skips
// collections that were read whole.
func (a *Account) SearchOrphans(ctx context.Context, stack string, snap *spec.Snapshot, e spec.OrphanSearch) error {
	targets, unseen, err := a.searchTargets(ctx, snap, e)
	if err != nil {
		return err
	}
	found := make([][]*spec.Live, len(targets))
	rest := make([]*spec.Unsearched, len(targets))
	g, groupCtx := errgroup.WithContext(ctx)
	g.SetLimit(a.client.concurrency)
	for i, t := range targets {
		g.Go(func() error {
			list, whole, err := opsByKind[t.Kind].search(groupCtx, a, t, stack, e.All)
			if err != nil && !isSkippable(t.Kind, err) {
				return err
			}
			if err == nil && !whole {
				rest[i] = &spec.Unsearched{Collection: t.Collection}
			}
			found[i] = list
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i := range targets {
		for _, live := range found[i] {
			if live.Revision.Owner == stack {
				snap.Resources[live.Resource.Address()] = live
			}
		}
		if rest[i] != nil {
			unseen = append(unseen, *rest[i])
		}
	}
	slices.SortFunc(unseen, func(a, b spec.Unsearched) int { return a.Compare(b.Collection) })
	snap.Unsearched = unseen
	return nil
}

// isSkippable reports whether the search goes on after an error in one
// collection. What the credentials may not read, they have not written. And a
// zone without Cloudflare for SaaS, which has no hostnames, may refuse to list
// them, in words that are not documented.
func isSkippable(kind spec.Kind, err error) bool {
	return cloudflare.IsDenied(err) || IsNotFound(err) || kind == spec.KindCustomHostname && cloudflare.Is(err, isRefused)
}

// isRefused reports whether an error says that the request cannot be done, now
// or later.
func isRefused(e *cloudflare.Error) bool {
	return !e.NotEnvelope && e.Status >= http.StatusBadRequest && e.Status < http.StatusInternalServerError && !e.Throttled()
}

// searchTarget is a collection to search.
type searchTarget struct {
	spec.Collection
	id string
}

// searchTargets returns the collections to search, and those that are left out
// because there are too many.
func (a *Account) searchTargets(ctx context.Context, snap *spec.Snapshot, e spec.OrphanSearch) (targets []searchTarget, unseen []spec.Unsearched, err error) {
	for _, address := range e.KVNamespaces {
		id, exists := snap.ID(address)
		c := spec.Collection{Kind: spec.KindKVPair, Parent: address.Name}
		switch {
		case !exists || snap.Read(c):
		case len(targets) == maxSearchedNamespaces && !e.All:
			unseen = append(unseen, spec.Unsearched{Collection: c})
		default:
			targets = append(targets, searchTarget{c, id})
		}
	}
	if len(e.ZoneKinds) == 0 {
		return targets, unseen, nil
	}
	zones, all, err := a.zonesToSearch(ctx, e.All)
	if err != nil && !cloudflare.IsDenied(err) {
		return nil, nil, err
	}
	for _, kind := range e.ZoneKinds {
		if err != nil || !all {
			unseen = append(unseen, spec.Unsearched{Collection: spec.Collection{Kind: kind}, Denied: err != nil})
			continue
		}
		for _, z := range zones {
			c := spec.Collection{Kind: kind, Parent: z.Name}
			if slices.Contains(e.NamedZones, z.Name) || slices.Contains(e.NamedZones, z.ID) || snap.Read(c) || snap.Read(spec.Collection{Kind: kind, Parent: z.ID}) {
				continue
			}
			targets = append(targets, searchTarget{c, z.ID})
		}
	}
	return targets, unseen, nil
}

// zonesToSearch returns all zones of the account. Without every, ok is false if
// they take more than one page.
func (a *Account) zonesToSearch(ctx context.Context, every bool) (all []zone, ok bool, err error) {
	_, known := a.knownZone("")
	switch {
	case every:
		_, err = a.Zones(ctx)
	case !known: // the account may have more than the first page
		err = a.firstZones(ctx)
	}
	if err != nil {
		return nil, false, err
	}
	a.zonesMu.Lock()
	defer a.zonesMu.Unlock()
	for name, z := range a.zones {
		if z.ID != "" {
			all = append(all, zone{ID: z.ID, Name: name})
		}
	}
	return all, a.allZones, nil
}

// searchRecords returns the records of a zone whose comment ends like a stack's
// mark, with one request however many there are.
// Source: API reference, "List DNS Records", comment.endswith.
func searchRecords(ctx context.Context, a *Account, t searchTarget, stack string, _ bool) (found []*spec.Live, whole bool, err error) {
	records, err := a.dnsRecords(ctx, zone{ID: t.id}, url.Values{"comment.endswith": {spec.MarkedComment("", stack)}})
	return liveRecords(t.Parent, records), true, err
}

// searchHostnames returns the custom hostnames of a zone, or the first page of
// them.
func searchHostnames(ctx context.Context, a *Account, t searchTarget, _ string, every bool) (found []*spec.Live, whole bool, err error) {
	if every {
		found, err = a.customHostnames(ctx, t.Parent, url.Values{})
		return found, true, err
	}
	var page []customHostname
	query := url.Values{"page": {"1"}, "per_page": {strconv.Itoa(hostnamesOnPage)}}
	info, err := a.api.Exchange(ctx, http.MethodGet, cloudflare.Path("zones", t.id, "custom_hostnames"), query, nil, &page)
	for _, h := range page {
		found = append(found, h.live(t.Parent))
	}
	return found, info.Last(1, hostnamesOnPage, len(page), len(page)), err
}

// searchPairs returns the pairs of a KV namespace, or the first page of them.
func searchPairs(ctx context.Context, a *Account, t searchTarget, _ string, every bool) (found []*spec.Live, whole bool, err error) {
	list := keyList{account: a, namespaceID: t.id, limit: kvKeyPage}
	for first := true; first || every && !list.done; first = false {
		keys, err := list.next(ctx)
		if err != nil {
			return nil, false, err
		}
		for _, k := range keys {
			found = append(found, k.live(t.Parent, t.id))
		}
	}
	return found, list.done, nil
}
