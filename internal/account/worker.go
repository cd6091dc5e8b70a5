package account

import (
	"context"

	"github.com/wfpsync/wfpsync/spec"
)

var workerOps = kindOps{
	kind:      spec.KindWorker,
	endpoints: endpoints{path: "workers", missing: workersMissing, exists: workersExists, check: "/scripts"},
	list:      listWorkers,
	look:      lookAtWorker,
	inspect:   inspectScript,
	put:       putScript,
	delete:    deleteScript,
}

// listWorkers lists the account's own Workers, and notes the routes of those
// that the stack owns.
func listWorkers(ctx context.Context, r *reading, _ string) ([]*spec.Live, error) {
	a := r.account
	var out []*spec.Live
	err := a.eachTagged(ctx, accountScripts(a.id), r.stack, nil, func(s *script) {
		definition, revision := s.toSpec()
		out = append(out, &spec.Live{Resource: &spec.Worker{Name: s.ID, Script: definition}, Revision: revision, TagsUnread: !s.TagsShown})
		if r.stack != "" && revision.Owner == r.stack {
			r.noteRoutes(s)
		}
	})
	return out, err
}

func (r *reading) noteRoutes(s *script) {
	r.routesMu.Lock()
	defer r.routesMu.Unlock()
	for _, route := range s.Routes {
		route.Script = s.ID
		r.routes = append(r.routes, route)
	}
}

// lookAtWorker reads the list of Workers, which has one page, because a GET of
// a Worker returns its code.
func lookAtWorker(ctx context.Context, a *Account, address spec.Address) (spec.Revision, error) {
	found, err := listWorkers(ctx, &reading{account: a}, "")
	if err != nil {
		return spec.Revision{}, err
	}
	if now := revisionIn(found, address); now != nil {
		return *now, nil
	}
	return spec.Revision{}, errAbsent
}
