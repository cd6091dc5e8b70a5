package spec

import (
	"fmt"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec/internal/document"
)

// KindQueueConsumer is a Worker that receives a queue's messages.
const KindQueueConsumer Kind = "queue_consumer"

var queueConsumerKind = KindInfo{
	Kind:       KindQueueConsumer,
	Singular:   "queue consumer",
	Plural:     "queue consumers",
	Container:  ContainerQueue,
	Product:    ProductQueues,
	Permission: permissionQueues,
	decode:     decodeAs[*QueueConsumer],
}

// QueueConsumer lets a Worker receive the messages of a queue. A queue has one
// consumer at most.
type QueueConsumer struct {
	Queue string `json:"queue"`

	// Worker is "" for what is no Worker: somebody who pulls the messages.
	Worker string `json:"worker"`

	// DeadLetterQueue receives what could not be delivered; "" for nowhere.
	DeadLetterQueue string `json:"dead_letter_queue,omitempty"`

	// Settings are the consumer's, by the API's names. One that is missing is
	// the platform's choice; see [ConsumerDefaults].
	Settings     Object `json:"settings,omitempty"`
	ResourceMeta Meta   `json:"meta,omitzero"`
}

// ConsumerDefaults are the settings of a consumer that says nothing of them.
// Without max_concurrency the platform chooses as the queue grows.
// Source: Queues documentation, "Configure Queues", consumer settings.
var ConsumerDefaults = Object{"batch_size": 10.0, "max_retries": 3.0, "max_wait_time_ms": 5000.0, "retry_delay": 0.0}

// consumerSettings are wrangler's names of the settings, and the API's. wrangler
// counts in seconds what the API counts in milliseconds.
var consumerSettings = []struct {
	key, setting string
	factor       float64
}{
	{"max_batch_size", "batch_size", 1},
	{"max_batch_timeout", "max_wait_time_ms", 1000},
	{"max_concurrency", "max_concurrency", 1},
	{"max_retries", "max_retries", 1},
	{"retry_delay", "retry_delay", 1},
}

func (c *QueueConsumer) Address() Address {
	return Address{Kind: KindQueueConsumer, Parent: c.Queue, Name: c.Worker}
}
func (c *QueueConsumer) AttachedTo() Address { return Address{Kind: KindWorker, Name: c.Worker} }
func (c *QueueConsumer) Meta() Meta          { return c.ResourceMeta }

// References are the Worker, the queue, and the queue for what fails.
func (c *QueueConsumer) References() []Reference {
	refs := append(attachedReferences(c), Reference{To: Address{Kind: KindQueue, Name: c.Queue}, At: c.ResourceMeta.At})
	if c.DeadLetterQueue != "" {
		refs = append(refs, Reference{To: Address{Kind: KindQueue, Name: c.DeadLetterQueue}, At: c.ResourceMeta.At})
	}
	return refs
}

// Canonical leaves out settings that the platform would choose itself.
func (c *QueueConsumer) Canonical() Object {
	canonical := Object{}
	setIfAny(canonical, "dead_letter_queue", c.DeadLetterQueue)
	for _, s := range consumerSettings {
		if value := c.Settings[s.setting]; value != nil && value != ConsumerDefaults[s.setting] {
			canonical[s.setting] = value
		}
	}
	return canonical
}

// loadQueueConsumers reads a Worker's `queues.consumers`.
func (l *loader) loadQueueConsumers(w *Worker, consumers *document.Value) {
	if consumers == nil || consumers.Kind == document.Null {
		return
	}
	w.OwnsConsumers = true
	l.declareCollection(KindQueueConsumer)
	for _, item := range consumers.Items {
		queue, at, ok := l.queueOf(item)
		if !ok {
			continue
		}
		c := &QueueConsumer{
			Queue: queue, Worker: w.Name, DeadLetterQueue: l.nameOf(KindQueue, item.Get("dead_letter_queue")),
			ResourceMeta: Meta{Adopt: w.ResourceMeta.Adopt, At: at},
		}
		for _, s := range consumerSettings {
			if n := numberOf(item.Get(s.key)); n != nil {
				if c.Settings == nil {
					c.Settings = Object{}
				}
				c.Settings[s.setting] = *n * s.factor
			}
		}
		if c.DeadLetterQueue == queue {
			l.report(RuleQueueConsumer, item.Get("dead_letter_queue").Range(), "the dead letter queue is the queue itself",
				"name another queue: what failed would come back for ever")
		}
		l.add(c)
	}
}

// checkConsumers reports queues that several Workers are to consume.
func (l *loader) checkConsumers() {
	first := map[string]Resource{}
	for _, r := range l.stack.Resources {
		c, ok := r.(*QueueConsumer)
		if !ok {
			continue
		}
		if other := first[c.Queue]; other != nil {
			l.report(RuleQueueConsumer, c.ResourceMeta.At, fmt.Sprintf("the queue %q has two consumers, and a queue has one at most", c.Queue),
				"let one of the two Workers consume it, and call the other through a service binding",
				diag.Related{Range: other.Meta().At, Message: "the other one is here"})
			continue
		}
		first[c.Queue] = c
	}
}

func (im *importer) writeQueueConsumer(m *members, resource Resource) {
	c := resource.(*QueueConsumer)
	item := im.queueReference(c.Queue)
	if c.DeadLetterQueue != "" {
		item["dead_letter_queue"] = c.DeadLetterQueue
	}
	canonical := c.Canonical()
	for _, s := range consumerSettings {
		if value, ok := canonical[s.setting].(float64); ok {
			item[s.key] = value / s.factor
		}
	}
	queues := m.inner("queues")
	queues.append("consumers", item)
	m.replace("queues", queues.value())
}
