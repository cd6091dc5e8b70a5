package account

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"

	"github.com/cloudflare/cloudflare-go/v4/queues"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

var queueOps = kindOps{
	kind:      spec.KindQueue,
	endpoints: endpoints{path: "queues", missing: []int{codeQueueMissing}, exists: []int{codeQueueExists, codeConsumerExists}},
	list:      listQueues,
	put:       putQueue,
	delete:    deleteQueue,
}

// queue is a queue as the API returns it. The SDK's type cannot distinguish a
// setting of 0 from an absent one.
type queue struct {
	ID        string          `json:"queue_id"`
	Name      string          `json:"queue_name"`
	Settings  queueSettings   `json:"settings"`
	Consumers []queueConsumer `json:"consumers"`
}

type queueSettings struct {
	DeliveryDelay          *float64 `json:"delivery_delay"`
	MessageRetentionPeriod *float64 `json:"message_retention_period"`
}

func listQueues(ctx context.Context, r *reading, _ string) ([]*spec.Live, error) {
	list, err := r.queues(ctx)
	if err != nil {
		return nil, err
	}
	var out []*spec.Live
	for _, q := range list {
		out = append(out, &spec.Live{
			Resource: &spec.Queue{
				Name:                   q.Name,
				DeliveryDelay:          q.Settings.DeliveryDelay,
				MessageRetentionPeriod: q.Settings.MessageRetentionPeriod,
			},
			Revision: revisionOfQueue(q.ID, q.Settings),
			Detailed: true,
		})
	}
	return out, nil
}

// revisionOfQueue uses the settings as the etag. It leaves out the time of the
// last write, because it is not documented whether binding a Worker to a queue
// changes it.
func revisionOfQueue(id string, s queueSettings) spec.Revision {
	tag, _ := json.Marshal([]*float64{s.DeliveryDelay, s.MessageRetentionPeriod}) // numbers, which cannot fail
	return spec.Revision{ID: id, ETag: string(tag)}
}

// queues reads every page, which the SDK's List does not. The size of a page is
// not documented.
func (a *Account) queues(ctx context.Context) ([]queue, error) {
	path := cloudflare.Path("accounts", a.id, "queues")
	return listPages(ctx, a.api, path, url.Values{}, 0, func(q queue) string { return q.ID })
}

// putQueue creates a queue, or changes its settings. The SDK cannot create a
// queue with settings, so they take a second request. If the run ends between
// the two, the next plan sees the difference.
func putQueue(ctx context.Context, a *Account, w spec.Write) (spec.Revision, error) {
	q := w.Resource.(*spec.Queue)
	var revision spec.Revision
	if w.Prior != nil {
		revision = *w.Prior
	}
	if revision.ID == "" {
		created, err := a.createQueue(ctx, q.Name)
		if err != nil {
			return spec.Revision{}, err
		}
		revision = created
	}
	if q.DeliveryDelay == nil && q.MessageRetentionPeriod == nil {
		return revision, nil
	}
	return a.editQueue(ctx, revision.ID, q)
}

func (a *Account) createQueue(ctx context.Context, name string) (spec.Revision, error) {
	var params queues.QueueNewParams
	params.AccountID.Value, params.AccountID.Present = url.PathEscape(a.id), true
	params.QueueName.Value, params.QueueName.Present = name, true
	response, err := a.client.sdk.queues.New(ctx, params)
	if err == nil && response.QueueID != "" {
		return queueRevision(response)
	}
	if err == nil {
		return spec.Revision{}, fmt.Errorf("the API returned no id for the new queue %q", name)
	}
	return afterLostResponse(err, func() (spec.Revision, error) { return a.queueByName(ctx, name) })
}

// editQueue sets the settings that the file names and leaves the others
// unchanged.
func (a *Account) editQueue(ctx context.Context, id string, q *spec.Queue) (spec.Revision, error) {
	var params queues.QueueEditParams
	params.AccountID.Value, params.AccountID.Present = url.PathEscape(a.id), true
	settings := &params.Queue.Settings
	settings.Present = true
	if q.DeliveryDelay != nil {
		settings.Value.DeliveryDelay.Value, settings.Value.DeliveryDelay.Present = *q.DeliveryDelay, true
	}
	if q.MessageRetentionPeriod != nil {
		settings.Value.MessageRetentionPeriod.Value, settings.Value.MessageRetentionPeriod.Present = *q.MessageRetentionPeriod, true
	}
	response, err := a.client.sdk.queues.Edit(ctx, url.PathEscape(id), params)
	if err != nil {
		return spec.Revision{}, cloudflare.Plain(err)
	}
	if response.QueueID != "" && response.QueueID != id {
		return spec.Revision{}, fmt.Errorf("the API returned the queue %q for a change of the queue %q", response.QueueID, id)
	}
	response.QueueID = id
	return queueRevision(response)
}

// queueRevision returns the revision of a queue that the SDK decoded.
func queueRevision(response *queues.Queue) (spec.Revision, error) {
	var q queue
	if raw := response.JSON.RawJSON(); raw != "" {
		if err := json.Unmarshal([]byte(raw), &q); err != nil {
			return spec.Revision{}, err
		}
	}
	return revisionOfQueue(response.QueueID, q.Settings), nil
}

func (a *Account) queueByName(ctx context.Context, name string) (spec.Revision, error) {
	list, err := a.queues(ctx)
	if err != nil {
		return spec.Revision{}, err
	}
	for _, q := range list {
		if q.Name == name {
			return revisionOfQueue(q.ID, q.Settings), nil
		}
	}
	return spec.Revision{}, errAbsent
}

func deleteQueue(ctx context.Context, a *Account, address spec.Address, prior spec.Revision) error {
	id := prior.ID
	if id == "" {
		found, err := a.queueByName(ctx, address.Name)
		if err != nil {
			return err
		}
		id = found.ID
	}
	var params queues.QueueDeleteParams
	params.AccountID.Value, params.AccountID.Present = url.PathEscape(a.id), true
	_, err := a.client.sdk.queues.Delete(ctx, url.PathEscape(id), params)
	return cloudflare.Plain(err)
}
