package account

import (
	"context"
	"net/http"

	"github.com/wfpsync/wfpsync/spec"
)

// A user Worker is a script like a Worker, in another place.
var userWorkerColumn = column{
	list:    listUserWorkers,
	look:    lookAtUserWorker,
	inspect: inspectScript,
	put:     putScript,
	delete:  deleteScript,
}

// listUserWorkers lists a dispatch namespace. One that does not exist is
// empty: the stack may be about to create it.
func listUserWorkers(ctx context.Context, r *reading, namespace string) ([]*spec.Live, error) {
	a := r.account
	scripts, err := a.scripts(ctx, dispatchScripts(a.id, namespace), r.stack, r.discoveries[namespace])
	if IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := make([]*spec.Live, len(scripts))
	for i := range scripts {
		s := &scripts[i]
		out[i] = &spec.Live{
			Resource: &spec.UserWorker{DispatchNamespace: namespace, Name: s.ID, Script: s.definition()},
			Revision: s.revision(),
			Created:  s.CreatedOn,
			Untagged: !s.TagsShown,
		}
	}
	return out, nil
}

// lookAtUserWorker reads a user Worker as the list shows it.
func lookAtUserWorker(ctx context.Context, a *Account, address spec.Address) (spec.Revision, error) {
	var answer wireScript
	path := a.scriptPath(address)
	if _, err := a.client.exchange(ctx, http.MethodGet, path, nil, nil, &answer); err != nil {
		return spec.Revision{}, err
	}
	s, err := answer.script()
	if err != nil {
		return spec.Revision{}, err
	}
	if !s.TagsShown {
		settings, err := a.settings(ctx, path)
		if err != nil {
			return spec.Revision{}, err
		}
		s.Tags = settings.Tags
	}
	return s.revision(), nil
}
