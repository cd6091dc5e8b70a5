package spec

// A Product is the family of the API's endpoints that a kind of resource belongs to.
// Error codes mean what they mean within one.
type Product string

// The products that wfpsync speaks to.
const (
	ProductWorkers  Product = "workers" // Workers, Workers for Platforms, routes
	ProductKV       Product = "kv"
	ProductD1       Product = "d1"
	ProductR2       Product = "r2"
	ProductQueues   Product = "queues"
	ProductZones    Product = "zones"
	ProductDNS      Product = "dns"
	ProductSaaS     Product = "custom_hostnames" // Cloudflare for SaaS
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

// What a token needs for each kind.
// Source: API reference, "Accepted permissions" of each operation.
var (
	permissionWorkers = Permission{"Account", "Workers Scripts", "Edit"}
	permissionKV      = Permission{"Account", "Workers KV Storage", "Edit"}
	permissionD1      = Permission{"Account", "D1", "Edit"}
	permissionR2      = Permission{"Account", "Workers R2 Storage", "Edit"}
	permissionQueues  = Permission{"Account", "Queues", "Edit"}
	permissionRoutes  = Permission{"Zone", "Workers Routes", "Edit"}
	permissionDNS     = Permission{"Zone", "DNS", "Edit"}
	permissionSaaS    = Permission{"Zone", "SSL and Certificates", "Edit"}
)
