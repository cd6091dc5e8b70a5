package account

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/wfpsync/wfpsync/spec"
)

// putSecrets writes secrets of a script that is otherwise in its desired state,
// and then the mark. If the run ends between the two, the next plan writes the
// secrets again. Several secrets go in one request, which makes one version.
// Source: API reference, "Put Script Secret" of dispatch namespaces and of
// Workers, and "secrets-bulk" of the same, a merge patch.
func putSecrets(ctx context.Context, a *Account, w spec.Write) (spec.Revision, error) {
	path := a.scriptPath(w.Resource.Address())
	names := slices.Sorted(maps.Keys(w.Secrets))
	body := func(name string) spec.Object {
		return spec.Object{"name": name, "type": spec.BindingSecret, "text": w.Secrets[name].Reveal()}
	}
	var err error
	switch len(names) {
	case 0:
		err = fmt.Errorf("it has no secret to write")
	case 1:
		err = a.api.ExchangeJSON(ctx, http.MethodPut, path+"/secrets", body(names[0]), nil)
	default:
		all := spec.Object{}
		for _, name := range names {
			all[name] = body(name)
		}
		err = a.api.ExchangeJSON(ctx, http.MethodPatch, path+"/secrets-bulk", spec.Object{"secrets": all}, nil)
	}
	if err != nil {
		return spec.Revision{}, err
	}
	return putMark(ctx, a, w)
}
