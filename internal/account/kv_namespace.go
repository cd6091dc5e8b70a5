package account

import (
	"context"
	"fmt"
	"net/url"

	"github.com/cloudflare/cloudflare-go/v4/kv"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

var kvNamespaceOps = kindOps{
	kind:      spec.KindKVNamespace,
	endpoints: endpoints{path: "storage/kv", missing: []int{codeKVMissing}, exists: []int{codeKVTitleExists}, check: "/namespaces", pageSize: "5"},
	list:      listKVNamespaces,
	page:      kvNamespacesOnPage,
	put:       putKVNamespace,
	delete:    deleteKVNamespace,
}

// kvNamespacesOnPage is the maximum.
// Source: API reference, "List Namespaces".
const kvNamespacesOnPage = 100

func listKVNamespaces(ctx context.Context, r *reading, _ string) ([]*spec.Live, error) {
	namespaces, err := r.kvNamespaces(ctx)
	if err != nil {
		return nil, err
	}
	var out []*spec.Live
	for _, n := range namespaces {
		out = append(out, &spec.Live{
			Resource: &spec.KVNamespace{Title: n.Title},
			Revision: spec.Revision{ID: n.ID},
			Detailed: true,
		})
	}
	return out, nil
}

// kvNamespaces reads the list of namespaces once, both for them and for their
// pairs.
func (r *reading) kvNamespaces(ctx context.Context) ([]kv.Namespace, error) {
	return r.kvList.get(ctx, r.account.kvNamespaces)
}

func (a *Account) kvNamespaces(ctx context.Context) ([]kv.Namespace, error) {
	return cloudflare.AllPages(ctx, kvNamespacesOnPage, func(ctx context.Context, page float64) ([]kv.Namespace, string, error) {
		var params kv.NamespaceListParams
		params.AccountID.Value, params.AccountID.Present = url.PathEscape(a.id), true
		params.Page.Value, params.Page.Present = page, true
		params.PerPage.Value, params.PerPage.Present = kvNamespacesOnPage, true
		response, err := a.client.sdk.kv.List(ctx, params)
		if err != nil {
			return nil, "", err
		}
		raw := response.JSON.RawJSON()
		return response.Result, raw, cloudflare.IsList("KV namespaces", raw)
	}, func(n kv.Namespace) string { return n.ID })
}

// putKVNamespace creates a namespace, or changes its title.
func putKVNamespace(ctx context.Context, a *Account, w spec.Write) (spec.Revision, error) {
	title := w.Resource.(*spec.KVNamespace).Title
	if w.Prior != nil {
		return a.renameKVNamespace(ctx, *w.Prior, title)
	}
	var params kv.NamespaceNewParams
	params.AccountID.Value, params.AccountID.Present = url.PathEscape(a.id), true
	params.Title.Value, params.Title.Present = title, true
	response, err := a.client.sdk.kv.New(ctx, params)
	if err == nil && response.ID != "" {
		return spec.Revision{ID: response.ID}, nil
	}
	if err == nil {
		return spec.Revision{}, fmt.Errorf("the API returned no id for the new KV namespace %q", title)
	}
	return afterLostResponse(err, func() (spec.Revision, error) { return a.kvNamespaceByTitle(ctx, title) })
}

func (a *Account) renameKVNamespace(ctx context.Context, prior spec.Revision, title string) (spec.Revision, error) {
	revision := spec.Revision{ID: prior.ID}
	if prior.FormerName == "" {
		return revision, nil
	}
	var params kv.NamespaceUpdateParams
	params.AccountID.Value, params.AccountID.Present = url.PathEscape(a.id), true
	params.Title.Value, params.Title.Present = title, true
	if _, err := a.client.sdk.kv.Update(ctx, url.PathEscape(prior.ID), params); err != nil {
		return spec.Revision{}, cloudflare.Plain(err)
	}
	return revision, nil
}

// kvNamespaceByTitle lists the namespaces, because the API looks up by id only.
func (a *Account) kvNamespaceByTitle(ctx context.Context, title string) (spec.Revision, error) {
	namespaces, err := a.kvNamespaces(ctx)
	if err != nil {
		return spec.Revision{}, err
	}
	for _, n := range namespaces {
		if n.Title == title {
			return spec.Revision{ID: n.ID}, nil
		}
	}
	return spec.Revision{}, errAbsent
}

func deleteKVNamespace(ctx context.Context, a *Account, address spec.Address, prior spec.Revision) error {
	id := prior.ID
	if id == "" {
		found, err := a.kvNamespaceByTitle(ctx, address.Name)
		if err != nil {
			return err
		}
		id = found.ID
	}
	var params kv.NamespaceDeleteParams
	params.AccountID.Value, params.AccountID.Present = url.PathEscape(a.id), true
	_, err := a.client.sdk.kv.Delete(ctx, url.PathEscape(id), params)
	return cloudflare.Plain(err)
}
