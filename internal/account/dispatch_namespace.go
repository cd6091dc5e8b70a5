package account

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	wfp "github.com/cloudflare/cloudflare-go/v4/workers_for_platforms"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

var dispatchNamespaceOps = kindOps{
	kind:   spec.KindDispatchNamespace,
	list:   listDispatchNamespaces,
	put:    putDispatchNamespace,
	delete: deleteDispatchNamespace,
}

// listDispatchNamespaces reads the one page that the endpoint has.
func listDispatchNamespaces(ctx context.Context, r *reading, _ string) ([]*spec.Live, error) {
	var params wfp.DispatchNamespaceListParams
	params.AccountID.Value, params.AccountID.Present = url.PathEscape(r.account.id), true
	response, err := r.account.client.sdk.namespaces.List(ctx, params)
	if err == nil {
		err = cloudflare.IsList("dispatch namespaces", response.JSON.RawJSON())
	}
	if err != nil {
		return nil, cloudflare.Plain(err)
	}
	var out []*spec.Live
	for _, n := range response.Result {
		trusted := n.JSON.ExtraFields["trusted_workers"].Raw() == "true" // the SDK's type lacks it
		out = append(out, &spec.Live{
			Resource: &spec.DispatchNamespace{Name: n.NamespaceName, TrustedWorkers: &trusted},
			Revision: dispatchNamespaceRevision(n.NamespaceID, n.ModifiedOn, n.ScriptCount, trusted),
			Detailed: true,
		})
	}
	return out, nil
}

// dispatchNamespaceRevision uses the trust as the etag.
func dispatchNamespaceRevision(id string, modifiedOn time.Time, scripts int64, trusted bool) spec.Revision {
	revision := spec.Revision{ID: id, ModifiedOn: modifiedOn, ScriptCount: int(scripts)}
	if trusted {
		revision.ETag = trustedTag
	}
	return revision
}

const trustedTag = "trusted"

// putDispatchNamespace creates a namespace, renames it, and sets whether its
// Workers trust each other, which the documentation describes for existing
// namespaces only.
func putDispatchNamespace(ctx context.Context, a *Account, w spec.Write) (spec.Revision, error) {
	n := w.Resource.(*spec.DispatchNamespace)
	revision, former := spec.Revision{}, n.Name
	if w.Prior != nil {
		revision, former = *w.Prior, cmp.Or(w.Prior.FormerName, n.Name)
	} else {
		created, err := createDispatchNamespace(ctx, a, n.Name)
		if err != nil {
			return spec.Revision{}, err
		}
		revision = created
	}
	trusted := revision.ETag == trustedTag
	if former == n.Name && (n.TrustedWorkers == nil || *n.TrustedWorkers == trusted) {
		return revision, nil
	}
	if n.TrustedWorkers != nil {
		trusted = *n.TrustedWorkers
	}
	return changeDispatchNamespace(ctx, a, former, n.Name, trusted)
}

// changeDispatchNamespace always sends both, because it is not documented what
// a PUT does with a field that it leaves out. The SDK has no such method.
// Source: wrangler's dispatch-namespace rename; Workers for Platforms, worker
// isolation.
func changeDispatchNamespace(ctx context.Context, a *Account, former, name string, trusted bool) (spec.Revision, error) {
	var response struct {
		ID          string    `json:"namespace_id"`
		Name        string    `json:"namespace_name"`
		ModifiedOn  time.Time `json:"modified_on"`
		ScriptCount int64     `json:"script_count"`
	}
	path := cloudflare.Path("accounts", a.id, "workers", "dispatch", "namespaces", former)
	fields := map[string]any{"name": name, "trusted_workers": trusted}
	if err := a.api.ExchangeJSON(ctx, http.MethodPut, path, fields, &response); err != nil {
		return spec.Revision{}, err
	}
	if response.Name != "" && response.Name != name {
		return spec.Revision{}, fmt.Errorf("the API returned the namespace %q for a change of %q", response.Name, name)
	}
	return dispatchNamespaceRevision(response.ID, response.ModifiedOn, response.ScriptCount, trusted), nil
}

func createDispatchNamespace(ctx context.Context, a *Account, name string) (spec.Revision, error) {
	var params wfp.DispatchNamespaceNewParams
	params.AccountID.Value, params.AccountID.Present = url.PathEscape(a.id), true
	params.Name.Value, params.Name.Present = name, true
	response, err := a.client.sdk.namespaces.New(ctx, params)
	if err == nil && response.NamespaceName == name {
		return dispatchNamespaceRevision(response.NamespaceID, response.ModifiedOn, response.ScriptCount, false), nil
	}
	if err == nil {
		return spec.Revision{}, fmt.Errorf("the API returned the namespace %q for the creation of %q", response.NamespaceName, name)
	}
	return afterLostResponse(err, func() (spec.Revision, error) { return dispatchNamespaceByName(ctx, a, name) })
}

func dispatchNamespaceByName(ctx context.Context, a *Account, name string) (spec.Revision, error) {
	var params wfp.DispatchNamespaceGetParams
	params.AccountID.Value, params.AccountID.Present = url.PathEscape(a.id), true
	n, err := a.client.sdk.namespaces.Get(ctx, url.PathEscape(name), params)
	if err != nil {
		return spec.Revision{}, cloudflare.Plain(err)
	}
	return dispatchNamespaceRevision(n.NamespaceID, n.ModifiedOn, n.ScriptCount, n.JSON.ExtraFields["trusted_workers"].Raw() == "true"), nil
}

// deleteDispatchNamespace deletes an empty namespace. The API deletes the
// scripts of a namespace together with it (Alchemy's DispatchNamespace says so;
// the documentation does not), and a platform's own product may have uploaded
// one since the plan was made. So the last look is here.
func deleteDispatchNamespace(ctx context.Context, a *Account, address spec.Address, _ spec.Revision) error {
	scripts := dispatchScripts(a.id, address.Name)
	page, err := a.api.Send(ctx, http.MethodGet, string(scripts), url.Values{"limit": {"1"}}, nil)
	if err != nil {
		return err
	}
	left, err := decodeScripts(page)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		return &NotEmptyError{Namespace: address.Name, Script: left[0].ID}
	}
	var params wfp.DispatchNamespaceDeleteParams
	params.AccountID.Value, params.AccountID.Present = url.PathEscape(a.id), true
	_, err = a.client.sdk.namespaces.Delete(ctx, url.PathEscape(address.Name), params)
	return cloudflare.Plain(err)
}

// NotEmptyError says that a namespace was not deleted because it holds a
// script, which would be deleted with it.
type NotEmptyError struct {
	Namespace string
	Script    string // one of those in it
}

func (e *NotEmptyError) Error() string {
	return fmt.Sprintf("dispatch namespace %q still holds user Workers, %q among them, which would be deleted with it", e.Namespace, e.Script)
}
