package account

import (
	"context"

	"github.com/wfpsync/wfpsync/spec"
)

// A user Worker is a script like a Worker, in another place.
var userWorkerColumn = column{
	list:    listUserWorkers,
	inspect: inspectScript,
	put:     putScript,
	delete:  deleteScript,
}

// listUserWorkers lists a dispatch namespace. One that does not exist is
// empty: the stack may be about to create it.
func listUserWorkers(ctx context.Context, r *reading, namespace string) ([]*spec.Live, error) {
	a := r.account
	scripts, err := a.scripts(ctx, dispatchScripts(a.id, namespace), r.stack)
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
		}
	}
	return out, nil
}
