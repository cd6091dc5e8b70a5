package spec

import "github.com/wfpsync/wfpsync/spec/internal/canon"

// KindD1Database is a D1 database.
const KindD1Database Kind = "d1_database"

// ProductD1 is D1.
const ProductD1 Product = "d1"

var d1DatabaseKind = KindInfo{
	Kind:       KindD1Database,
	Section:    "d1_databases",
	Singular:   "D1 database",
	Plural:     "D1 databases",
	Product:    ProductD1,
	Permission: Permission{"Account", "D1", "Edit"},
	Bindings:   []BindingType{{Name: BindingD1, ID: "id", canonical: canonicalD1}},
	Store:      true,
	ForceNew:   []string{"jurisdiction"},
	decode:     decodeAs[*D1Database],
}

// D1Database is a D1 database. Its name is unique in an account and is its
// identity here; bindings refer to it by the id that the platform assigns.
// wfpsync does not manage its contents.
type D1Database struct {
	Name string `json:"name"`

	// Jurisdiction restricts where the data is stored. It is fixed when the
	// database is created; "" leaves it alone, and creates a database without
	// one.
	Jurisdiction string `json:"jurisdiction,omitempty"`
	ResourceMeta Meta   `json:"meta,omitzero"`
}

func (d *D1Database) Address() Address        { return Address{Kind: KindD1Database, Name: d.Name} }
func (d *D1Database) References() []Reference { return nil }
func (d *D1Database) Meta() Meta              { return d.ResourceMeta }

func (d *D1Database) Canonical() Object {
	c := Object{}
	canon.SetIfAny(c, "jurisdiction", d.Jurisdiction)
	return c
}

// canonicalD1 writes a database's id as `id`, as wrangler and the older API
// schema do. The newer schema has `database_id`, and the API returns both.
func canonicalD1(c Object) {
	if id := c["database_id"]; id != nil && (c["id"] == nil || c["id"] == "") {
		c["id"] = id
	}
	delete(c, "database_id")
}
