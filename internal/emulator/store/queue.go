package store

import "time"

const queuesBucket = "queues"

// A Queue is a queue, without messages and consumers.
type Queue struct {
	ID         string        `json:"id"`
	Name       string        `json:"name"`
	Settings   QueueSettings `json:"settings"`
	CreatedOn  time.Time     `json:"created_on"`
	ModifiedOn time.Time     `json:"modified_on"`
}

// QueueSettings are what can be changed of a queue. Times are in seconds.
type QueueSettings struct {
	DeliveryDelay          int  `json:"delivery_delay"`
	DeliveryPaused         bool `json:"delivery_paused"`
	MessageRetentionPeriod int  `json:"message_retention_period"`
}

// Queues returns the account's queues, sorted by id.
func (t *Tx) Queues(account string) []Queue { return t.queues(account).all() }

// Queue returns a queue by its id.
func (t *Tx) Queue(account, id string) (Queue, bool) { return t.queues(account).get(id) }

// QueueByName returns a queue by its name, which is what bindings call it by.
func (t *Tx) QueueByName(account, name string) (Queue, bool) {
	for _, q := range t.queues(account).after("") {
		if q.Name == name {
			return q, true
		}
	}
	return Queue{}, false
}

// PutQueue creates or replaces a queue.
func (t *Tx) PutQueue(account string, q Queue) { t.queues(account).put(q.ID, q) }

// DeleteQueue removes a queue.
func (t *Tx) DeleteQueue(account, id string) { t.queues(account).delete(id) }

// Producers returns the scripts that are bound to a queue.
func (t *Tx) Producers(account, queue string) []Referrer {
	return t.Referrers(account, queueTarget(queue))
}

func (t *Tx) queues(account string) collection[Queue] {
	return collect[Queue](t, accountDataBucket, account, queuesBucket)
}

// queueTarget is a queue in the index of referrers. No Worker's name has a slash.
func queueTarget(name string) string { return "queue/" + name }
