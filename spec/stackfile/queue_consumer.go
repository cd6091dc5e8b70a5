package stackfile

import (
	"fmt"

	"github.com/wfpsync/wfpsync/diag"
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
			l.report(spec.RuleQueueConsumer, item.Get("dead_letter_queue").Range(), "the dead letter queue is the queue itself",
				"name another queue: what failed would come back for ever")
		}
		l.add(c)
	}
}

// checkConsumers reports queues that several Workers are to consume.
func (l *loader) checkConsumers() {
	first := map[string]spec.Resource{}
	for _, r := range l.stack.Resources {
		c, ok := r.(*spec.QueueConsumer)
		if !ok {
			continue
		}
		if other := first[c.Queue]; other != nil {
			l.report(spec.RuleQueueConsumer, c.ResourceMeta.At, fmt.Sprintf("the queue %q has two consumers, and a queue has one at most", c.Queue),
				"let one of the two Workers consume it, and call the other through a service binding",
				diag.Related{Range: other.Meta().At, Message: "the other one is here"})
			continue
		}
		first[c.Queue] = c
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
