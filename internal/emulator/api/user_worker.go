package api

import (
	"net/http"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

func (s *Server) userWorkerRoutes() []route {
	const list = "/accounts/{account}/workers/dispatch/namespaces/{namespace}/scripts"
	const one = list + "/{script}"
	return append(s.sharedScriptRoutes(one, userWorkers{}),
		route{"GET", list, s.listUserWorkers},
		route{"DELETE", list, s.deleteUserWorkers},
		route{"GET", one, s.getUserWorker},
		route{"DELETE", one, s.deleteUserWorker},
		route{"GET", one + "/content", func(c *call) (reply, error) { return s.getContent(c, userWorkers{}) }},
		route{"GET", one + "/bindings", s.getUserWorkerBindings},
		route{"GET", one + "/tags", s.getUserWorkerTags},
		route{"PUT", one + "/tags", s.putUserWorkerTags},
		route{"PUT", one + "/tags/{tag}", s.putUserWorkerTag},
		route{"DELETE", one + "/tags/{tag}", s.deleteUserWorkerTag},
	)
}

// userWorkers is the container of a dispatch namespace's user Workers.
type userWorkers struct{}

func (userWorkers) scripts(c *call, tx *store.Tx) (*store.Scripts, error) {
	n, err := findNamespace(tx, c.account, c.param("namespace"), http.StatusNotFound)
	if err != nil {
		return nil, err
	}
	return tx.UserWorkers(c.account, n.ID), nil
}

// checkName accepts almost anything: wrangler's authors found that the API does
// not check the names of user Workers, although the schema has a pattern. The
// limit on the length is only that of the store.
func (userWorkers) checkName(name string) error {
	if len(name) > 255 {
		return fail(http.StatusBadRequest, workersInvalidName, "The name of a Worker may have 255 bytes, not %d", len(name))
	}
	return nil
}

// deployed does nothing: user Workers have no versions, and each upload is live
// at once.
func (userWorkers) deployed(*store.Tx, string, store.Script) {}

func (userWorkers) owner(string) string { return "" }

// namespacedView is a single user Worker, or one in a nested list.
type namespacedView struct {
	CreatedOn         timestamp  `json:"created_on"`
	ModifiedOn        timestamp  `json:"modified_on"`
	DispatchNamespace string     `json:"dispatch_namespace"`
	Script            scriptView `json:"script"`
}

func viewNamespaced(namespace string, view scriptView) namespacedView {
	return namespacedView{
		CreatedOn: view.CreatedOn, ModifiedOn: view.ModifiedOn, DispatchNamespace: namespace, Script: view,
	}
}

// getUserWorker is what wrangler asks before it deploys into a namespace. It
// continues only if a missing script has code 10092; with 10007, which every
// other operation uses, it gives up.
func (s *Server) getUserWorker(c *call) (reply, error) {
	var view any
	err := c.view(func(tx *store.Tx) error {
		scripts, err := userWorkers{}.scripts(c, tx)
		if err != nil {
			return err
		}
		head, found := scripts.Head(c.param("script"))
		switch {
		case !found && s.listShape.Load().NullScript:
			view = map[string]any{"script": nil}
			return nil
		case !found:
			return fail(http.StatusNotFound, workersEnvironmentNotFound, "workers.api.error.environment_not_found")
		}
		view = viewNamespaced(c.param("namespace"), viewScript(head))
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(view)
}

// deleteUserWorker deletes one user Worker. force matters for account Workers
// only, because nothing can bind to a user Worker.
func (s *Server) deleteUserWorker(c *call) (reply, error) {
	err := c.update(func(tx *store.Tx) error {
		scripts, err := userWorkers{}.scripts(c, tx)
		if err != nil {
			return err
		}
		if !scripts.Has(c.param("script")) {
			return errScriptNotFound
		}
		scripts.Delete(c.param("script"))
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return done()
}

func (s *Server) getUserWorkerBindings(c *call) (reply, error) {
	var views []map[string]any
	err := s.readScript(c, userWorkers{}, func(_ *store.Tx, script store.Script) error {
		views = ViewBindings(script)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(views)
}
