package account

import (
	"context"
	"errors"
	"net/http"

	"github.com/tidwall/gjson"

	"github.com/wfpsync/wfpsync/spec"
)

// A user Worker is a script like a Worker, below another root.
var userWorkerOps = kindOps{
	kind:    spec.KindUserWorker,
	list:    listUserWorkers,
	look:    lookAtUserWorker,
	inspect: inspectScript,
	put:     putScript,
	delete:  deleteScript,
}

// listUserWorkers lists a dispatch namespace. One that does not exist is empty,
// because the stack may be about to create it.
func listUserWorkers(ctx context.Context, r *reading, namespace string) ([]*spec.Live, error) {
	a := r.account
	var out []*spec.Live
	err := a.eachTagged(ctx, dispatchScripts(a.id, namespace), r.stack, r.discoveries[namespace], func(s *script) {
		definition, revision := s.toSpec()
		out = append(out, &spec.Live{
			Resource:   &spec.UserWorker{DispatchNamespace: namespace, Name: s.ID, Script: definition},
			Revision:   revision,
			Created:    s.CreatedOn,
			TagsUnread: !s.TagsShown,
		})
	})
	if IsNotFound(err) {
		return nil, nil
	}
	return out, err
}

// lookAtUserWorker reads a user Worker as the list shows it.
func lookAtUserWorker(ctx context.Context, a *Account, address spec.Address) (spec.Revision, error) {
	s, err := a.userWorker(ctx, address)
	if err != nil {
		return spec.Revision{}, err
	}
	if !s.TagsShown {
		settings, err := a.settings(ctx, a.scriptPath(address))
		if err != nil {
			return spec.Revision{}, err
		}
		s.Tags = settings.Tags
	}
	_, revision := s.toSpec()
	return revision, nil
}

// userWorker reads a user Worker as the list shows it, perhaps without its
// tags. If it does not exist, the API responds with 404, or with 200 and
// {"script": null}. A response that says neither that nor anything about a
// script is an error.
// Source: wrangler, which takes both for a new Worker, and two products that
// see the second on the live API.
func (a *Account) userWorker(ctx context.Context, address spec.Address) (script, error) {
	path := a.scriptPath(address)
	response, err := a.api.Send(ctx, http.MethodGet, path, nil, nil)
	if err != nil {
		return script{}, err
	}
	var found wireScript
	if _, err := response.Decode(&found); err != nil {
		return script{}, err
	}
	s, err := found.script()
	if err != nil || s.ID != "" || s.ETag != "" || !s.ModifiedOn.IsZero() {
		return s, err
	}
	if named := gjson.GetBytes(response.Content, "result.script"); named.Exists() && named.Type == gjson.Null {
		return script{}, errAbsent
	}
	return script{}, response.Unexpected(errors.New("it says nothing about a script"))
}
