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
// identity here; bindings refer to it by the id the platform gives it. What is
// in it, tables included, is nobody's business here.
type D1Database struct {
	Name string `json:"name"`

	// Jurisdiction is where the law keeps the data, which is decided when the
	// database is created; "" leaves it as it is, and a new one without any.
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

// The id of a database is called `id` by wrangler and the older API schema, and
// `database_id` by the newer one; both come back.
func canonicalD1(c Object) {
	if id := c["database_id"]; id != nil && (c["id"] == nil || c["id"] == "") {
		c["id"] = id
	}
	delete(c, "database_id")
}
