package stackfile

import "github.com/wfpsync/wfpsync/spec"

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
