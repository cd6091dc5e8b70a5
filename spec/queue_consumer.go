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

// ConsumerSettings are wrangler's names of the settings, and the API's. wrangler
// counts in seconds what the API counts in milliseconds.
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
	canon.SetIfAny(canonical, "dead_letter_queue", c.DeadLetterQueue)
	for _, s := range ConsumerSettings {
		if value := c.Settings[s.Setting]; value != nil && value != ConsumerDefaults[s.Setting] {
			canonical[s.Setting] = value
		}
	}
	return canonical
}
