package stackfile

import (
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

func (l *loader) loadD1Database(e entry) {
	l.checkName(e, d1Name)
	l.add(&spec.D1Database{Name: e.name, Jurisdiction: e.value.Get("jurisdiction").String(), ResourceMeta: e.meta()})
}

// writeD1Database writes an imported database. Where it is, it stays.
func (im *importer) writeD1Database(m *members, live *spec.Live) []string {
	if j := live.Resource.(*spec.D1Database).Jurisdiction; j != "" {
		m.set("jurisdiction", j)
	}
	return nil
}

// d1DatabaseBinding reads an item of `d1_databases` in a Worker: by `ref`, a
// database of this file; by `database_id`, any. `database_name` is for whoever
// reads the file, as it is in wrangler's.
func (l *loader) d1DatabaseBinding(item *document.Value) (spec.Binding, bool) {
	b := spec.Binding{Type: spec.BindingD1, At: item.Range()}
	ref, id := item.Get("ref"), item.Get("database_id")
	if !l.checkOneOf(item, "ref", "database_id") {
		return b, false
	}
	if id != nil {
		b.Properties, b.At = spec.Properties{{Name: "id", Value: id.String()}}, id.Range()
		return b, true
	}
	b.At = ref.Range()
	var ok bool
	b.Ref, ok = l.refer(spec.KindD1Database, "d1_databases", ref)
	return b, ok
}
