package spec

// Product is the family of API endpoints that a kind of resource belongs to.
// The meaning of an error code depends on it.
type Product string

// These are the products that several kinds, or none, belong to. A product with
// a single kind is in that kind's file.
const (
	ProductWorkers  Product = "workers" // Workers, Workers for Platforms, routes
	ProductZones    Product = "zones"
	ProductAccounts Product = "accounts"
)

// Permission is a permission of a token, by its name in the dashboard.
type Permission struct {
	Scope string // "Account" or "Zone"
	Name  string // as the dashboard calls it
	Level string // what wfpsync needs: "Edit" or "Read"
}

// String returns the permission as the form for tokens shows it.
func (p Permission) String() string { return p.Scope + " · " + p.Name + " · " + p.Level }

// These permissions are needed for the kinds of several files. Source, here and
// in the descriptions of kinds: API reference, "Accepted permissions" of each
// operation.
var (
	permissionWorkers = Permission{"Account", "Workers Scripts", "Edit"}
	permissionRoutes  = Permission{"Zone", "Workers Routes", "Edit"}
)
