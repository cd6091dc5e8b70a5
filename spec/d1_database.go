package spec

import "github.com/wfpsync/wfpsync/spec/internal/document"

// KindD1Database is a D1 database.
const KindD1Database Kind = "d1_database"

var d1DatabaseKind = KindInfo{
	Kind:       KindD1Database,
	Section:    "d1_databases",
	Singular:   "D1 database",
	Plural:     "D1 databases",
	Product:    ProductD1,
	Permission: permissionD1,
	Store:      true,
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
	setIfAny(c, "jurisdiction", d.Jurisdiction)
	return c
}

func (l *loader) loadD1Database(e entry) {
	l.checkName(e, d1Name)
	l.add(&D1Database{Name: e.name, Jurisdiction: e.value.Get("jurisdiction").String(), ResourceMeta: e.meta()})
}

// writeD1Database writes an imported database. Where it is, it stays.
func (im *importer) writeD1Database(m *members, live *Live) []string {
	if j := live.Resource.(*D1Database).Jurisdiction; j != "" {
		m.set("jurisdiction", j)
	}
	return nil
}

// d1DatabaseBinding reads an item of `d1_databases` in a Worker: by `ref`, a
// database of this file; by `database_id`, any. `database_name` is for whoever
// reads the file, as it is in wrangler's.
func (l *loader) d1DatabaseBinding(item *document.Value) (Binding, bool) {
	b := Binding{Type: BindingD1, At: item.Range()}
	ref, id := item.Get("ref"), item.Get("database_id")
	if !l.checkOneOf(item, "ref", "database_id") {
		return b, false
	}
	if id != nil {
		b.Properties, b.At = Properties{{"id", id.String()}}, id.Range()
		return b, true
	}
	b.At = ref.Range()
	var ok bool
	b.Ref, ok = l.refer(KindD1Database, "d1_databases", ref)
	return b, ok
}

// The id of a database is called `id` by wrangler and the older API schema, and
// `database_id` by the newer one; both come back.
func canonicalD1(c Object) {
	if id := c["database_id"]; id != nil && (c["id"] == nil || c["id"] == "") {
		c["id"] = id
	}
	delete(c, "database_id")
}
