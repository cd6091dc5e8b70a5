package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

func (s *Server) routeRoutes() []route {
	const list, one = "/zones/{zone}/workers/routes", "/zones/{zone}/workers/routes/{route}"
	return []route{
		{"GET", list, s.listRoutes},
		{"POST", list, s.createRoute},
		{"GET", one, s.getRoute},
		{"PUT", one, s.putRoute},
		{"DELETE", one, s.deleteRoute},
	}
}

type routeView struct {
	ID      string `json:"id"`
	Pattern string `json:"pattern"`
	Script  string `json:"script,omitempty"` // empty: requests bypass all Workers
}

func viewRoute(r store.Route) routeView { return routeView(r) }

// listRoutes returns all routes of a zone: this list has no pages.
func (s *Server) listRoutes(c *call) (reply, error) {
	views := []routeView{}
	err := c.view(func(tx *store.Tx) error {
		z, err := s.findZone(c, tx)
		if err != nil {
			return err
		}
		for _, r := range tx.Routes(z.ID) {
			views = append(views, viewRoute(r))
		}
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	slices.SortFunc(views, func(a, b routeView) int { return strings.Compare(a.Pattern, b.Pattern) })
	return ok(views)
}

func (s *Server) getRoute(c *call) (reply, error) {
	var view routeView
	err := c.view(func(tx *store.Tx) error {
		_, r, err := s.findRoute(c, tx)
		view = viewRoute(r)
		return err
	})
	if err != nil {
		return reply{}, err
	}
	return ok(view)
}

func (s *Server) findRoute(c *call, tx *store.Tx) (store.Zone, store.Route, error) {
	z, err := s.findZone(c, tx)
	if err != nil {
		return z, store.Route{}, err
	}
	r, found := tx.Route(z.ID, c.param("route"))
	if !found {
		return z, r, fail(http.StatusNotFound, workersRouteNotFound, "workers.api.error.route_not_found")
	}
	return z, r, nil
}

type routeFields struct {
	Pattern string `json:"pattern"`
	Script  string `json:"script"`
}

func (s *Server) createRoute(c *call) (reply, error) {
	return s.writeRoute(c, func(tx *store.Tx) (store.Zone, string, error) {
		z, err := s.findZone(c, tx)
		return z, newID(), err
	})
}

func (s *Server) putRoute(c *call) (reply, error) {
	return s.writeRoute(c, func(tx *store.Tx) (store.Zone, string, error) {
		z, r, err := s.findRoute(c, tx)
		return z, r.ID, err
	})
}

// writeRoute writes the route in the body under the id that find returns.
func (s *Server) writeRoute(c *call, find func(*store.Tx) (store.Zone, string, error)) (reply, error) {
	var body routeFields
	if err := c.json(&body, errMalformedJSON); err != nil {
		return reply{}, err
	}
	var written store.Route
	err := c.update(func(tx *store.Tx) error {
		z, id, err := find(tx)
		if err != nil {
			return err
		}
		if err := checkRoutePattern(body.Pattern, z.Name); err != nil {
			return err
		}
		for _, other := range tx.Routes(z.ID) {
			if other.Pattern == body.Pattern && other.ID != id {
				return fail(http.StatusConflict, workersRouteExists, "A route with the same pattern already exists")
			}
		}
		if body.Script != "" && !tx.Workers(z.AccountID).Has(body.Script) {
			return fail(http.StatusBadRequest, workersRouteNeedsScript, "The Worker '%s' of the route does not exist", body.Script)
		}
		written = store.Route{ID: id, Pattern: body.Pattern, Script: body.Script}
		tx.PutRoute(z.ID, written)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(viewRoute(written))
}

func (s *Server) deleteRoute(c *call) (reply, error) {
	var id string
	err := c.update(func(tx *store.Tx) error {
		z, r, err := s.findRoute(c, tx)
		if err != nil {
			return err
		}
		id = r.ID
		tx.DeleteRoute(z.ID, id)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(map[string]string{"id": id})
}

// checkRoutePattern accepts [http[s]://]host[/path]. A star is allowed only at
// the beginning of the host and at the end of the path, and the host must
// belong to the zone. "*" alone is every host of it.
func checkRoutePattern(pattern, zone string) error {
	bad := func(why string) error {
		return fail(http.StatusBadRequest, workersInvalidRoutePattern, "Invalid route pattern %q: %s", pattern, why)
	}
	rest := strings.TrimPrefix(strings.TrimPrefix(pattern, "https://"), "http://")
	host, path, hasPath := strings.Cut(rest, "/")
	switch {
	case host == "":
		return bad("it has no host")
	case strings.ContainsAny(pattern, "?# \t\r\n") || strings.Contains(host, ":"):
		return bad("it may not have a query, a fragment, a port or a space")
	case !hasPath && strings.HasSuffix(host, "*") && host != "*":
		host = strings.TrimSuffix(host, "*") // "example.com*": the star stands for the path
	case strings.Contains(strings.TrimSuffix(path, "*"), "*"):
		return bad("a star in the path must be its last character")
	}
	name := strings.ToLower(strings.TrimPrefix(host, "*"))
	switch {
	case strings.Contains(name, "*"):
		return bad("a star in the host must be its first character")
	case name == "":
		return nil
	}
	name = strings.TrimPrefix(name, ".")
	if name != zone && !strings.HasSuffix(name, "."+zone) {
		return bad("its host does not belong to the zone " + zone)
	}
	return nil
}

// patternHost returns the host of a pattern without its star.
func patternHost(pattern string) string {
	host, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(pattern, "https://"), "http://"), "/")
	return strings.ToLower(strings.TrimLeft(host, "*."))
}

func (s *Server) workerRouteRoutes() []route {
	return []route{{"PUT", "/accounts/{account}/workers/scripts/{script}/routes", s.putWorkerRoutes}}
}

// workerRouteFields is a route as wrangler's configuration has it.
type workerRouteFields struct {
	Pattern  string `json:"pattern"`
	ZoneID   string `json:"zone_id"`
	ZoneName string `json:"zone_name"`
}

// putWorkerRoutes replaces all routes of a Worker, in all zones. It is not
// documented; wrangler calls it, and prints the patterns in the response.
func (s *Server) putWorkerRoutes(c *call) (reply, error) {
	var body []workerRouteFields
	if err := c.json(&body, errMalformedJSON); err != nil {
		return reply{}, err
	}
	var patterns []string
	err := c.update(func(tx *store.Tx) error {
		name := c.param("script")
		if !tx.Workers(c.account).Has(name) {
			return errScriptNotFound
		}
		dropRoutes(tx, c.account, name)
		patterns = []string{}
		for _, r := range body {
			zone, err := findZoneOf(tx, c.account, r.ZoneID, r.ZoneName, patternHost(r.Pattern))
			if err != nil {
				return err
			}
			if err := checkRoutePattern(r.Pattern, zone.Name); err != nil {
				return err
			}
			for _, other := range tx.Routes(zone.ID) {
				if other.Pattern == r.Pattern && other.Script != name {
					return fail(http.StatusConflict, workersRouteExists, "A route with the same pattern already exists")
				}
			}
			tx.PutRoute(zone.ID, store.Route{ID: newID(), Pattern: r.Pattern, Script: name})
			patterns = append(patterns, r.Pattern)
		}
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(patterns)
}

// dropRoutes deletes the routes of a Worker.
func dropRoutes(tx *store.Tx, account, script string) {
	for _, zone := range accountZones(tx, account) {
		for _, r := range tx.Routes(zone.ID) {
			if r.Script == script {
				tx.DeleteRoute(zone.ID, r.ID)
			}
		}
	}
}
