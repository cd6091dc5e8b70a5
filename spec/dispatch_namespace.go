package spec

import "github.com/wfpsync/wfpsync/spec/internal/document"

// KindDispatchNamespace is a dispatch namespace: the container of user Workers.
const KindDispatchNamespace Kind = "dispatch_namespace"

var dispatchNamespaceKind = KindInfo{
	Kind:       KindDispatchNamespace,
	Section:    "dispatch_namespaces",
	Singular:   "dispatch namespace",
	Plural:     "dispatch namespaces",
	Product:    ProductWorkers,
	Permission: permissionWorkers,
	decode:     decodeAs[*DispatchNamespace],
}

// DispatchNamespace is a container of user Workers that a dispatcher binds to.
type DispatchNamespace struct {
	Name string `json:"name"`

	// TrustedWorkers says whether the user Workers trust each other: they share
	// the zone's cache and see request.cf. Nil leaves it as it is.
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

func (l *loader) loadDispatchNamespace(e entry) {
	l.checkName(e, namespaceName)
	l.add(&DispatchNamespace{Name: e.name, TrustedWorkers: boolOf(e.value.Member("trusted_workers")), ResourceMeta: e.meta()})
	l.stack.Collections = append(l.stack.Collections, Collection{Kind: KindUserWorker, Parent: e.name})
	l.readUnmanaged(e, e.name)
}

// dispatchNamespaceBinding reads an item of `dispatch_namespaces` in a Worker.
// The namespace may be one of this file's keys, or any in the account.
func (l *loader) dispatchNamespaceBinding(item *document.Value) (Binding, bool) {
	b := Binding{
		Type:       BindingDispatchNamespace,
		Properties: Properties{{"namespace", l.nameOf(KindDispatchNamespace, item.Get("namespace"))}},
		At:         item.Get("namespace").Range(),
	}
	outbound := item.Get("outbound")
	if outbound == nil {
		return b, true
	}
	worker := Object{"service": l.nameOf(KindWorker, outbound.Get("service"))}
	setIfAny(worker, "environment", outbound.Get("environment").String())
	wire := Object{"worker": worker}
	var params []any
	for _, name := range outbound.Get("parameters").Strings() {
		params = append(params, Object{"name": name})
	}
	setIfAny(wire, "params", params)
	at := outbound.Get("service").Range()
	b.Properties, b.OutboundAt = b.Properties.With("outbound", wire), &at
	return b, true
}

// writeDispatchNamespace writes an imported namespace.
func (im *importer) writeDispatchNamespace(m *members, live *Live) []string {
	if trusted := live.Resource.(*DispatchNamespace).TrustedWorkers; trusted != nil && *trusted {
		m.set("trusted_workers", true)
	}
	return nil
}
