package account

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/cloudflare/cloudflare-go/v4/r2"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

var r2BucketOps = kindOps{
	kind:      spec.KindR2Bucket,
	endpoints: endpoints{path: "r2", missing: []int{codeR2Missing}, exists: []int{codeR2Exists}, check: "/buckets", pageSize: "1"},
	list:      listR2Buckets,
	inspect:   inspectR2Bucket,
	put:       putR2Bucket,
	delete:    deleteR2Bucket,
}

// r2JurisdictionHeader names the jurisdiction whose buckets a request is about.
// The SDK's methods set it with an option of their own. That is safe only
// because the slice of options that services share is clipped.
const r2JurisdictionHeader = "Cf-R2-Jurisdiction"

// r2Bucket is a bucket as the API returns it.
type r2Bucket struct {
	Name         string `json:"name"`
	Location     string `json:"location"`
	StorageClass string `json:"storage_class"`
}

// live returns the bucket in the model. According to the documentation a list
// shows more than the name, but not every client has seen that. So a bucket
// without a storage class is not shown whole.
func (b r2Bucket) live(jurisdiction string) *spec.Live {
	return &spec.Live{
		Resource: &spec.R2Bucket{
			Name:         b.Name,
			Jurisdiction: jurisdiction,
			Location:     strings.ToLower(b.Location), // capitals in responses, none in the hint
			StorageClass: b.StorageClass,
		},
		Detailed: b.StorageClass != "",
	}
}

// listR2Buckets reads the buckets of a jurisdiction. It goes through the raw
// client because the SDK loses the cursor of a page.
func listR2Buckets(ctx context.Context, r *reading, jurisdiction string) ([]*spec.Live, error) {
	query := url.Values{"per_page": {"1000"}} // the maximum: API reference, "List Buckets"
	var out []*spec.Live
	for {
		buckets, next, err := r.account.r2BucketPage(ctx, cloudflare.Path("accounts", r.account.id, "r2", "buckets"), query, jurisdiction)
		if err != nil {
			return nil, err
		}
		for _, b := range buckets {
			out = append(out, b.live(jurisdiction))
		}
		switch next {
		case "":
			return out, nil
		case query.Get("cursor"):
			return nil, errors.New("the list of R2 buckets returned the same cursor again")
		}
		query.Set("cursor", next)
	}
}

// r2BucketPage reads one page, and the cursor of the next.
func (a *Account) r2BucketPage(ctx context.Context, path string, query url.Values, jurisdiction string) (buckets []r2Bucket, next string, err error) {
	req, err := a.api.NewRequest(ctx, http.MethodGet, path, query)
	if err != nil {
		return nil, "", err
	}
	if jurisdiction != "" {
		req.Header.Set(r2JurisdictionHeader, jurisdiction)
	}
	response, err := a.api.Do(req)
	if err != nil {
		return nil, "", err
	}
	var page struct {
		Buckets []r2Bucket `json:"buckets"`
	}
	info, err := response.Decode(&page)
	if err == nil && page.Buckets == nil {
		err = response.Unexpected(errors.New("it has no list of buckets"))
	}
	return page.Buckets, info.Next(), err
}

// inspectR2Bucket reads what the list left out.
func inspectR2Bucket(ctx context.Context, a *Account, live *spec.Live) (*spec.Live, error) {
	bucket := live.Resource.(*spec.R2Bucket)
	response, err := a.r2Bucket(ctx, bucket)
	if err != nil {
		return nil, err
	}
	inspected := response.live(bucket.Jurisdiction)
	inspected.Revision, inspected.Detailed = live.Revision, true
	return inspected, nil
}

// r2Bucket looks a bucket up by its name.
func (a *Account) r2Bucket(ctx context.Context, bucket *spec.R2Bucket) (r2Bucket, error) {
	var params r2.BucketGetParams
	params.AccountID.Value, params.AccountID.Present = url.PathEscape(a.id), true
	params.Jurisdiction.Value, params.Jurisdiction.Present = r2.BucketGetParamsCfR2Jurisdiction(bucket.Jurisdiction), bucket.Jurisdiction != ""
	response, err := a.client.sdk.r2.Get(ctx, url.PathEscape(bucket.Name), params)
	if err != nil {
		return r2Bucket{}, cloudflare.Plain(err)
	}
	return checkedR2Bucket(bucket, response)
}

// putR2Bucket creates a bucket, or changes its storage class. Its location
// cannot be changed.
func putR2Bucket(ctx context.Context, a *Account, w spec.Write) (spec.Revision, error) {
	bucket := w.Resource.(*spec.R2Bucket)
	switch {
	case w.Prior == nil:
		return a.createR2Bucket(ctx, bucket)
	case bucket.StorageClass == "":
		return *w.Prior, nil
	}
	var params r2.BucketEditParams
	params.AccountID.Value, params.AccountID.Present = url.PathEscape(a.id), true
	params.Jurisdiction.Value, params.Jurisdiction.Present = r2.BucketEditParamsCfR2Jurisdiction(bucket.Jurisdiction), bucket.Jurisdiction != ""
	params.StorageClass.Value, params.StorageClass.Present = r2.BucketEditParamsCfR2StorageClass(bucket.StorageClass), true
	response, err := a.client.sdk.r2.Edit(ctx, url.PathEscape(bucket.Name), params)
	if err != nil {
		return spec.Revision{}, cloudflare.Plain(err)
	}
	_, err = checkedR2Bucket(bucket, response)
	return *w.Prior, err
}

func (a *Account) createR2Bucket(ctx context.Context, bucket *spec.R2Bucket) (spec.Revision, error) {
	var params r2.BucketNewParams
	params.AccountID.Value, params.AccountID.Present = url.PathEscape(a.id), true
	params.Name.Value, params.Name.Present = bucket.Name, true
	params.Jurisdiction.Value, params.Jurisdiction.Present = r2.BucketNewParamsCfR2Jurisdiction(bucket.Jurisdiction), bucket.Jurisdiction != ""
	params.LocationHint.Value, params.LocationHint.Present = r2.BucketNewParamsLocationHint(bucket.Location), bucket.Location != ""
	params.StorageClass.Value, params.StorageClass.Present = r2.BucketNewParamsStorageClass(bucket.StorageClass), bucket.StorageClass != ""
	response, err := a.client.sdk.r2.New(ctx, params)
	if err == nil {
		_, err = checkedR2Bucket(bucket, response)
		return spec.Revision{}, err
	}
	return afterLostResponse(err, func() (spec.Revision, error) {
		_, err := a.r2Bucket(ctx, bucket)
		return spec.Revision{}, err
	})
}

// checkedR2Bucket checks that a response is about the bucket that was asked
// for.
func checkedR2Bucket(bucket *spec.R2Bucket, response *r2.Bucket) (r2Bucket, error) {
	if response.Name != bucket.Name {
		return r2Bucket{}, fmt.Errorf("the API returned the R2 bucket %q for a request about %q", response.Name, bucket.Name)
	}
	return r2Bucket{Name: response.Name, Location: string(response.Location), StorageClass: string(response.StorageClass)}, nil
}

// deleteR2Bucket deletes an empty bucket. The API refuses to delete any other.
func deleteR2Bucket(ctx context.Context, a *Account, address spec.Address, _ spec.Revision) error {
	var params r2.BucketDeleteParams
	params.AccountID.Value, params.AccountID.Present = url.PathEscape(a.id), true
	params.Jurisdiction.Value, params.Jurisdiction.Present = r2.BucketDeleteParamsCfR2Jurisdiction(address.Parent), address.Parent != ""
	_, err := a.client.sdk.r2.Delete(ctx, url.PathEscape(address.Name), params)
	if err = cloudflare.Plain(err); cloudflare.Is(err, bucketNotEmpty) {
		return fmt.Errorf("R2 bucket %q still holds objects, which only you can delete; empty it and run this again: %w", address.Name, err)
	}
	return err
}
