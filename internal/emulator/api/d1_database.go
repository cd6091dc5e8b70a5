package api

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

func (s *Server) d1DatabaseRoutes() []route {
	const list, one = "/accounts/{account}/d1/database", "/accounts/{account}/d1/database/{database}"
	return []route{
		{"GET", list, s.listD1Databases},
		{"POST", list, s.createD1Database},
		{"GET", one, s.getD1Database},
		{"DELETE", one, s.deleteD1Database},
		{"POST", one + "/query", s.queryD1Database},
		{"POST", one + "/raw", s.rawD1Database},
	}
}

// d1Name is the pattern in the API's schema.
var d1Name = regexp.MustCompile(`^[a-z0-9][a-z0-9-_]*$`)

type d1DatabaseView struct {
	UUID         string    `json:"uuid"`
	Name         string    `json:"name"`
	Version      string    `json:"version"`
	Jurisdiction *string   `json:"jurisdiction"`
	CreatedAt    timestamp `json:"created_at"`
}

// d1DatabaseDetails are shown for a single database, but not in the list.
type d1DatabaseDetails struct {
	d1DatabaseView
	FileSize  int `json:"file_size"`
	NumTables int `json:"num_tables"`
}

func viewD1Database(d store.D1Database) d1DatabaseView {
	view := d1DatabaseView{UUID: d.UUID, Name: d.Name, Version: "production", CreatedAt: timestamp(d.CreatedAt)}
	if d.Jurisdiction != "" {
		view.Jurisdiction = &d.Jurisdiction
	}
	return view
}

// findD1Database returns the database in a call's path.
func findD1Database(c *call, tx *store.Tx) (store.D1Database, error) {
	d, found := tx.D1Database(c.account, c.param("database"))
	if !found {
		return d, fail(http.StatusNotFound, d1DatabaseNotFound, "The database %s could not be found", c.param("database"))
	}
	return d, nil
}

// listD1Databases responds in numbered pages, without their number. The
// documentation calls name a search. Here it finds the databases whose names
// contain the text.
func (s *Server) listD1Databases(c *call) (reply, error) {
	query := c.query()
	views := []d1DatabaseView{}
	err := c.view(func(tx *store.Tx) error {
		for _, d := range tx.D1Databases(c.account) {
			if strings.Contains(d.Name, query.Get("name")) {
				views = append(views, viewD1Database(d))
			}
		}
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	slices.SortFunc(views, func(a, b d1DatabaseView) int { return strings.Compare(a.Name, b.Name) })
	response, err := pageOf(views, query, pageRange{min: 10, max: 10000, byDefault: 1000}, d1InvalidRequest)
	if info, paged := response.info.(pageInfo); paged {
		response.info = info.countInfo
	}
	return response, err
}

type d1DatabaseFields struct {
	Name         string `json:"name"`
	Jurisdiction string `json:"jurisdiction"`
}

func (s *Server) createD1Database(c *call) (reply, error) {
	var body d1DatabaseFields
	if err := c.json(&body, errD1Malformed); err != nil {
		return reply{}, err
	}
	if !d1Name.MatchString(body.Name) {
		return reply{}, fail(http.StatusBadRequest, d1InvalidRequest, "Invalid property: name => %q does not match %s", body.Name, d1Name)
	}
	if !slices.Contains([]string{"", "eu", "fedramp"}, body.Jurisdiction) {
		return reply{}, fail(http.StatusBadRequest, d1InvalidRequest, "Invalid property: jurisdiction => %q", body.Jurisdiction)
	}
	var view d1DatabaseDetails
	err := c.update(func(tx *store.Tx) error {
		for _, d := range tx.D1Databases(c.account) {
			if d.Name == body.Name {
				return fail(http.StatusBadRequest, d1DatabaseExists, "Database with name '%s' already exists", body.Name)
			}
		}
		d := store.D1Database{UUID: newUUID(), Name: body.Name, Jurisdiction: body.Jurisdiction, CreatedAt: s.now()}
		tx.PutD1Database(c.account, d)
		view = d1DatabaseDetails{d1DatabaseView: viewD1Database(d)}
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(view)
}

// getD1Database also finds a database by its name: wrangler 4.164 asks for a
// database's id that way.
// Source: what `wrangler d1 execute` sends.
func (s *Server) getD1Database(c *call) (reply, error) {
	var view d1DatabaseDetails
	err := c.view(func(tx *store.Tx) error {
		d, err := findD1Database(c, tx)
		for _, named := range tx.D1Databases(c.account) {
			if err != nil && named.Name == c.param("database") {
				d, err = named, nil
			}
		}
		view = d1DatabaseDetails{d1DatabaseView: viewD1Database(d)}
		return err
	})
	if err != nil {
		return reply{}, err
	}
	return ok(view)
}

// deleteD1Database deletes a database. Bindings to it stay, without a target.
func (s *Server) deleteD1Database(c *call) (reply, error) {
	err := c.update(func(tx *store.Tx) error {
		d, err := findD1Database(c, tx)
		if err == nil {
			tx.DeleteD1Database(c.account, d.UUID)
		}
		return err
	})
	if err != nil {
		return reply{}, err
	}
	return done()
}
