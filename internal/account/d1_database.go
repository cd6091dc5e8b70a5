package account

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/cloudflare/cloudflare-go/v4/d1"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

var d1DatabaseOps = kindOps{
	kind:      spec.KindD1Database,
	endpoints: endpoints{path: "d1", missing: []int{codeD1Missing}, exists: []int{codeD1Exists}, check: "/database", pageSize: "10"},
	list:      listD1Databases,
	put:       putD1Database,
	delete:    deleteD1Database,
}

func listD1Databases(ctx context.Context, r *reading, _ string) ([]*spec.Live, error) {
	databases, err := r.account.d1Databases(ctx, "")
	if err != nil {
		return nil, err
	}
	var out []*spec.Live
	for _, d := range databases {
		out = append(out, &spec.Live{
			Resource: &spec.D1Database{Name: d.Name, Jurisdiction: jurisdictionOf(d)},
			Revision: spec.Revision{ID: d.UUID},
			Detailed: true,
		})
	}
	return out, nil
}

// jurisdictionOf returns the jurisdiction of a database, which the SDK does not
// know.
// Source: API reference, "List D1 Databases".
func jurisdictionOf(d d1.DatabaseListResponse) string {
	var jurisdiction string
	_ = json.Unmarshal([]byte(d.JSON.ExtraFields["jurisdiction"].Raw()), &jurisdiction) // null or absent is none
	return jurisdiction
}

// d1Databases returns the databases that the API finds by a name. They may
// include others than those of exactly that name. For "" it returns all.
func (a *Account) d1Databases(ctx context.Context, name string) ([]d1.DatabaseListResponse, error) {
	const perPage = 1000 // the default, a tenth of the maximum: API reference, "List D1 Databases"
	return cloudflare.AllPages(ctx, perPage, func(ctx context.Context, page float64) ([]d1.DatabaseListResponse, string, error) {
		var params d1.DatabaseListParams
		params.AccountID.Value, params.AccountID.Present = url.PathEscape(a.id), true
		params.Name.Value, params.Name.Present = name, name != ""
		params.Page.Value, params.Page.Present = page, true
		params.PerPage.Value, params.PerPage.Present = perPage, true
		response, err := a.client.sdk.d1.List(ctx, params)
		if err != nil {
			return nil, "", err
		}
		raw := response.JSON.RawJSON()
		return response.Result, raw, cloudflare.IsList("D1 databases", raw)
	}, func(d d1.DatabaseListResponse) string { return d.UUID })
}

// putD1Database creates a database. Nothing about a database can be updated.
// Source: API reference, "Create D1 Database".
func putD1Database(ctx context.Context, a *Account, w spec.Write) (spec.Revision, error) {
	if w.Prior != nil {
		return *w.Prior, nil
	}
	database := w.Resource.(*spec.D1Database)
	name := database.Name
	body := map[string]string{"name": name}
	if database.Jurisdiction != "" {
		body["jurisdiction"] = database.Jurisdiction // the SDK has no field for it
	}
	var response struct {
		UUID string `json:"uuid"`
	}
	err := a.api.ExchangeJSON(ctx, http.MethodPost, cloudflare.Path("accounts", a.id, "d1", "database"), body, &response)
	if err == nil && response.UUID != "" {
		return spec.Revision{ID: response.UUID}, nil
	}
	if err == nil {
		return spec.Revision{}, fmt.Errorf("the API returned no id for the new D1 database %q", name)
	}
	return afterLostResponse(err, func() (spec.Revision, error) { return a.d1DatabaseByName(ctx, name) })
}

func (a *Account) d1DatabaseByName(ctx context.Context, name string) (spec.Revision, error) {
	databases, err := a.d1Databases(ctx, name)
	if err != nil {
		return spec.Revision{}, err
	}
	for _, d := range databases {
		if d.Name == name {
			return spec.Revision{ID: d.UUID}, nil
		}
	}
	return spec.Revision{}, errAbsent
}

func deleteD1Database(ctx context.Context, a *Account, address spec.Address, prior spec.Revision) error {
	id := prior.ID
	if id == "" {
		found, err := a.d1DatabaseByName(ctx, address.Name)
		if err != nil {
			return err
		}
		id = found.ID
	}
	var params d1.DatabaseDeleteParams
	params.AccountID.Value, params.AccountID.Present = url.PathEscape(a.id), true
	_, err := a.client.sdk.d1.Delete(ctx, url.PathEscape(id), params)
	return cloudflare.Plain(err)
}
