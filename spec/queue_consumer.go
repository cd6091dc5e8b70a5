package spec

import "github.com/wfpsync/wfpsync/spec/internal/canon"

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

// QueueConsumer makes a Worker receive the messages of a queue. A queue has at
// most one consumer.
type QueueConsumer struct {
	Queue string `json:"queue"`

	// Worker is "" if the messages are pulled over HTTP instead.
	Worker string `json:"worker"`

	// DeadLetterQueue receives messages that could not be delivered; "" for
	// none.
	DeadLetterQueue string `json:"dead_letter_queue,omitempty"`

	// Settings are the consumer's, by API field. The platform chooses those
	// that are missing; see [ConsumerDefaults].
	Settings     Object `json:"settings,omitempty"`
	ResourceMeta Meta   `json:"meta,omitzero"`
}

// ConsumerDefaults are the platform's values of settings that are not set. For
// max_concurrency there is none: the platform scales with the queue. Source:
// Queues documentation, "Configure Queues", consumer settings.
var ConsumerDefaults = Object{"batch_size": 10.0, "max_retries": 3.0, "max_wait_time_ms": 5000.0, "retry_delay": 0.0}

// ConsumerSettings maps wrangler's names of the settings to the API's. Factor
// converts wrangler's seconds to the API's milliseconds.
var ConsumerSettings = []struct {
	Key, Setting string
	Factor       float64
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

// References returns the Worker, the queue and the dead letter queue.
func (c *QueueConsumer) References() []Reference {
	refs := append(attachedReferences(c), Reference{To: Address{Kind: KindQueue, Name: c.Queue}, At: c.ResourceMeta.At})
	if c.DeadLetterQueue != "" {
		refs = append(refs, Reference{To: Address{Kind: KindQueue, Name: c.DeadLetterQueue}, At: c.ResourceMeta.At})
	}
	return refs
}

// Canonical leaves out settings that have the platform's default.
func (c *QueueConsumer) Canonical() Object {
	canonical := Object{}
	canon.SetIfAny(canonical, "dead_letter_queue", c.DeadLetterQueue)
	for _, s := range ConsumerSettings {
		if value := c.Settings[s.Setting]; value != nil && value != ConsumerDefaults[s.Setting] {
			canonical[s.Setting] = value
		}
	}
	return canonical
}
