package spec

import "github.com/wfpsync/wfpsync/spec/internal/canon"

// KindRoute is a route of a zone: a pattern of URLs that a Worker answers.
const KindRoute Kind = "route"

var routeKind = KindInfo{
	Kind:       KindRoute,
	Singular:   "route",
	Plural:     "routes",
	Container:  ContainerZone,
	Product:    ProductWorkers,
	Permission: permissionRoutes,
	decode:     decodeAs[*Route],
}

// Route sends the requests that match a pattern to a Worker. A pattern is
// unique in its zone.
type Route struct {
	// Zone is the zone's name, or its id if the file gives that instead; ""
	// until the account has been asked, see zone.go.
	Zone    string `json:"zone"`
	Pattern string `json:"pattern"`

	// Worker is the name of the account Worker that answers; "" exempts the
	// pattern from every other route.
	Worker       string `json:"worker,omitempty"`
	ResourceMeta Meta   `json:"meta,omitzero"`
}

func (r *Route) Address() Address { return Address{Kind: KindRoute, Parent: r.Zone, Name: r.Pattern} }
func (r *Route) AttachedTo() Address {
	return Address{Kind: KindWorker, Name: r.Worker}
}
func (r *Route) Host() string            { return RouteHost(r.Pattern) }
func (r *Route) ZoneOf() string          { return r.Zone }
func (r *Route) setZone(name string)     { r.Zone = name }
func (r *Route) Meta() Meta              { return r.ResourceMeta }
func (r *Route) References() []Reference { return attachedReferences(r) }

func (r *Route) Canonical() Object {
	c := Object{}
	canon.SetIfAny(c, "script", r.Worker)
	return c
}
