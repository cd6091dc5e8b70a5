package stackfile

import (
	"maps"

	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/internal/canon"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

func (l *loader) loadDispatchNamespace(e entry) {
	l.checkName(e, namespaceName)
	l.add(&spec.DispatchNamespace{Name: e.name, TrustedWorkers: boolOf(e.value.Member("trusted_workers")), ResourceMeta: e.meta()})
	l.stack.Collections = append(l.stack.Collections, spec.Collection{Kind: spec.KindUserWorker, Parent: e.name})
	l.readUnmanaged(e, e.name)
}

// readUnmanaged reads `unmanaged` of the dispatch namespace with a name.
func (l *loader) readUnmanaged(e entry, namespace string) {
	treatment := e.value.Get("unmanaged")
	if treatment == nil {
		return
	}
	if l.stack.Unmanaged == nil {
		l.stack.Unmanaged = map[spec.Collection]spec.UnmanagedPolicy{}
	}
	l.stack.Unmanaged[spec.Collection{Kind: spec.KindUserWorker, Parent: namespace}] = spec.UnmanagedPolicy{Treatment: spec.UnmanagedTreatment(treatment.String()), At: treatment.Range()}
}

// dispatchNamespaceBinding reads an item of `dispatch_namespaces` in a Worker.
// The namespace may be one of this file's keys, or any in the account.
func (l *loader) dispatchNamespaceBinding(item *document.Value) (spec.Binding, bool) {
	b := spec.Binding{
		Type:       spec.BindingDispatchNamespace,
		Properties: spec.Properties{{Name: "namespace", Value: l.nameOf(spec.KindDispatchNamespace, item.Get("namespace"))}},
		At:         item.Get("namespace").Range(),
	}
	outbound := item.Get("outbound")
	if outbound == nil {
		return b, true
	}
	worker := spec.Object{"service": l.nameOf(spec.KindWorker, outbound.Get("service"))}
	canon.SetIfAny(worker, "environment", outbound.Get("environment").String())
	wire := spec.Object{"worker": worker}
	var params []any
	for _, name := range outbound.Get("parameters").Strings() {
		params = append(params, spec.Object{"name": name})
	}
	canon.SetIfAny(wire, "params", params)
	at := outbound.Get("service").Range()
	b.Properties, b.OutboundAt = b.Properties.With("outbound", wire), &at
	return b, true
}

// writeDispatchNamespace writes an imported namespace.
func (im *importer) writeDispatchNamespace(m *members, live *spec.Live) []string {
	if trusted := live.Resource.(*spec.DispatchNamespace).TrustedWorkers; trusted != nil && *trusted {
		m.set("trusted_workers", true)
	}
	return nil
}

// dispatchNamespace writes a binding to a namespace.
func (w *bindingWriter) dispatchNamespace(g *bindingGroup, b spec.Binding, properties spec.Object) bool {
	outbound, ok := writtenOutbound(properties["outbound"])
	if !ok || !onlyHas(properties, "namespace", "outbound") {
		return false
	}
	item := g.item(b)
	item["namespace"], _ = properties["namespace"].(string)
	if outbound != nil {
		item["outbound"] = outbound
	}
	return w.put(g, item)
}

// writtenOutbound returns the outbound Worker of a dispatch namespace as the
// file has it, nil if there is none, and whether the file can say it.
func writtenOutbound(value any) (spec.Object, bool) {
	outbound, ok := value.(spec.Object)
	if !ok {
		return nil, true
	}
	worker, _ := outbound["worker"].(spec.Object)
	if !onlyHas(outbound, "worker", "params") || !onlyHas(worker, "service", "environment") || worker["service"] == nil {
		return nil, false
	}
	written := maps.Clone(worker)
	var names []any
	params, _ := outbound["params"].([]any)
	for _, param := range params {
		p, _ := param.(spec.Object)
		if !onlyHas(p, "name") {
			return nil, false
		}
		names = append(names, p["name"])
	}
	canon.SetIfAny(written, "parameters", names)
	return written, true
}
