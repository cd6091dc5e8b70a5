package api

import (
	"net/http"
	"regexp"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

func (s *Server) dispatchNamespaceRoutes() []route {
	const list, one = "/accounts/{account}/workers/dispatch/namespaces", "/accounts/{account}/workers/dispatch/namespaces/{namespace}"
	return []route{
		{"GET", list, s.listDispatchNamespaces},
		{"POST", list, s.createDispatchNamespace},
		{"GET", one, s.getDispatchNamespace},
		{"PUT", one, s.putDispatchNamespace},
		{"PATCH", one, s.patchDispatchNamespace},
		{"DELETE", one, s.deleteDispatchNamespace},
	}
}

type dispatchNamespaceView struct {
	ID             string    `json:"namespace_id"`
	Name           string    `json:"namespace_name"`
	ScriptCount    int       `json:"script_count"`
	TrustedWorkers bool      `json:"trusted_workers"`
	CreatedOn      timestamp `json:"created_on"`
	CreatedBy      string    `json:"created_by"`
	ModifiedOn     timestamp `json:"modified_on"`
	ModifiedBy     string    `json:"modified_by"`
}

func viewDispatchNamespace(tx *store.Tx, account string, n store.DispatchNamespace) dispatchNamespaceView {
	return dispatchNamespaceView{
		ID: n.ID, Name: n.Name, TrustedWorkers: n.TrustedWorkers,
		ScriptCount: tx.UserWorkers(account, n.ID).Count(),
		CreatedOn:   timestamp(n.CreatedOn), CreatedBy: userID,
		ModifiedOn: timestamp(n.ModifiedOn), ModifiedBy: userID,
	}
}

// namespaceName is strict, because little is known: the schema accepts
// anything, but one client that is tested against the real API documents
// lower-case letters, digits and dashes.
var namespaceName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

func checkNamespaceName(name string) error {
	switch {
	case name == "":
		return fail(http.StatusBadRequest, workersMissingParameter, "A dispatch namespace needs a name")
	case !namespaceName.MatchString(name):
		return fail(http.StatusBadRequest, workersMalformedParameter,
			"The dispatch namespace name %q is invalid: use up to 63 lower-case letters, digits, dashes and underscores", name)
	}
	return nil
}

// findNamespace returns the dispatch namespace of a name. If it is missing, the
// response has the given status: 404 in a path, 400 in a binding.
func findNamespace(tx *store.Tx, account, name string, status int) (store.DispatchNamespace, error) {
	n, found := tx.DispatchNamespace(account, name)
	if !found {
		return n, fail(status, workersNamespaceNotFound, "workers.api.error.dispatch_namespace_not_found")
	}
	return n, nil
}

// listDispatchNamespaces returns a plain list: the endpoint has no pages, and
// ignores the page that wrangler asks for.
func (s *Server) listDispatchNamespaces(c *call) (reply, error) {
	views := []dispatchNamespaceView{}
	err := c.view(func(tx *store.Tx) error {
		for _, n := range tx.DispatchNamespaces(c.account) {
			views = append(views, viewDispatchNamespace(tx, c.account, n))
		}
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(views)
}

// dispatchNamespaceFields is the body of all writes. It is not documented
// whether trusted_workers is allowed at creation. It is ignored there, so that
// no client relies on it.
type dispatchNamespaceFields struct {
	Name           *string `json:"name"`
	TrustedWorkers *bool   `json:"trusted_workers"`
}

func (s *Server) createDispatchNamespace(c *call) (reply, error) {
	var fields dispatchNamespaceFields
	if err := c.json(&fields, errMalformedJSON); err != nil {
		return reply{}, err
	}
	name := deref(fields.Name)
	if err := checkNamespaceName(name); err != nil {
		return reply{}, err
	}
	var view dispatchNamespaceView
	err := c.update(func(tx *store.Tx) error {
		if err := nameIsFree(tx, c.account, name); err != nil {
			return err
		}
		now := s.now()
		n := store.DispatchNamespace{ID: newUUID(), Name: name, CreatedOn: now, ModifiedOn: now}
		tx.PutDispatchNamespace(c.account, n)
		view = viewDispatchNamespace(tx, c.account, n)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(view)
}

func nameIsFree(tx *store.Tx, account, name string) error {
	if _, taken := tx.DispatchNamespace(account, name); taken {
		return fail(http.StatusBadRequest, workersNamespaceExists, "A dispatch namespace with this name already exists.")
	}
	return nil
}

func (s *Server) getDispatchNamespace(c *call) (reply, error) {
	var view dispatchNamespaceView
	err := c.view(func(tx *store.Tx) error {
		n, err := findNamespace(tx, c.account, c.param("namespace"), http.StatusNotFound)
		if err == nil {
			view = viewDispatchNamespace(tx, c.account, n)
		}
		return err
	})
	if err != nil {
		return reply{}, err
	}
	return ok(view)
}

// putDispatchNamespace replaces name and trust. It is not documented what PUT
// does with a field that is left out. PATCH is documented to keep it, so PUT
// resets it here: a client that wanted to keep it will notice.
func (s *Server) putDispatchNamespace(c *call) (reply, error) {
	return s.changeDispatchNamespace(c, func(n *store.DispatchNamespace, fields dispatchNamespaceFields) {
		n.Name = deref(fields.Name)
		n.TrustedWorkers = deref(fields.TrustedWorkers)
	})
}

// patchDispatchNamespace keeps fields that are left out.
func (s *Server) patchDispatchNamespace(c *call) (reply, error) {
	return s.changeDispatchNamespace(c, func(n *store.DispatchNamespace, fields dispatchNamespaceFields) {
		if fields.Name != nil {
			n.Name = *fields.Name
		}
		if fields.TrustedWorkers != nil {
			n.TrustedWorkers = *fields.TrustedWorkers
		}
	})
}

// changeDispatchNamespace renames a namespace and sets its trust. Bindings of
// dispatchers keep the old name, because nothing documents that the real API
// changes them.
func (s *Server) changeDispatchNamespace(c *call, change func(*store.DispatchNamespace, dispatchNamespaceFields)) (reply, error) {
	var fields dispatchNamespaceFields
	if err := c.json(&fields, errMalformedJSON); err != nil {
		return reply{}, err
	}
	var view dispatchNamespaceView
	err := c.update(func(tx *store.Tx) error {
		n, err := findNamespace(tx, c.account, c.param("namespace"), http.StatusNotFound)
		if err != nil {
			return err
		}
		oldName := n.Name
		change(&n, fields)
		if err := checkNamespaceName(n.Name); err != nil {
			return err
		}
		if n.Name != oldName {
			if err := nameIsFree(tx, c.account, n.Name); err != nil {
				return err
			}
		}
		n.ModifiedOn = s.later(n.ModifiedOn)
		tx.RenameDispatchNamespace(c.account, oldName, n)
		view = viewDispatchNamespace(tx, c.account, n)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(view)
}

func (s *Server) deleteDispatchNamespace(c *call) (reply, error) {
	err := c.update(func(tx *store.Tx) error {
		n, err := findNamespace(tx, c.account, c.param("namespace"), http.StatusNotFound)
		if err != nil {
			return err
		}
		if inside := tx.UserWorkers(c.account, n.ID).Count(); inside > 0 && s.options.NonEmptyNamespaceDelete == Refuse {
			return fail(http.StatusBadRequest, workersMalformedParameter,
				"The dispatch namespace %q is not empty: delete its %d scripts first", n.Name, inside)
		}
		tx.DeleteDispatchNamespace(c.account, n)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return done()
}

// deref returns what p points to, or the zero value.
func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
