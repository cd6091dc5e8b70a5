package stackfile

import (
	"maps"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

func (l *loader) loadQueue(e entry) {
	l.checkName(e, queueName)
	l.add(&spec.Queue{
		Name:                   e.name,
		DeliveryDelay:          numberOf(e.value.Get("delivery_delay")),
		MessageRetentionPeriod: numberOf(e.value.Get("message_retention_period")),
		ResourceMeta:           e.meta(),
	})
}

// numberOf returns a number, or nil if there is none.
func numberOf(value *document.Value) *float64 {
	if n, ok := value.JSON().(float64); ok {
		return &n
	}
	return nil
}

// queueOf returns the queue that an item names: by `ref`, one of this file; by
// `queue`, any, by its name.
func (l *loader) queueOf(item *document.Value) (name string, at diag.Range, ok bool) {
	ref, queue := item.Get("ref"), item.Get("queue")
	if !l.checkOneOf(item, "ref", "queue") {
		return "", diag.Range{}, false
	}
	if ref == nil {
		return queue.String(), queue.Range(), true
	}
	declared, ok := l.refer(spec.KindQueue, "queues", ref)
	return declared.Name, ref.Range(), ok
}

// queueBinding reads an item of `queues.producers` in a Worker.
func (l *loader) queueBinding(item *document.Value) (spec.Binding, bool) {
	queue, at, ok := l.queueOf(item)
	b := spec.Binding{Type: spec.BindingQueue, Properties: spec.Properties{{Name: "queue_name", Value: queue}}, At: at}
	if delay := numberOf(item.Get("delivery_delay")); delay != nil {
		b.Properties = b.Properties.With("delivery_delay", *delay)
	}
	return b, ok
}

// writeQueue writes an imported queue.
func (im *importer) writeQueue(m *members, live *spec.Live) []string {
	settings := live.Resource.Canonical()
	for _, field := range []string{"delivery_delay", "message_retention_period"} {
		if value, set := settings[field]; set {
			m.set(field, value)
		}
	}
	return nil
}

// queueReference names a queue: by key where the file declares it.
func (im *importer) queueReference(name string) spec.Object {
	if key := im.keys[spec.Address{Kind: spec.KindQueue, Name: name}]; key != "" {
		return spec.Object{"ref": key}
	}
	return spec.Object{"queue": name}
}

// queue writes a binding to a queue.
func (w *bindingWriter) queue(g *bindingGroup, b spec.Binding, properties spec.Object) bool {
	if !onlyHas(properties, "queue_name", "delivery_delay") {
		return false
	}
	name, _ := properties["queue_name"].(string)
	item := g.item(b)
	maps.Copy(item, w.im.queueReference(name))
	if delay := properties["delivery_delay"]; delay != nil {
		item["delivery_delay"] = delay
	}
	return w.put(g, item)
}
