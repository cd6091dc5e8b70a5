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
	var out []*spec.Live
	err := a.eachTagged(ctx, dispatchScripts(a.id, namespace), r.stack, r.discoveries[namespace], func(s *script) {
		definition, revision := s.shown()
		out = append(out, &spec.Live{
			Resource: &spec.UserWorker{DispatchNamespace: namespace, Name: s.ID, Script: definition},
			Revision: revision,
			Created:  s.CreatedOn,
			Untagged: !s.TagsShown,
		})
	})
	if IsNotFound(err) {
		return nil, nil
	}
	return out, err
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
	_, revision := s.shown()
	return revision, nil
}
