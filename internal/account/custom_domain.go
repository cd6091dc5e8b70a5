package account

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/cloudflare/cloudflare-go/v4/workers"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

var customDomainOps = kindOps{
	kind:   spec.KindCustomDomain,
	list:   listCustomDomains,
	put:    putCustomDomain,
	delete: deleteCustomDomain,
}

func listCustomDomains(ctx context.Context, r *reading, _ string) ([]*spec.Live, error) {
	domains, err := r.account.customDomains(ctx, "")
	if err != nil {
		return nil, err
	}
	var out []*spec.Live
	for _, d := range domains {
		out = append(out, &spec.Live{
			Resource: &spec.CustomDomain{Hostname: d.Hostname, Zone: d.ZoneName, Worker: d.Service},
			Revision: revisionOfRoute(d.ID, d.Service),
			Detailed: true,
		})
	}
	return out, nil
}

// customDomains reads the one page that the endpoint has: every domain, or only
// that of one hostname.
func (a *Account) customDomains(ctx context.Context, hostname string) ([]workers.Domain, error) {
	var params workers.DomainListParams
	params.AccountID.Value, params.AccountID.Present = url.PathEscape(a.id), true
	params.Hostname.Value, params.Hostname.Present = hostname, hostname != ""
	response, err := a.client.sdk.domains.List(ctx, params)
	if err != nil {
		return nil, cloudflare.Plain(err)
	}
	return response.Result, cloudflare.IsList("custom domains", response.JSON.RawJSON())
}

// putCustomDomain attaches a hostname to its Worker. If the hostname is at
// another Worker, it moves, which the API does only on request and the SDK
// cannot ask for.
// Source: API errors 100116 and 100117.
func putCustomDomain(ctx context.Context, a *Account, w spec.Write) (spec.Revision, error) {
	domain := w.Resource.(*spec.CustomDomain)
	zone, err := a.zone(ctx, domain.Zone)
	if err != nil {
		return spec.Revision{}, err
	}
	body := map[string]any{"hostname": domain.Hostname, "service": domain.Worker, "zone_id": zone.ID, "environment": "production"}
	if w.Prior != nil {
		body["override_existing_origin"] = true
	}
	return a.untilSettled(ctx, func() (spec.Revision, error) {
		var response workers.Domain
		err := a.api.ExchangeJSON(ctx, http.MethodPut, cloudflare.Path("accounts", a.id, "workers", "domains"), body, &response)
		if err != nil {
			return spec.Revision{}, err
		}
		if response.ID == "" || response.Hostname != domain.Hostname || response.Service != domain.Worker {
			return spec.Revision{}, fmt.Errorf("the API returned the domain %q of the Worker %q for a write of %q of %q",
				response.Hostname, response.Service, domain.Hostname, domain.Worker)
		}
		return revisionOfRoute(response.ID, response.Service), nil
	})
}

func deleteCustomDomain(ctx context.Context, a *Account, address spec.Address, prior spec.Revision) error {
	id := prior.ID
	if id == "" {
		domains, err := a.customDomains(ctx, address.Name)
		if err != nil || len(domains) == 0 {
			return err
		}
		id = domains[0].ID
	}
	// The SDK would leave the response unread, and its connection open.
	return a.api.Remove(ctx, cloudflare.Path("accounts", a.id, "workers", "domains", id))
}
