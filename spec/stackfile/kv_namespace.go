package stackfile

import (
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

func (l *loader) loadKVNamespace(e entry) {
	l.checkName(e, kvTitle)
	n := &spec.KVNamespace{Title: e.name, ResourceMeta: e.meta()}
	l.add(n)
	l.noteKeyPrefix(e, n.Address())
}

// kvNamespaceBinding reads an item of `kv_namespaces` in a Worker: by `ref`, a
// KV namespace of this file; by `id`, any.
func (l *loader) kvNamespaceBinding(item *document.Value) (spec.Binding, bool) {
	b := spec.Binding{Type: spec.BindingKVNamespace, At: item.Range()}
	ref, id := item.Get("ref"), item.Get("id")
	if !l.checkOneOf(item, "ref", "id") {
		return b, false
	}
	if id != nil {
		b.Properties, b.At = spec.Properties{{Name: "namespace_id", Value: id.String()}}, id.Range()
		return b, true
	}
	b.At = ref.Range()
	var ok bool
	b.Ref, ok = l.refer(spec.KindKVNamespace, "kv_namespaces", ref)
	return b, ok
}
