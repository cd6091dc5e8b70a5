package spec

// KindKVNamespace is a Workers KV namespace.
const KindKVNamespace Kind = "kv_namespace"

var permissionKV = Permission{"Account", "Workers KV Storage", "Edit"}

// ProductKV is Workers KV.
const ProductKV Product = "kv"

var kvNamespaceKind = KindInfo{
	Kind:       KindKVNamespace,
	Section:    "kv_namespaces",
	Singular:   "KV namespace",
	Plural:     "KV namespaces",
	Holds:      KindKVPair,
	Product:    ProductKV,
	Permission: permissionKV,
	Bindings:   []BindingType{{Name: BindingKVNamespace, ID: "namespace_id"}},
	Store:      true,
	decode:     decodeAs[*KVNamespace],
}

// KVNamespace is a Workers KV namespace. Its title is unique in an account and
// is its identity here; bindings refer to it by the id that the platform
// assigns.
type KVNamespace struct {
	Title        string `json:"title"`
	ResourceMeta Meta   `json:"meta,omitzero"`
}

func (n *KVNamespace) Address() Address        { return Address{Kind: KindKVNamespace, Name: n.Title} }
func (n *KVNamespace) Canonical() Object       { return Object{} }
func (n *KVNamespace) References() []Reference { return nil }
func (n *KVNamespace) Meta() Meta              { return n.ResourceMeta }
