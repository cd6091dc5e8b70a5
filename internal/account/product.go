package account

import (
	"net/url"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

// products tells the client about Cloudflare's products.
var products = cloudflare.Products{
	Of:        func(path string) string { return string(endpointsOf(path).product) },
	Retryable: sentAgain,
	Hint:      hint,
}

// endpoints are those of one product, below accounts or below zones.
type endpoints struct {
	product spec.Product
	scope   string // "accounts" or "zones"
	path    string // that the endpoints begin with, after the account or the zone

	// missing are the codes for a resource that does not exist, and exists
	// those for one to be created that already does.
	missing, exists []int

	// check is the path, below path, of a list that shows whether the token may
	// read. pageSize is the smallest page that the API takes.
	check    string
	pageSize string
}

// allEndpoints has every product of the table, in the order in which doctor
// looks at them. The functions in the table look up codes in it, so it cannot
// be part of the table.
var allEndpoints []endpoints

func init() { allEndpoints = endpointsIn(table) }

// endpointsIn returns the endpoints of a table, completed with what the kinds
// say.
func endpointsIn(table []kindOps) (all []endpoints) {
	for _, c := range table {
		if e, info := c.endpoints, c.kind.Info(); e.path != "" {
			e.product, e.scope = info.Product, strings.ToLower(info.Permission.Scope)+"s"
			all = append(all, e)
		}
	}
	return all
}

// endpointsOf returns the endpoints for a path below the base URL. A path of no
// product is about zones or accounts themselves.
func endpointsOf(path string) endpoints {
	scope, rest, _ := strings.Cut(strings.Trim(path, "/"), "/")
	_, rest, _ = strings.Cut(rest, "/")
	for _, e := range allEndpoints {
		if below, found := strings.CutPrefix(rest, e.path); found && scope == e.scope && (below == "" || below[0] == '/') {
			return e
		}
	}
	if scope == "zones" {
		return endpoints{product: spec.ProductZones, scope: scope}
	}
	return endpoints{product: spec.ProductAccounts, scope: scope}
}

// ownCodes returns the endpoints of an error's product, for their codes.
func ownCodes(e *cloudflare.Error) endpoints {
	i := slices.IndexFunc(allEndpoints, func(own endpoints) bool { return of(e, own.product) })
	if i < 0 {
		return endpoints{}
	}
	return allEndpoints[i]
}

// permissionsAlone are the permissions to see zones and accounts.
// Source: API reference, "Accepted permissions" of each operation.
var permissionsAlone = map[spec.Product]spec.Permission{
	spec.ProductZones:    {Scope: "Zone", Name: "Zone", Level: "Read"},
	spec.ProductAccounts: {Scope: "Account", Name: "Account Settings", Level: "Read"},
}

// kinds returns the kinds of resources that the endpoints serve.
func (e endpoints) kinds() []spec.Kind {
	var served []spec.Kind
	for _, k := range spec.Kinds() {
		if k.Product == e.product && strings.EqualFold(k.Permission.Scope+"s", e.scope) {
			served = append(served, k.Kind)
		}
	}
	return served
}

// permission returns the permission that a token needs for the endpoints.
func (e endpoints) permission() spec.Permission {
	if alone, found := permissionsAlone[e.product]; found {
		return alone
	}
	return e.kinds()[0].Info().Permission
}

// checkRequest returns the path and the query of the permission check in an
// account or a zone.
func (e endpoints) checkRequest(id string) (string, url.Values) {
	query := url.Values{}
	if e.pageSize != "" {
		query.Set("per_page", e.pageSize)
	}
	return cloudflare.Path(slices.Concat([]string{e.scope, id}, strings.Split(e.path+e.check, "/"))...), query
}
