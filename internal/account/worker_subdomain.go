package account

import (
	"context"
	"fmt"
	"net/url"

	"github.com/cloudflare/cloudflare-go/v4/workers"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

var workerSubdomainOps = kindOps{
	kind:   spec.KindWorkerSubdomain,
	list:   listWorkerSubdomain,
	put:    putWorkerSubdomain,
	delete: deleteWorkerSubdomain,
}

// listWorkerSubdomain reads the subdomain settings of one Worker, if it exists.
func listWorkerSubdomain(ctx context.Context, r *reading, worker string) ([]*spec.Live, error) {
	s, err := r.account.workerSubdomain(ctx, worker)
	if IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []*spec.Live{{Resource: s, Revision: revisionOfSubdomain(s), Detailed: true}}, nil
}

func (a *Account) workerSubdomain(ctx context.Context, worker string) (*spec.WorkerSubdomain, error) {
	var params workers.ScriptSubdomainGetParams
	params.AccountID.Value, params.AccountID.Present = url.PathEscape(a.id), true
	response, err := a.client.sdk.subdomains.Get(ctx, url.PathEscape(worker), params)
	if err != nil {
		return nil, cloudflare.Plain(err)
	}
	return &spec.WorkerSubdomain{Worker: worker, Enabled: &response.Enabled, PreviewsEnabled: &response.PreviewsEnabled}, nil
}

// revisionOfSubdomain uses the settings as the etag.
func revisionOfSubdomain(s *spec.WorkerSubdomain) spec.Revision {
	return spec.Revision{ETag: fmt.Sprintf("enabled %t, previews %t", *s.Enabled, *s.PreviewsEnabled)}
}

// putWorkerSubdomain sets both settings, because the API resets those that a
// request leaves out.
func putWorkerSubdomain(ctx context.Context, a *Account, w spec.Write) (spec.Revision, error) {
	wanted := *w.Resource.(*spec.WorkerSubdomain)
	return a.untilSettled(ctx, func() (spec.Revision, error) {
		if wanted.Enabled == nil || wanted.PreviewsEnabled == nil {
			now, err := a.workerSubdomain(ctx, wanted.Worker)
			if err != nil {
				return spec.Revision{}, err
			}
			if wanted.Enabled == nil {
				wanted.Enabled = now.Enabled
			}
			if wanted.PreviewsEnabled == nil {
				wanted.PreviewsEnabled = now.PreviewsEnabled
			}
		}
		return a.setSubdomain(ctx, &wanted)
	})
}

func (a *Account) setSubdomain(ctx context.Context, s *spec.WorkerSubdomain) (spec.Revision, error) {
	var params workers.ScriptSubdomainNewParams
	params.AccountID.Value, params.AccountID.Present = url.PathEscape(a.id), true
	params.Enabled.Value, params.Enabled.Present = *s.Enabled, true
	params.PreviewsEnabled.Value, params.PreviewsEnabled.Present = *s.PreviewsEnabled, true
	response, err := a.client.sdk.subdomains.New(ctx, url.PathEscape(s.Worker), params)
	if err != nil {
		return spec.Revision{}, cloudflare.Plain(err)
	}
	if response.Enabled != *s.Enabled || response.PreviewsEnabled != *s.PreviewsEnabled {
		return spec.Revision{}, fmt.Errorf("the API returned enabled %t and previews %t of the Worker %q for a write of %t and %t",
			response.Enabled, response.PreviewsEnabled, s.Worker, *s.Enabled, *s.PreviewsEnabled)
	}
	return revisionOfSubdomain(s), nil
}

func deleteWorkerSubdomain(ctx context.Context, a *Account, address spec.Address, _ spec.Revision) error {
	off := false
	_, err := a.setSubdomain(ctx, &spec.WorkerSubdomain{Worker: address.Name, Enabled: &off, PreviewsEnabled: &off})
	return err
}
