package spec

import (
	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec/internal/document"
)

// KindQueue is a queue.
const KindQueue Kind = "queue"

var queueKind = KindInfo{
	Kind:       KindQueue,
	Section:    "queues",
	Singular:   "queue",
	Plural:     "queues",
	Product:    ProductQueues,
	Permission: permissionQueues,
	Store:      true,
	decode:     decodeAs[*Queue],
}

// Queue is a queue. Its name is unique in an account and is its identity, for
// bindings as well.
type Queue struct {
	Name string `json:"name"`

	// DeliveryDelay and MessageRetentionPeriod are in seconds; nil leaves them
	// as they are.
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

func (l *loader) loadQueue(e entry) {
	l.checkName(e, queueName)
	l.add(&Queue{
		Name:                   e.name,
		DeliveryDelay:          numberOf(e.value.Get("delivery_delay")),
		MessageRetentionPeriod: numberOf(e.value.Get("message_retention_period")),
		ResourceMeta:           e.meta(),
	})
}

// numberOf is a number, or nil where there is none.
func numberOf(value *document.Value) *float64 {
	if n, ok := value.JSON().(float64); ok {
		return &n
	}
	return nil
}

// queueOf is the queue that an item names: by `ref`, one of this file; by
// `queue`, any, by its name.
func (l *loader) queueOf(item *document.Value) (name string, at diag.Range, ok bool) {
	ref, queue := item.Get("ref"), item.Get("queue")
	if !l.checkOneOf(item, "ref", "queue") {
		return "", diag.Range{}, false
	}
	if ref == nil {
		return queue.String(), queue.Range(), true
	}
	declared, ok := l.refer(KindQueue, "queues", ref)
	return declared.Name, ref.Range(), ok
}

// queueBinding reads an item of `queues.producers` in a Worker.
func (l *loader) queueBinding(item *document.Value) (Binding, bool) {
	queue, at, ok := l.queueOf(item)
	b := Binding{Type: BindingQueue, Properties: Properties{{"queue_name", queue}}, At: at}
	if delay := numberOf(item.Get("delivery_delay")); delay != nil {
		b.Properties = b.Properties.With("delivery_delay", *delay)
	}
	return b, ok
}

// writeQueue writes an imported queue.
func (im *importer) writeQueue(m *members, live *Live) []string {
	settings := live.Resource.Canonical()
	for _, field := range []string{"delivery_delay", "message_retention_period"} {
		if value, set := settings[field]; set {
			m.set(field, value)
		}
	}
	return nil
}

// queueReference names a queue: by key where the file declares it.
func (im *importer) queueReference(name string) Object {
	if key := im.keys[Address{Kind: KindQueue, Name: name}]; key != "" {
		return Object{"ref": key}
	}
	return Object{"queue": name}
}
