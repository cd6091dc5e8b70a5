package account

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"strings"

	"github.com/cloudflare/cloudflare-go/v4/queues"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

var queueConsumerOps = kindOps{
	kind:   spec.KindQueueConsumer,
	list:   listQueueConsumers,
	put:    putQueueConsumer,
	delete: deleteQueueConsumer,
}

// queueConsumer is a consumer as the list of queues shows it. The field with
// its Worker's name differs between responses of the API; wrangler reads all of
// them.
type queueConsumer struct {
	ID              string      `json:"consumer_id"`
	Type            string      `json:"type"`
	Script          string      `json:"script"`
	ScriptName      string      `json:"script_name"`
	Service         string      `json:"service"`
	DeadLetterQueue string      `json:"dead_letter_queue"`
	Settings        spec.Object `json:"settings"`
}

// worker returns the consumer's Worker, or "" for a consumer that pulls.
func (c queueConsumer) worker() string {
	for _, name := range []string{c.Script, c.ScriptName, c.Service} {
		if name != "" {
			return name
		}
	}
	return ""
}

// live returns the consumer in the model. Settings that are null are the
// platform's choice.
func (c queueConsumer) live(q queue) *spec.Live {
	settings := maps.Clone(c.Settings)
	maps.DeleteFunc(settings, func(_ string, value any) bool { return value == nil })
	consumer := &spec.QueueConsumer{Queue: q.Name, Worker: c.worker(), DeadLetterQueue: c.DeadLetterQueue, Settings: settings}
	return &spec.Live{Resource: consumer, Revision: revisionOfConsumer(q.ID, c.ID, consumer), Detailed: true}
}

// revisionOfConsumer puts the id of the queue before that of the consumer,
// because the API knows a consumer only below its queue. It uses the settings
// as the etag.
func revisionOfConsumer(queueID, id string, c *spec.QueueConsumer) spec.Revision {
	tag, _ := json.Marshal(c.Canonical()) // texts and numbers, which cannot fail
	return spec.Revision{ID: queueID + "/" + id, ETag: string(tag)}
}

// listQueueConsumers finds the consumers in the list of queues.
func listQueueConsumers(ctx context.Context, r *reading, _ string) ([]*spec.Live, error) {
	list, err := r.queues(ctx)
	if err != nil {
		return nil, err
	}
	var out []*spec.Live
	for _, q := range list {
		for _, c := range q.Consumers {
			out = append(out, c.live(q))
		}
	}
	return out, nil
}

// queues reads the list of queues once, for both the queues and their
// consumers.
func (r *reading) queues(ctx context.Context) ([]queue, error) {
	return r.queueList.get(ctx, r.account.queues)
}

// putQueueConsumer makes a Worker the consumer of a queue, or replaces its
// settings. It sends all settings, because it is not documented what happens to
// the others.
func putQueueConsumer(ctx context.Context, a *Account, w spec.Write) (spec.Revision, error) {
	c := w.Resource.(*spec.QueueConsumer)
	if w.Prior != nil {
		queueID, id, _ := strings.Cut(w.Prior.ID, "/")
		return a.updateConsumer(ctx, queueID, id, c)
	}
	return a.untilSettled(ctx, func() (spec.Revision, error) {
		id, err := a.idOf(ctx, spec.Address{Kind: spec.KindQueue, Name: c.Queue}, a.queueByName)
		if err != nil {
			return spec.Revision{}, fmt.Errorf("queue %q: %w", c.Queue, err)
		}
		return a.createConsumer(ctx, id, c)
	})
}

func (a *Account) createConsumer(ctx context.Context, queueID string, c *spec.QueueConsumer) (spec.Revision, error) {
	var body queues.ConsumerNewParamsBody
	body.Type.Value, body.Type.Present = queues.ConsumerNewParamsBodyTypeWorker, true
	body.ScriptName.Value, body.ScriptName.Present = c.Worker, true
	body.DeadLetterQueue.Value, body.DeadLetterQueue.Present = c.DeadLetterQueue, c.DeadLetterQueue != ""
	body.Settings.Value, body.Settings.Present = allSettings(c), true

	params := queues.ConsumerNewParams{Body: body}
	params.AccountID.Value, params.AccountID.Present = url.PathEscape(a.id), true
	response, err := a.client.sdk.consumers.New(ctx, url.PathEscape(queueID), params)
	if err == nil && response.ConsumerID != "" {
		return revisionOfConsumer(queueID, response.ConsumerID, c), nil
	}
	lookup := func() (spec.Revision, error) { return a.consumerRevision(ctx, c.Address()) }
	if err == nil {
		return lookup() // an older form of the response has no id
	}
	return afterLostResponse(err, lookup)
}

func (a *Account) updateConsumer(ctx context.Context, queueID, id string, c *spec.QueueConsumer) (spec.Revision, error) {
	var body queues.ConsumerUpdateParamsBody
	body.Type.Value, body.Type.Present = queues.ConsumerUpdateParamsBodyTypeWorker, true
	body.ScriptName.Value, body.ScriptName.Present = c.Worker, true
	body.DeadLetterQueue.Value, body.DeadLetterQueue.Present = c.DeadLetterQueue, c.DeadLetterQueue != ""
	body.Settings.Value, body.Settings.Present = allSettings(c), true

	params := queues.ConsumerUpdateParams{Body: body}
	params.AccountID.Value, params.AccountID.Present = url.PathEscape(a.id), true
	response, err := a.client.sdk.consumers.Update(ctx, url.PathEscape(queueID), url.PathEscape(id), params)
	if err != nil {
		return spec.Revision{}, cloudflare.Plain(err)
	}
	if response.ConsumerID != "" && response.ConsumerID != id {
		return spec.Revision{}, fmt.Errorf("the API returned the consumer %q for a change of the consumer %q", response.ConsumerID, id)
	}
	return revisionOfConsumer(queueID, id, c), nil
}

// allSettings returns a consumer's settings, with the platform's defaults for
// those that it leaves out. max_concurrency has no number for the default.
func allSettings(c *spec.QueueConsumer) spec.Object {
	settings := maps.Clone(spec.ConsumerDefaults)
	settings["max_concurrency"] = nil
	maps.Copy(settings, c.Settings)
	return settings
}

// consumerRevision finds a consumer by its queue and its Worker.
func (a *Account) consumerRevision(ctx context.Context, address spec.Address) (spec.Revision, error) {
	list, err := a.queues(ctx)
	if err != nil {
		return spec.Revision{}, err
	}
	for _, q := range list {
		for _, c := range q.Consumers {
			if live := c.live(q); live.Resource.Address() == address {
				return live.Revision, nil
			}
		}
	}
	return spec.Revision{}, errAbsent
}

func deleteQueueConsumer(ctx context.Context, a *Account, address spec.Address, prior spec.Revision) error {
	if prior.ID == "" {
		found, err := a.consumerRevision(ctx, address)
		if err != nil {
			return err
		}
		prior = found
	}
	queueID, id, _ := strings.Cut(prior.ID, "/")
	var params queues.ConsumerDeleteParams
	params.AccountID.Value, params.AccountID.Present = url.PathEscape(a.id), true
	_, err := a.client.sdk.consumers.Delete(ctx, url.PathEscape(queueID), url.PathEscape(id), params)
	return cloudflare.Plain(err)
}
