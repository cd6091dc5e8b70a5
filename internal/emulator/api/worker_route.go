package api

import (
	"net/http"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

func (s *Server) workerRouteRoutes() []route {
	return []route{{"PUT", "/accounts/{account}/workers/scripts/{script}/routes", s.putWorkerRoutes}}
}

// workerRouteFields is a route as wrangler's configuration has it.
type workerRouteFields struct {
	Pattern  string `json:"pattern"`
	ZoneID   string `json:"zone_id"`
	ZoneName string `json:"zone_name"`
}

// putWorkerRoutes replaces all routes of a Worker, in whatever zones they are. It is not documented; wrangler calls it,
// and prints the patterns that it answers.
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
