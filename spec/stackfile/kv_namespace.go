package stackfile

import "github.com/wfpsync/wfpsync/spec"

func (l *loader) loadKVNamespace(e entry) {
	l.checkName(e, kvTitle)
	n := &spec.KVNamespace{Title: e.name, ResourceMeta: e.meta()}
	l.add(n)
	l.noteKeyPrefix(e, n.Address())
}
