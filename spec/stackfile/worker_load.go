package stackfile

import (
	"slices"

	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

func (l *loader) loadWorker(e entry) {
	l.checkName(e, workerName)
	w := &spec.Worker{Name: e.name, Script: l.loadScript(e, e.value), ResourceMeta: e.meta()}
	l.add(w)
	l.loadRoutes(w, e.value)
	l.loadCronTriggers(w, e.value.Get("triggers"))
	l.loadWorkerSubdomain(w, e.value)
	l.loadQueueConsumers(w, e.value.Get("queues").Get("consumers"))
}

// serviceBinding reads an item of `services`: a Worker of this file, by key, or
// any Worker of the account, by name.
func (l *loader) serviceBinding(item *document.Value) (spec.Binding, bool) {
	b := spec.Binding{
		Type:       spec.BindingService,
		Properties: spec.Properties{{Name: "service", Value: l.nameOf(spec.KindWorker, item.Get("service"))}},
		At:         item.Get("service").Range(),
	}
	return copyFields(b, item, "environment", "entrypoint", "props"), true
}

// loadTailConsumers reads the Workers that receive a Worker's logs.
func (l *loader) loadTailConsumers(list *document.Value) any {
	var consumers []any
	for _, item := range list.Items {
		consumer, ok := item.JSON().(spec.Object)
		if !ok {
			continue
		}
		if item.Get("namespace") == nil {
			consumer["service"] = l.nameOf(spec.KindWorker, item.Get("service"))
		}
		consumers = append(consumers, consumer)
	}
	return consumers
}

// writeWorker writes an imported Worker, and what belongs to it.
func (im *importer) writeWorker(m *members, live *spec.Live) []string {
	comments := im.writeScript(m, live)
	for _, a := range im.attached[live.Resource.Address()] {
		i := slices.IndexFunc(attachedWriters, func(w attachedWriter) bool { return w.kind == a.Kind })
		attachedWriters[i].write(im, m, im.live.Resources[a].Resource)
	}
	return comments
}

// attachedWriters add imported resources to the entry of the Worker that they are
// attached to. A list is written where there is something in it, so that what is made
// elsewhere later stays.
var attachedWriters = []attachedWriter{
	{spec.KindCronTriggers, (*importer).writeCronTriggers},
	{spec.KindCustomDomain, (*importer).writeCustomDomain},
	{spec.KindQueueConsumer, (*importer).writeQueueConsumer},
	{spec.KindRoute, (*importer).writeRoute},
	{spec.KindWorkerSubdomain, (*importer).writeWorkerSubdomain},
}

type attachedWriter struct {
	kind  spec.Kind
	write func(im *importer, m *members, resource spec.Resource)
}
