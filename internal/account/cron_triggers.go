package account

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/cloudflare/cloudflare-go/v4/workers"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

var cronTriggersOps = kindOps{
	kind:   spec.KindCronTriggers,
	list:   listCronTriggers,
	put:    putCronTriggers,
	delete: deleteCronTriggers,
}

// listCronTriggers reads the cron triggers of one Worker. A Worker that does
// not exist has none.
func listCronTriggers(ctx context.Context, r *reading, worker string) ([]*spec.Live, error) {
	var params workers.ScriptScheduleGetParams
	params.AccountID.Value, params.AccountID.Present = url.PathEscape(r.account.id), true
	response, err := r.account.client.sdk.schedules.Get(ctx, url.PathEscape(worker), params)
	switch err = cloudflare.Plain(err); {
	case IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, err
	case len(response.Schedules) == 0:
		return nil, nil
	}
	t := &spec.CronTriggers{Worker: worker}
	for _, s := range response.Schedules {
		t.Crons = append(t.Crons, spec.NormalCron(s.Cron))
	}
	return []*spec.Live{{Resource: t, Revision: revisionOfCrons(t.Crons), Detailed: true}}, nil
}

// revisionOfCrons uses the expressions as the etag. The times in the response
// are those of single triggers, and may stay the same when others are added or
// removed.
func revisionOfCrons(crons []string) spec.Revision {
	return spec.Revision{ETag: strings.Join(slices.Sorted(slices.Values(crons)), ", ")}
}

func putCronTriggers(ctx context.Context, a *Account, w spec.Write) (spec.Revision, error) {
	t := w.Resource.(*spec.CronTriggers)
	return a.untilSettled(ctx, func() (spec.Revision, error) { return a.setCrons(ctx, t.Worker, t.Crons) })
}

func deleteCronTriggers(ctx context.Context, a *Account, address spec.Address, _ spec.Revision) error {
	_, err := a.setCrons(ctx, address.Name, nil)
	return err
}

// setCrons replaces all of a Worker's cron triggers.
func (a *Account) setCrons(ctx context.Context, worker string, crons []string) (spec.Revision, error) {
	var params workers.ScriptScheduleUpdateParams
	params.AccountID.Value, params.AccountID.Present = url.PathEscape(a.id), true
	params.Body = []workers.ScriptScheduleUpdateParamsBody{} // [] and not null, to remove them all
	for _, cron := range crons {
		var body workers.ScriptScheduleUpdateParamsBody
		body.Cron.Value, body.Cron.Present = cron, true
		params.Body = append(params.Body, body)
	}
	response, err := a.client.sdk.schedules.Update(ctx, url.PathEscape(worker), params)
	if err != nil {
		return spec.Revision{}, cloudflare.Plain(err)
	}
	if len(response.Schedules) != len(crons) {
		return spec.Revision{}, fmt.Errorf("the API returned %d cron triggers of the Worker %q for a write of %d", len(response.Schedules), worker, len(crons))
	}
	return revisionOfCrons(crons), nil
}
