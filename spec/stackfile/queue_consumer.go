package stackfile

import (
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// loadQueueConsumers reads a Worker's `queues.consumers`.
func (l *loader) loadQueueConsumers(w *spec.Worker, consumers *document.Value) {
	if consumers == nil || consumers.Kind == document.Null {
		return
	}
	w.OwnsConsumers = true
	l.declareCollection(spec.KindQueueConsumer)
	for _, item := range consumers.Items {
		queue, at, ok := l.queueOf(item)
		if !ok {
			continue
		}
		c := &spec.QueueConsumer{
			Queue: queue, Worker: w.Name, DeadLetterQueue: l.nameOf(spec.KindQueue, item.Get("dead_letter_queue")),
			ResourceMeta: spec.Meta{Adopt: w.ResourceMeta.Adopt, At: at},
		}
		for _, s := range spec.ConsumerSettings {
			if n := numberOf(item.Get(s.Key)); n != nil {
				if c.Settings == nil {
					c.Settings = spec.Object{}
				}
				c.Settings[s.Setting] = *n * s.Factor
			}
		}
		if c.DeadLetterQueue == queue {
			l.Report(spec.RuleQueueConsumer, item.Get("dead_letter_queue").Range(), "the dead letter queue is the queue itself",
				"name another queue: what failed would come back for ever")
		}
		l.add(c)
	}
}

func (im *importer) writeQueueConsumer(m *members, resource spec.Resource) {
	c := resource.(*spec.QueueConsumer)
	item := im.queueReference(c.Queue)
	if c.DeadLetterQueue != "" {
		item["dead_letter_queue"] = c.DeadLetterQueue
	}
	canonical := c.Canonical()
	for _, s := range spec.ConsumerSettings {
		if value, ok := canonical[s.Setting].(float64); ok {
			item[s.Key] = value / s.Factor
		}
	}
	queues := m.inner("queues")
	queues.append("consumers", item)
	m.replace("queues", queues.value())
}
