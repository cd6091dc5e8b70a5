package api

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

func (s *Server) kvNamespaceRoutes() []route {
	const list, one = "/accounts/{account}/storage/kv/namespaces", "/accounts/{account}/storage/kv/namespaces/{kv}"
	return []route{
		{"GET", list, s.listKVNamespaces},
		{"POST", list, s.createKVNamespace},
		{"GET", one, s.getKVNamespace},
		{"PUT", one, s.renameKVNamespace},
		{"DELETE", one, s.deleteKVNamespace},
	}
}

type kvNamespaceView struct {
	ID                  string `json:"id"`
	Title               string `json:"title"`
	SupportsURLEncoding bool   `json:"supports_url_encoding"`
}

func viewKVNamespace(n store.KVNamespace) kvNamespaceView {
	return kvNamespaceView{ID: n.ID, Title: n.Title, SupportsURLEncoding: true}
}

var errKVMalformed = fail(http.StatusBadRequest, kvInvalidBody, "could not parse the request body")

// findKVNamespace returns the KV namespace in a call's path.
func findKVNamespace(c *call, tx *store.Tx) (store.KVNamespace, error) {
	n, found := tx.KVNamespace(c.account, c.param("kv"))
	if !found {
		return n, fail(http.StatusNotFound, kvNamespaceNotFound, "namespace not found")
	}
	return n, nil
}

// listKVNamespaces responds in numbered pages. The schema's largest page is
// 100, but the documentation and wrangler say 1000, and wrangler asks for it.
func (s *Server) listKVNamespaces(c *call) (reply, error) {
	query := c.query()
	key := func(v kvNamespaceView) string { return v.ID }
	switch order := query.Get("order"); order {
	case "", "id":
	case "title":
		key = func(v kvNamespaceView) string { return v.Title }
	default:
		return reply{}, fail(http.StatusBadRequest, kvInvalidParameter, "order must be id or title, not %q", order)
	}
	sign := 1
	switch direction := query.Get("direction"); direction {
	case "", "asc":
	case "desc":
		sign = -1
	default:
		return reply{}, fail(http.StatusBadRequest, kvInvalidParameter, "direction must be asc or desc, not %q", direction)
	}
	views := []kvNamespaceView{}
	err := c.view(func(tx *store.Tx) error {
		for _, n := range tx.KVNamespaces(c.account) {
			views = append(views, viewKVNamespace(n))
		}
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	slices.SortStableFunc(views, func(a, b kvNamespaceView) int { return sign * cmp.Compare(key(a), key(b)) })
	return pageOf(views, query, pageRange{min: 5, max: 1000, byDefault: 20}, kvInvalidParameter)
}

type kvNamespaceFields struct {
	Title string `json:"title"`
}

// readTitle reads the body of a creation or a renaming.
func (c *call) readTitle() (string, error) {
	var body kvNamespaceFields
	if err := c.json(&body, errKVMalformed); err != nil {
		return "", err
	}
	switch {
	case body.Title == "":
		return "", fail(http.StatusBadRequest, kvTitleMissing, "a namespace needs a title")
	case len(body.Title) > 512:
		return "", fail(http.StatusBadRequest, kvInvalidBody, "the title is longer than 512 bytes")
	}
	return body.Title, nil
}

// titleIsFree checks that no other namespace of the account has a title.
func titleIsFree(tx *store.Tx, account, title, self string) error {
	for _, n := range tx.KVNamespaces(account) {
		if n.Title == title && n.ID != self {
			return fail(http.StatusBadRequest, kvTitleTaken, "a namespace with this account ID and title already exists")
		}
	}
	return nil
}

func (s *Server) createKVNamespace(c *call) (reply, error) {
	title, err := c.readTitle()
	if err != nil {
		return reply{}, err
	}
	var view kvNamespaceView
	err = c.update(func(tx *store.Tx) error {
		if err := titleIsFree(tx, c.account, title, ""); err != nil {
			return err
		}
		n := store.KVNamespace{ID: newID(), Title: title, CreatedOn: s.now()}
		tx.PutKVNamespace(c.account, n)
		view = viewKVNamespace(n)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(view)
}

func (s *Server) getKVNamespace(c *call) (reply, error) {
	var view kvNamespaceView
	err := c.view(func(tx *store.Tx) error {
		n, err := findKVNamespace(c, tx)
		view = viewKVNamespace(n)
		return err
	})
	if err != nil {
		return reply{}, err
	}
	return ok(view)
}

func (s *Server) renameKVNamespace(c *call) (reply, error) {
	title, err := c.readTitle()
	if err != nil {
		return reply{}, err
	}
	var view kvNamespaceView
	err = c.update(func(tx *store.Tx) error {
		n, err := findKVNamespace(c, tx)
		if err != nil {
			return err
		}
		if err := titleIsFree(tx, c.account, title, n.ID); err != nil {
			return err
		}
		n.Title = title
		tx.PutKVNamespace(c.account, n)
		view = viewKVNamespace(n)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(view)
}

// deleteKVNamespace deletes a namespace with its values, empty or not. Bindings
// to it stay, without a target.
func (s *Server) deleteKVNamespace(c *call) (reply, error) {
	err := c.update(func(tx *store.Tx) error {
		n, err := findKVNamespace(c, tx)
		if err == nil {
			tx.DeleteKVNamespace(c.account, n.ID)
		}
		return err
	})
	if err != nil {
		return reply{}, err
	}
	return done()
}
