package store

import (
	"fmt"
	"slices"
	"time"
)

const queuesBucket = "queues"

// A Queue is a queue, without messages.
type Queue struct {
	ID         string          `json:"id"`
	Name       string          `json:"name"`
	Settings   QueueSettings   `json:"settings"`
	Consumers  []QueueConsumer `json:"consumers,omitempty"`
	CreatedOn  time.Time       `json:"created_on"`
	ModifiedOn time.Time       `json:"modified_on"`
}

// A QueueConsumer receives a queue's messages: a Worker, or a client that pulls
// them.
type QueueConsumer struct {
	ID              string                `json:"id"`
	Type            string                `json:"type"`
	Script          string                `json:"script,omitempty"`
	DeadLetterQueue string                `json:"dead_letter_queue,omitempty"`
	Settings        QueueConsumerSettings `json:"settings"`
	CreatedOn       time.Time             `json:"created_on"`
}

// QueueConsumerSettings are how messages are delivered. MaxConcurrency is nil
// if the platform chooses. Of the two times, a Worker has the first, and a
// client that pulls the second.
type QueueConsumerSettings struct {
	BatchSize           int  `json:"batch_size"`
	MaxRetries          int  `json:"max_retries"`
	RetryDelay          int  `json:"retry_delay"`
	MaxConcurrency      *int `json:"max_concurrency"`
	MaxWaitTimeMS       *int `json:"max_wait_time_ms,omitempty"`
	VisibilityTimeoutMS *int `json:"visibility_timeout_ms,omitempty"`
}

// QueueSettings are the settings of a queue. Times are in seconds.
type QueueSettings struct {
	DeliveryDelay          int  `json:"delivery_delay"`
	DeliveryPaused         bool `json:"delivery_paused"`
	MessageRetentionPeriod int  `json:"message_retention_period"`
}

// Queues returns the account's queues, sorted by id.
func (t *Tx) Queues(account string) []Queue { return t.queues(account).all() }

// Queue returns a queue by its id.
func (t *Tx) Queue(account, id string) (Queue, bool) { return t.queues(account).get(id) }

// QueueByName returns a queue by its name, which bindings use.
func (t *Tx) QueueByName(account, name string) (Queue, bool) {
	for _, q := range t.queues(account).after("") {
		if q.Name == name {
			return q, true
		}
	}
	return Queue{}, false
}

// ConsumedBy returns the queues that a Worker consumes.
func (t *Tx) ConsumedBy(account, script string) []Queue {
	var queues []Queue
	for _, q := range t.queues(account).after("") {
		if slices.ContainsFunc(q.Consumers, func(c QueueConsumer) bool { return c.Script == script }) {
			queues = append(queues, q)
		}
	}
	return queues
}

// PutQueue creates or replaces a queue.
func (t *Tx) PutQueue(account string, q Queue) {
	t.queues(account).put(q.ID, q)
	t.changed(Change{Account: account, Queue: q.Name})
}

// DeleteQueue removes a queue.
func (t *Tx) DeleteQueue(account, id string) { t.queues(account).delete(id) }

// Producers returns the scripts that are bound to a queue.
func (t *Tx) Producers(account, queue string) []Referrer {
	return t.Referrers(account, queueTarget(queue))
}

func (t *Tx) queues(account string) collection[Queue] {
	return collect[Queue](t, accountDataBucket, account, queuesBucket)
}

// queueTarget returns the key of a queue in the index of referrers. No Worker's
// name has a slash.
func queueTarget(name string) string { return "queue/" + name }

// missingQueue returns the platform's error for a binding without its queue.
func missingQueue(tx *Tx, account string, b Binding) (code int, message string) {
	name := b.Text("queue_name")
	if _, found := tx.QueueByName(account, name); found {
		return 0, ""
	}
	return 11000, fmt.Sprintf("Queue '%s' of the binding '%s' does not exist", name, b.Name)
}
