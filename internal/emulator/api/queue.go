package api

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

func (s *Server) queueRoutes() []route {
	const list, one = "/accounts/{account}/queues", "/accounts/{account}/queues/{queue}"
	return []route{
		{"GET", list, s.listQueues},
		{"POST", list, s.createQueue},
		{"GET", one, s.getQueue},
		{"PUT", one, s.putQueue},
		{"PATCH", one, s.patchQueue},
		{"DELETE", one, s.deleteQueue},
	}
}

var queueName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$`)

// defaultQueueSettings are those of a new queue: it keeps messages for four
// days.
var defaultQueueSettings = store.QueueSettings{MessageRetentionPeriod: 4 * 24 * 60 * 60}

// These are the platform's limits, in seconds.
// Source: the documentation's page on the limits of Queues.
const (
	maxQueueDelay     = 24 * 60 * 60
	minQueueRetention = 60
	maxQueueRetention = 14 * 24 * 60 * 60
)

type queueView struct {
	QueueID    string              `json:"queue_id"`
	QueueName  string              `json:"queue_name"`
	Settings   store.QueueSettings `json:"settings"`
	CreatedOn  timestamp           `json:"created_on"`
	ModifiedOn timestamp           `json:"modified_on"`

	Producers           []queueProducerView `json:"producers"`
	ProducersTotalCount int                 `json:"producers_total_count"`

	Consumers           []queueConsumerView `json:"consumers"`
	ConsumersTotalCount int                 `json:"consumers_total_count"`
}

type queueProducerView struct {
	Type   string `json:"type"`
	Script string `json:"script"`
}

func viewQueue(tx *store.Tx, account string, q store.Queue) queueView {
	view := queueView{
		QueueID: q.ID, QueueName: q.Name, Settings: q.Settings,
		CreatedOn: timestamp(q.CreatedOn), ModifiedOn: timestamp(q.ModifiedOn),
		Producers: []queueProducerView{}, Consumers: viewQueueConsumers(q), ConsumersTotalCount: len(q.Consumers),
	}
	for _, producer := range tx.Producers(account, q.Name) {
		view.Producers = append(view.Producers, queueProducerView{Type: "worker", Script: producer.Name})
	}
	view.ProducersTotalCount = len(view.Producers)
	return view
}

// findQueue returns the queue in a call's path.
func findQueue(c *call, tx *store.Tx) (store.Queue, error) {
	q, found := tx.Queue(c.account, c.param("queue"))
	if !found {
		return q, fail(http.StatusNotFound, queueNotFound, "Queue not found: no queue has the id %q", c.param("queue"))
	}
	return q, nil
}

// listQueues responds in numbered pages. Their size is not documented. wrangler
// asks for several names at once.
func (s *Server) listQueues(c *call) (reply, error) {
	query := c.query()
	views := []queueView{}
	err := c.view(func(tx *store.Tx) error {
		for _, q := range tx.Queues(c.account) {
			if names := query["name"]; len(names) == 0 || slices.Contains(names, q.Name) {
				views = append(views, viewQueue(tx, c.account, q))
			}
		}
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	slices.SortFunc(views, func(a, b queueView) int { return strings.Compare(a.QueueName, b.QueueName) })
	return pageOf(views, query, pageRange{min: 1, max: 100, byDefault: 100}, queueInvalidBody)
}

type queueFields struct {
	QueueName *string             `json:"queue_name"`
	Settings  queueSettingsFields `json:"settings"`
}

type queueSettingsFields struct {
	DeliveryDelay          *int  `json:"delivery_delay"`
	DeliveryPaused         *bool `json:"delivery_paused"`
	MessageRetentionPeriod *int  `json:"message_retention_period"`
}

// applyTo changes the settings that are given and keeps the others.
func (f queueFields) applyTo(q *store.Queue) error {
	set(&q.Name, f.QueueName)
	set(&q.Settings.DeliveryDelay, f.Settings.DeliveryDelay)
	set(&q.Settings.DeliveryPaused, f.Settings.DeliveryPaused)
	set(&q.Settings.MessageRetentionPeriod, f.Settings.MessageRetentionPeriod)
	switch delay, retention := q.Settings.DeliveryDelay, q.Settings.MessageRetentionPeriod; {
	case !queueName.MatchString(q.Name):
		return fail(http.StatusBadRequest, queueInvalidName, "Queue name %q is invalid", q.Name)
	case delay < 0 || delay > maxQueueDelay:
		return fail(http.StatusBadRequest, queueInvalidBody, "delivery_delay must be between 0 and %d, not %d", maxQueueDelay, delay)
	case retention < minQueueRetention || retention > maxQueueRetention:
		return fail(http.StatusBadRequest, queueInvalidBody,
			"message_retention_period must be between %d and %d, not %d", minQueueRetention, maxQueueRetention, retention)
	}
	return nil
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

func (s *Server) createQueue(c *call) (reply, error) {
	return s.writeQueue(c, func(*store.Tx) (store.Queue, error) {
		now := s.now()
		return store.Queue{ID: newID(), Settings: defaultQueueSettings, CreatedOn: now, ModifiedOn: now}, nil
	})
}

// putQueue replaces a queue's settings: those that are left out go back to the
// defaults. The name stays.
func (s *Server) putQueue(c *call) (reply, error) {
	return s.writeQueue(c, func(tx *store.Tx) (store.Queue, error) {
		q, err := findQueue(c, tx)
		q.Settings, q.ModifiedOn = defaultQueueSettings, s.later(q.ModifiedOn)
		return q, err
	})
}

// patchQueue keeps settings that are left out.
func (s *Server) patchQueue(c *call) (reply, error) {
	return s.writeQueue(c, func(tx *store.Tx) (store.Queue, error) {
		q, err := findQueue(c, tx)
		q.ModifiedOn = s.later(q.ModifiedOn)
		return q, err
	})
}

// writeQueue applies the body to the queue that find returns.
func (s *Server) writeQueue(c *call, find func(*store.Tx) (store.Queue, error)) (reply, error) {
	var body queueFields
	if err := c.json(&body, errQueueMalformed); err != nil {
		return reply{}, err
	}
	var view queueView
	err := c.update(func(tx *store.Tx) error {
		q, err := find(tx)
		if err != nil {
			return err
		}
		if err := body.applyTo(&q); err != nil {
			return err
		}
		if other, taken := tx.QueueByName(c.account, q.Name); taken && other.ID != q.ID {
			return fail(http.StatusConflict, queueExists, "Queue name '%s' is already taken. Please use a different name and try again.", q.Name)
		}
		tx.PutQueue(c.account, q)
		view = viewQueue(tx, c.account, q)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(view)
}

func (s *Server) getQueue(c *call) (reply, error) {
	var view queueView
	err := c.view(func(tx *store.Tx) error {
		q, err := findQueue(c, tx)
		if err == nil {
			view = viewQueue(tx, c.account, q)
		}
		return err
	})
	if err != nil {
		return reply{}, err
	}
	return ok(view)
}

// deleteQueue deletes a queue that no script is bound to. The real platform
// also refuses otherwise, according to a client that is tested against it
// (alchemy-run/distilled#432). A consumer counts as such a binding.
func (s *Server) deleteQueue(c *call) (reply, error) {
	err := c.update(func(tx *store.Tx) error {
		q, err := findQueue(c, tx)
		if err != nil {
			return err
		}
		if producers := tx.Producers(c.account, q.Name); len(producers) > 0 {
			return fail(http.StatusBadRequest, queueStillBound,
				"Queue '%s' is still in use by a binding of the Worker '%s'", q.Name, producers[0].Name)
		}
		if len(q.Consumers) > 0 {
			return fail(http.StatusBadRequest, queueStillBound, "Queue '%s' still has a consumer", q.Name)
		}
		tx.DeleteQueue(c.account, q.ID)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return done()
}
