package spec

// KindQueue is a queue.
const KindQueue Kind = "queue"

var permissionQueues = Permission{"Account", "Queues", "Edit"}

// ProductQueues is Queues.
const ProductQueues Product = "queues"

var queueKind = KindInfo{
	Kind:       KindQueue,
	Section:    "queues",
	Singular:   "queue",
	Plural:     "queues",
	Product:    ProductQueues,
	Permission: permissionQueues,
	Bindings:   []BindingType{{Name: BindingQueue, NameBy: "queue_name"}},
	Store:      true,
	decode:     decodeAs[*Queue],
}

// Queue is a queue. Its name is unique in an account and is its identity, for
// bindings as well.
type Queue struct {
	Name string `json:"name"`

	// DeliveryDelay and MessageRetentionPeriod are in seconds; nil leaves them
	// alone.
	DeliveryDelay          *float64 `json:"delivery_delay,omitempty"`
	MessageRetentionPeriod *float64 `json:"message_retention_period,omitempty"`
	ResourceMeta           Meta     `json:"meta,omitzero"`
}

func (q *Queue) Address() Address        { return Address{Kind: KindQueue, Name: q.Name} }
func (q *Queue) References() []Reference { return nil }
func (q *Queue) Meta() Meta              { return q.ResourceMeta }

func (q *Queue) Canonical() Object {
	c := Object{}
	if q.DeliveryDelay != nil {
		c["delivery_delay"] = *q.DeliveryDelay
	}
	if q.MessageRetentionPeriod != nil {
		c["message_retention_period"] = *q.MessageRetentionPeriod
	}
	return c
}
