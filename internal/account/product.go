package account

import (
	"net/url"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

// products is what the client is told about the products.
var products = cloudflare.Products{
	Of:        func(path string) string { return string(endpointsOf(path).product) },
	Retryable: sentAgain,
	Hint:      hint,
}

// endpoints are those of one product below accounts or below zones.
type endpoints struct {
	product spec.Product
	scope   string // "accounts" or "zones"
	path    string // that the endpoints begin with, behind the account or the zone

	// missing and exists are the codes of what does not exist, and of what was to
	// be created and does.
	missing, exists []int

	// probe is a list, below path, that shows whether the token may read; a page
	// of it has the smallest size that the API takes.
	check    string
	pageSize string
}

// allEndpoints is every product that a kind of resource belongs to, in the order in
// which doctor looks at them. The functions of the columns ask for the codes in it, so
// that it cannot be part of what they are initialized with.
var allEndpoints []endpoints

func init() { allEndpoints = endpointsIn(table) }

// endpointsIn returns the endpoints of columns, with what the kinds say of them.
func endpointsIn(table []kindOps) (all []endpoints) {
	for _, c := range table {
		if e, info := c.endpoints, c.kind.Info(); e.path != "" {
			e.product, e.scope = info.Product, strings.ToLower(info.Permission.Scope)+"s"
			all = append(all, e)
		}
	}
	return all
}

// endpointsOf returns the endpoints that a path below the base URL is of. What is
// of none is about zones or accounts themselves.
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

// permissionsAlone are what it takes to see zones and accounts.
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

// permission returns what a token needs for the endpoints.
func (e endpoints) permission() spec.Permission {
	if alone, found := permissionsAlone[e.product]; found {
		return alone
	}
	return e.kinds()[0].Info().Permission
}

// look is the path and the query of the probe in an account or a zone.
func (e endpoints) checkRequest(id string) (string, url.Values) {
	query := url.Values{}
	if e.pageSize != "" {
		query.Set("per_page", e.pageSize)
	}
	return cloudflare.Path(slices.Concat([]string{e.scope, id}, strings.Split(e.path+e.check, "/"))...), query
}
