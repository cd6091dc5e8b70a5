package spec

// KindDispatchNamespace is a dispatch namespace: the container of user Workers.
const KindDispatchNamespace Kind = "dispatch_namespace"

var dispatchNamespaceKind = KindInfo{
	Kind:       KindDispatchNamespace,
	Section:    "dispatch_namespaces",
	Singular:   "dispatch namespace",
	Plural:     "dispatch namespaces",
	Holds:      KindUserWorker,
	Product:    ProductWorkers,
	Permission: permissionWorkers,
	Bindings:   []BindingType{{Name: BindingDispatchNamespace, targets: targetsOfDispatch, canonical: canonicalOutbound}},
	decode:     decodeAs[*DispatchNamespace],
}

// DispatchNamespace is a container of user Workers that a dispatcher binds to.
type DispatchNamespace struct {
	Name string `json:"name"`

	// TrustedWorkers says whether the user Workers trust each other: they share
	// the zone's cache and see request.cf. Nil leaves it alone.
	TrustedWorkers *bool `json:"trusted_workers,omitempty"`
	ResourceMeta   Meta  `json:"meta,omitzero"`
}

func (n *DispatchNamespace) Address() Address {
	return Address{Kind: KindDispatchNamespace, Name: n.Name}
}
func (n *DispatchNamespace) References() []Reference { return nil }
func (n *DispatchNamespace) Meta() Meta              { return n.ResourceMeta }

// Canonical has the settings that are known.
func (n *DispatchNamespace) Canonical() Object {
	c := Object{}
	if n.TrustedWorkers != nil {
		c["trusted_workers"] = *n.TrustedWorkers
	}
	return c
}
