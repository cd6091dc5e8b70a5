package account

import (
	"context"
	"net/http"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

// The codes are not documented. Clients report them: alchemy-run/distilled#308,
// and 3005 for an index that was deleted just now.
var vectorizeIndexOps = kindOps{
	kind:      spec.KindVectorizeIndex,
	endpoints: endpoints{path: "vectorize", missing: []int{3000, 3005}, exists: []int{3002}, check: "/v2/indexes"},
	list:      listVectorizeIndexes,
	put:       putVectorizeIndex,
	delete:    deleteVectorizeIndex,
}

// vectorizeIndex is an index as the API takes and returns it. Responses have no
// preset.
// Source: API reference, "Create Vectorize Index".
type vectorizeIndex struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Config      vectorizeConfig `json:"config"`
}

type vectorizeConfig struct {
	Dimensions *float64 `json:"dimensions,omitempty"`
	Metric     string   `json:"metric,omitempty"`
	Preset     string   `json:"preset,omitempty"`
}

func (a *Account) vectorizePath(name ...string) string {
	return cloudflare.Path(append([]string{"accounts", a.id, "vectorize", "v2", "indexes"}, name...)...)
}

// listVectorizeIndexes reads the one page that the endpoint has.
// Source: API reference, "List Vectorize Indexes", which has no parameters.
func listVectorizeIndexes(ctx context.Context, r *reading, _ string) ([]*spec.Live, error) {
	var indexes []vectorizeIndex
	if _, err := r.account.api.Exchange(ctx, http.MethodGet, r.account.vectorizePath(), nil, nil, &indexes); err != nil {
		return nil, err
	}
	var out []*spec.Live
	for _, v := range indexes {
		out = append(out, &spec.Live{
			Resource: &spec.VectorizeIndex{Name: v.Name, Dimensions: v.Config.Dimensions, Metric: v.Config.Metric, Description: &v.Description},
			Revision: spec.Revision{ID: v.Name},
			Detailed: true,
		})
	}
	return out, nil
}

// putVectorizeIndex creates an index. Nothing about an index can be updated.
func putVectorizeIndex(ctx context.Context, a *Account, w spec.Write) (spec.Revision, error) {
	if w.Prior != nil {
		return *w.Prior, nil
	}
	v := w.Resource.(*spec.VectorizeIndex)
	body := vectorizeIndex{Name: v.Name, Config: vectorizeConfig{Dimensions: v.Dimensions, Metric: v.Metric, Preset: v.Preset}}
	if v.Description != nil {
		body.Description = *v.Description
	}
	var response vectorizeIndex
	created := spec.Revision{ID: v.Name}
	err := a.api.ExchangeJSON(ctx, http.MethodPost, a.vectorizePath(), body, &response)
	if err == nil {
		return created, nil
	}
	return afterLostResponse(err, func() (spec.Revision, error) {
		_, err := a.api.Exchange(ctx, http.MethodGet, a.vectorizePath(v.Name), nil, nil, &response)
		return created, err
	})
}

func deleteVectorizeIndex(ctx context.Context, a *Account, address spec.Address, _ spec.Revision) error {
	_, err := a.api.Send(ctx, http.MethodDelete, a.vectorizePath(address.Name), nil, nil)
	return err
}
