package spec

// A Product is the family of the API's endpoints that a kind of resource belongs to.
// Error codes mean what they mean within one.
type Product string

// The products of several kinds, and of none. One of a single kind stands with the kind.
const (
	ProductWorkers  Product = "workers" // Workers, Workers for Platforms, routes
	ProductZones    Product = "zones"
	ProductAccounts Product = "accounts"
)

// A Permission is one that a token may have, by its name in the dashboard.
type Permission struct {
	Scope string // "Account" or "Zone"
	Name  string // as the dashboard calls it
	Level string // what wfpsync needs: "Edit" or "Read"
}

// String is the permission as the form for tokens shows it.
func (p Permission) String() string { return p.Scope + " · " + p.Name + " · " + p.Level }

// What a token needs for the kinds of these products.
// Source, here and in the descriptions of kinds: API reference, "Accepted permissions" of each operation.
var (
	permissionWorkers = Permission{"Account", "Workers Scripts", "Edit"}
	permissionRoutes  = Permission{"Zone", "Workers Routes", "Edit"}
)
