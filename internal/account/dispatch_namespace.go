package account

import (
	"context"
	"fmt"
	"net/url"
	"time"

	wfp "github.com/cloudflare/cloudflare-go/v4/workers_for_platforms"

	"github.com/wfpsync/wfpsync/spec"
)

var dispatchNamespaceColumn = column{
	list:   listDispatchNamespaces,
	put:    putDispatchNamespace,
	delete: deleteDispatchNamespace,
}

// listDispatchNamespaces reads the one page that the endpoint has.
func listDispatchNamespaces(ctx context.Context, r *reading, _ string) ([]*spec.Live, error) {
	var params wfp.DispatchNamespaceListParams
	params.AccountID.Value, params.AccountID.Present = url.PathEscape(r.account.id), true
	answer, err := r.account.client.sdk.namespaces.List(ctx, params)
	if err != nil {
		return nil, plain(err)
	}
	var out []*spec.Live
	for _, n := range answer.Result {
		out = append(out, &spec.Live{
			Resource: &spec.DispatchNamespace{Name: n.NamespaceName},
			Revision: dispatchNamespaceRevision(n.NamespaceID, n.ModifiedOn, n.ScriptCount),
			Detailed: true,
		})
	}
	return out, nil
}

func dispatchNamespaceRevision(id string, modifiedOn time.Time, scripts int64) spec.Revision {
	return spec.Revision{ID: id, ModifiedOn: modifiedOn, ScriptCount: int(scripts)}
}

// putDispatchNamespace creates a namespace; there is nothing about one to update.
func putDispatchNamespace(ctx context.Context, a *Account, w spec.Write) (spec.Revision, error) {
	if w.Prior != nil {
		return *w.Prior, nil
	}
	name := w.Resource.(*spec.DispatchNamespace).Name
	var params wfp.DispatchNamespaceNewParams
	params.AccountID.Value, params.AccountID.Present = url.PathEscape(a.id), true
	params.Name.Value, params.Name.Present = name, true
	answer, err := a.client.sdk.namespaces.New(ctx, params)
	if err == nil && answer.NamespaceName == name {
		return dispatchNamespaceRevision(answer.NamespaceID, answer.ModifiedOn, answer.ScriptCount), nil
	}
	if err == nil {
		return spec.Revision{}, fmt.Errorf("the API answered the namespace %q to the creation of %q", answer.NamespaceName, name)
	}
	return afterLostAnswer(err, func() (spec.Revision, error) { return dispatchNamespaceByName(ctx, a, name) })
}

func dispatchNamespaceByName(ctx context.Context, a *Account, name string) (spec.Revision, error) {
	var params wfp.DispatchNamespaceGetParams
	params.AccountID.Value, params.AccountID.Present = url.PathEscape(a.id), true
	n, err := a.client.sdk.namespaces.Get(ctx, url.PathEscape(name), params)
	if err != nil {
		return spec.Revision{}, plain(err)
	}
	return dispatchNamespaceRevision(n.NamespaceID, n.ModifiedOn, n.ScriptCount), nil
}

// deleteDispatchNamespace deletes a namespace that is empty. The API deletes
// the scripts of a namespace together with it (Alchemy's DispatchNamespace
// says so; the documentation does not), and a platform's own product may have
// uploaded one since anybody looked, so the last look is taken here.
func deleteDispatchNamespace(ctx context.Context, a *Account, address spec.Address, _ spec.Revision) error {
	left, _, err := a.scriptPage(ctx, dispatchScripts(a.id, address.Name), url.Values{"limit": {"1"}})
	if err != nil {
		return err
	}
	if len(left) > 0 {
		return &NotEmptyError{Namespace: address.Name, Script: left[0].ID}
	}
	var params wfp.DispatchNamespaceDeleteParams
	params.AccountID.Value, params.AccountID.Present = url.PathEscape(a.id), true
	_, err = a.client.sdk.namespaces.Delete(ctx, url.PathEscape(address.Name), params)
	return plain(err)
}

// NotEmptyError is the refusal to delete a namespace that holds a script,
// which would be deleted with it.
type NotEmptyError struct {
	Namespace string
	Script    string // one of those it holds
}

func (e *NotEmptyError) Error() string {
	return fmt.Sprintf("dispatch namespace %q still holds user Workers, %q among them, which would be deleted with it", e.Namespace, e.Script)
}
