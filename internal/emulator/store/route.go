package store

const routesBucket = "routes"

// A Route sends the requests that match a pattern to an account Worker, or past
// all Workers if Script is empty.
type Route struct {
	ID      string `json:"id"`
	Pattern string `json:"pattern"`
	Script  string `json:"script,omitempty"`
}

// Routes returns a zone's routes, sorted by id.
func (t *Tx) Routes(zoneID string) []Route { return t.routes(zoneID).all() }

// Route returns a route of a zone by its id.
func (t *Tx) Route(zoneID, id string) (Route, bool) { return t.routes(zoneID).get(id) }

// PutRoute creates or replaces a route.
func (t *Tx) PutRoute(zoneID string, r Route) {
	t.routes(zoneID).put(r.ID, r)
	t.changed(Change{})
}

// DeleteRoute removes a route.
func (t *Tx) DeleteRoute(zoneID, id string) {
	t.routes(zoneID).delete(id)
	t.changed(Change{})
}

func (t *Tx) routes(zoneID string) collection[Route] {
	return collect[Route](t, routesBucket, zoneID)
}
