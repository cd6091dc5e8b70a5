package spec

import "github.com/wfpsync/wfpsync/spec/internal/document"

// KindKVNamespace is a Workers KV namespace.
const KindKVNamespace Kind = "kv_namespace"

var kvNamespaceKind = KindInfo{
	Kind:       KindKVNamespace,
	Section:    "kv_namespaces",
	Singular:   "KV namespace",
	Plural:     "KV namespaces",
	Product:    ProductKV,
	Permission: permissionKV,
	Store:      true,
	decode:     decodeAs[*KVNamespace],
}

// KVNamespace is a Workers KV namespace. Its title is unique in an account and
// is its identity here; bindings refer to it by the id the platform gives it.
type KVNamespace struct {
	Title        string `json:"title"`
	ResourceMeta Meta   `json:"meta,omitzero"`
}

func (n *KVNamespace) Address() Address        { return Address{Kind: KindKVNamespace, Name: n.Title} }
func (n *KVNamespace) Canonical() Object       { return Object{} }
func (n *KVNamespace) References() []Reference { return nil }
func (n *KVNamespace) Meta() Meta              { return n.ResourceMeta }

func (l *loader) loadKVNamespace(e entry) {
	l.checkName(e, kvTitle)
	n := &KVNamespace{Title: e.name, ResourceMeta: e.meta()}
	l.add(n)
	l.noteKeyPrefix(e, n.Address())
}

// kvNamespaceBinding reads an item of `kv_namespaces` in a Worker: by `ref`, a
// KV namespace of this file; by `id`, any.
func (l *loader) kvNamespaceBinding(item *document.Value) (Binding, bool) {
	b := Binding{Type: BindingKVNamespace, At: item.Range()}
	ref, id := item.Get("ref"), item.Get("id")
	if !l.checkOneOf(item, "ref", "id") {
		return b, false
	}
	if id != nil {
		b.Properties, b.At = Properties{{"namespace_id", id.String()}}, id.Range()
		return b, true
	}
	b.At = ref.Range()
	var ok bool
	b.Ref, ok = l.refer(KindKVNamespace, "kv_namespaces", ref)
	return b, ok
}
