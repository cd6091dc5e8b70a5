package api

import (
	"net/http"
	"slices"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

func (s *Server) queueConsumerRoutes() []route {
	const list, one = "/accounts/{account}/queues/{queue}/consumers", "/accounts/{account}/queues/{queue}/consumers/{consumer}"
	return []route{
		{"GET", list, s.listQueueConsumers},
		{"POST", list, s.createQueueConsumer},
		{"GET", one, s.getQueueConsumer},
		{"PUT", one, s.putQueueConsumer},
		{"DELETE", one, s.deleteQueueConsumer},
	}
}

const (
	workerConsumer = "worker"
	pullConsumer   = "http_pull"
)

// These are the platform's limits.
// Source: the documentation's page on configuring Queues. A Worker waits for a
// batch, a client that pulls asks for one.
const (
	maxBatchSize   = 100
	maxBatchWaitMS = 60_000
	maxRetries     = 100
	maxConcurrency = 250
	usualLeaseMS   = 30_000
)

type queueConsumerView struct {
	ConsumerID      string                      `json:"consumer_id"`
	Type            string                      `json:"type"`
	Script          string                      `json:"script,omitempty"`
	QueueID         string                      `json:"queue_id"`
	QueueName       string                      `json:"queue_name"`
	CreatedOn       timestamp                   `json:"created_on"`
	DeadLetterQueue string                      `json:"dead_letter_queue,omitempty"`
	Settings        store.QueueConsumerSettings `json:"settings"`
}

func viewQueueConsumers(q store.Queue) []queueConsumerView {
	views := []queueConsumerView{}
	for _, consumer := range q.Consumers {
		views = append(views, viewQueueConsumer(q, consumer))
	}
	return views
}

func viewQueueConsumer(q store.Queue, c store.QueueConsumer) queueConsumerView {
	return queueConsumerView{
		ConsumerID: c.ID, Type: c.Type, Script: c.Script, QueueID: q.ID, QueueName: q.Name,
		CreatedOn: timestamp(c.CreatedOn), DeadLetterQueue: c.DeadLetterQueue, Settings: c.Settings,
	}
}

func (s *Server) listQueueConsumers(c *call) (reply, error) {
	views := []queueConsumerView{}
	err := c.view(func(tx *store.Tx) error {
		q, err := findQueue(c, tx)
		views = viewQueueConsumers(q)
		return err
	})
	if err != nil {
		return reply{}, err
	}
	return pageOf(views, c.query(), pageRange{min: 1, max: 100, byDefault: 100}, queueInvalidBody)
}

// findQueueConsumer returns the queue and the consumer in a call's path, and
// the consumer's index.
func findQueueConsumer(c *call, tx *store.Tx) (store.Queue, int, error) {
	q, err := findQueue(c, tx)
	if err != nil {
		return q, 0, err
	}
	i := slices.IndexFunc(q.Consumers, func(other store.QueueConsumer) bool { return other.ID == c.param("consumer") })
	if i < 0 {
		return q, 0, fail(http.StatusNotFound, queueNotFound, "Consumer not found: the queue has none with the id %q", c.param("consumer"))
	}
	return q, i, nil
}

func (s *Server) getQueueConsumer(c *call) (reply, error) {
	var view queueConsumerView
	err := c.view(func(tx *store.Tx) error {
		q, i, err := findQueueConsumer(c, tx)
		if err == nil {
			view = viewQueueConsumer(q, q.Consumers[i])
		}
		return err
	})
	if err != nil {
		return reply{}, err
	}
	return ok(view)
}

type queueConsumerFields struct {
	Type            string `json:"type"`
	ScriptName      string `json:"script_name"`
	DeadLetterQueue string `json:"dead_letter_queue"`
	Settings        struct {
		BatchSize           *int `json:"batch_size"`
		MaxConcurrency      *int `json:"max_concurrency"`
		MaxRetries          *int `json:"max_retries"`
		MaxWaitTimeMS       *int `json:"max_wait_time_ms"`
		RetryDelay          *int `json:"retry_delay"`
		VisibilityTimeoutMS *int `json:"visibility_timeout_ms"`
	} `json:"settings"`
}

// createQueueConsumer gives a queue its consumer. A queue can have only one.
func (s *Server) createQueueConsumer(c *call) (reply, error) {
	return s.writeQueueConsumer(c, func(tx *store.Tx) (store.Queue, int, error) {
		q, err := findQueue(c, tx)
		if err == nil && len(q.Consumers) > 0 {
			err = fail(http.StatusBadRequest, queueConsumerExists, "Queue '%s' already has a consumer", q.Name)
		}
		q.Consumers = append(q.Consumers, store.QueueConsumer{ID: newID(), CreatedOn: s.now()})
		return q, 0, err
	})
}

// putQueueConsumer replaces a consumer: settings that are left out go back to
// the defaults.
func (s *Server) putQueueConsumer(c *call) (reply, error) {
	return s.writeQueueConsumer(c, func(tx *store.Tx) (store.Queue, int, error) { return findQueueConsumer(c, tx) })
}

func (s *Server) writeQueueConsumer(c *call, find func(*store.Tx) (store.Queue, int, error)) (reply, error) {
	var body queueConsumerFields
	if err := c.json(&body, errQueueMalformed); err != nil {
		return reply{}, err
	}
	var view queueConsumerView
	err := c.update(func(tx *store.Tx) error {
		q, i, err := find(tx)
		if err != nil {
			return err
		}
		consumer, err := body.consumer(q.Consumers[i])
		if err != nil {
			return err
		}
		if consumer.Type == workerConsumer && !tx.Workers(c.account).Has(consumer.Script) {
			return fail(http.StatusBadRequest, queueInvalidBody, "The Worker '%s' does not exist", consumer.Script)
		}
		if name := consumer.DeadLetterQueue; name != "" {
			if _, exists := tx.QueueByName(c.account, name); !exists { // the platform creates it, too
				tx.PutQueue(c.account, store.Queue{ID: newID(), Name: name, Settings: defaultQueueSettings, CreatedOn: s.now(), ModifiedOn: s.now()})
			}
		}
		q.Consumers = slices.Clone(q.Consumers)
		q.Consumers[i] = consumer
		tx.PutQueue(c.account, q)
		view = viewQueueConsumer(q, consumer)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(view)
}

// consumer returns a consumer with the changes in the body.
func (f queueConsumerFields) consumer(old store.QueueConsumer) (store.QueueConsumer, error) {
	next := store.QueueConsumer{ID: old.ID, CreatedOn: old.CreatedOn, Type: f.Type, Script: f.ScriptName, DeadLetterQueue: f.DeadLetterQueue}
	s := &next.Settings
	s.BatchSize, s.MaxRetries, s.MaxConcurrency = 10, 3, f.Settings.MaxConcurrency
	switch next.Type {
	case workerConsumer:
		wait := 5000
		s.MaxWaitTimeMS = &wait
		set(s.MaxWaitTimeMS, f.Settings.MaxWaitTimeMS)
	case pullConsumer:
		lease := usualLeaseMS
		s.VisibilityTimeoutMS, next.Script = &lease, ""
		set(s.VisibilityTimeoutMS, f.Settings.VisibilityTimeoutMS)
	default:
		return next, fail(http.StatusBadRequest, queueInvalidBody, "type must be worker or http_pull, not %q", next.Type)
	}
	set(&s.BatchSize, f.Settings.BatchSize)
	set(&s.MaxRetries, f.Settings.MaxRetries)
	set(&s.RetryDelay, f.Settings.RetryDelay)
	for _, limit := range []struct {
		name            string
		value, min, max int
	}{
		{"batch_size", s.BatchSize, 1, maxBatchSize},
		{"max_retries", s.MaxRetries, 0, maxRetries},
		{"max_wait_time_ms", orZero(s.MaxWaitTimeMS), 0, maxBatchWaitMS},
		{"retry_delay", s.RetryDelay, 0, maxQueueDelay},
		{"max_concurrency", max(1, orZero(s.MaxConcurrency)), 1, maxConcurrency},
	} {
		if limit.value < limit.min || limit.value > limit.max {
			return next, fail(http.StatusBadRequest, queueInvalidBody, "%s must be between %d and %d, not %d", limit.name, limit.min, limit.max, limit.value)
		}
	}
	return next, nil
}

func orZero(value *int) int {
	if value == nil {
		return 0
	}
	return *value
}

func (s *Server) deleteQueueConsumer(c *call) (reply, error) {
	err := c.update(func(tx *store.Tx) error {
		q, i, err := findQueueConsumer(c, tx)
		if err == nil {
			q.Consumers = slices.Delete(slices.Clone(q.Consumers), i, i+1)
			tx.PutQueue(c.account, q)
		}
		return err
	})
	if err != nil {
		return reply{}, err
	}
	return done()
}
