package stackfile

import (
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
