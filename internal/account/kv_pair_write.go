package account

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/wfpsync/wfpsync/spec"
)

// These limit one bulk request.
// Source:
// https://developers.cloudflare.com/api/resources/kv/subresources/namespaces/methods/bulk_update/
const (
	kvBulkPairs = 10_000
	kvBulkBytes = 90 << 20 // of 100 MB
)

// BatchSize returns how many changes of a kind one call of [Account.PutKVPairs]
// or [Account.DeleteKVPairs] makes, or 1 if each change of that kind is its own
// request.
func (a *Account) BatchSize(kind spec.Kind) int {
	if kind == spec.KindKVPair {
		return kvBulkPairs
	}
	return 1
}

// kvBulkPair is a pair in a bulk write.
type kvBulkPair struct {
	Key           string      `json:"key"`
	Value         string      `json:"value"`
	Base64        bool        `json:"base64,omitempty"`
	Expiration    int64       `json:"expiration,omitempty"`
	ExpirationTTL int64       `json:"expiration_ttl,omitempty"`
	Metadata      spec.Object `json:"metadata"`
}

// kvBulkResult is the result of a bulk request. If it does not mention keys,
// all were written: it mentions them only since 2024-11-14.
// Source: https://developers.cloudflare.com/kv/platform/changelog/
type kvBulkResult struct {
	Unsuccessful []string `json:"unsuccessful_keys"`
}

// errKVNotTaken says that KV did not write a key to all of its storage.
var errKVNotTaken = errors.New("KV could not write it to all of its storage; apply again")

// PutKVPairs writes pairs of the namespace with an id.
func (a *Account) PutKVPairs(ctx context.Context, namespaceID string, writes []spec.Write) ([]spec.Revision, []error) {
	revisions, errs := make([]spec.Revision, len(writes)), make([]error, len(writes))
	for from := 0; from < len(writes); {
		to, size := from, 0
		var pairs []kvBulkPair
		for to < len(writes) && len(pairs) < kvBulkPairs {
			p := writes[to].Resource.(*spec.KVPair)
			if size += kvSize(p); size > kvBulkBytes && to > from {
				break
			}
			metadata := p.MarkedMetadata(writes[to].Stack)
			pairs = append(pairs, kvBulkPair{p.Key, p.Value, p.Base64, p.Expiration, p.ExpirationTTL, metadata})
			revisions[to] = spec.Revision{ID: namespaceID, ETag: kvETag(metadata), Owner: writes[to].Stack}
			to++
		}
		keys := make([]string, len(pairs))
		for i, p := range pairs {
			keys[i] = p.Key
		}
		left, err := a.bulk(ctx, keys, func(keys []string) ([]string, error) {
			if len(keys) < len(pairs) {
				pairs = slices.DeleteFunc(pairs, func(p kvBulkPair) bool { return !slices.Contains(keys, p.Key) })
			}
			var refused []string
			_, err := a.untilSettled(ctx, func() (none spec.Revision, err error) {
				refused, err = a.bulkRequest(ctx, http.MethodPut, a.kvPath(namespaceID, "bulk"), pairs)
				return none, err
			})
			return refused, err
		})
		note(errs[from:to], keys, left, err)
		from = to
	}
	return revisions, errs
}

// KVNamespaceOf returns the id of the namespace of pairs, from a prior revision
// or by its title.
func (a *Account) KVNamespaceOf(ctx context.Context, writes []spec.Write) (string, error) {
	for _, w := range writes {
		if w.Prior != nil && w.Prior.ID != "" {
			return w.Prior.ID, nil
		}
	}
	title := writes[0].Resource.Address().Parent
	id, err := a.idOf(ctx, spec.Address{Kind: spec.KindKVNamespace, Name: title}, a.kvNamespaceByTitle)
	if errors.Is(err, errAbsent) {
		return "", fmt.Errorf("KV namespace %q: %w", title, err)
	}
	return id, err
}

// DeleteKVPairs deletes pairs of one namespace, always by an explicit list of
// keys. A key that is gone already is a success.
func (a *Account) DeleteKVPairs(ctx context.Context, addresses []spec.Address, priors []spec.Revision) []error {
	errs := make([]error, len(addresses))
	for from := 0; from < len(addresses); from += kvBulkPairs {
		to := min(from+kvBulkPairs, len(addresses))
		keys := make([]string, 0, to-from)
		for _, address := range addresses[from:to] {
			keys = append(keys, address.Name)
		}
		left, err := a.bulk(ctx, keys, func(keys []string) ([]string, error) {
			return a.bulkRequest(ctx, http.MethodPost, a.kvPath(priors[from].ID, "bulk", "delete"), keys)
		})
		if IsNotFound(err) {
			err = nil // the namespace was deleted, with everything in it
		}
		note(errs[from:to], keys, left, err)
	}
	return errs
}

// bulkRequest sends one bulk request, again if its response is lost: writing or
// deleting a key twice has the same effect as once.
func (a *Account) bulkRequest(ctx context.Context, method, path string, body any) ([]string, error) {
	var result kvBulkResult
	err := a.writeUntilKnown(ctx, func(ctx context.Context) error {
		result = kvBulkResult{}
		return a.api.ExchangeJSON(ctx, method, path, body, &result)
	}, func(error) (bool, error) { return false, nil })
	return result.Unsuccessful, err
}

// kvTries is how often keys are sent that KV reports as not written.
const kvTries = 4

// bulk sends keys and, a little later, again those that were not written: they
// "should be retried", says the API. It returns those that never were.
func (a *Account) bulk(ctx context.Context, keys []string, send func(keys []string) ([]string, error)) (left []string, err error) {
	for try := 1; ; try++ {
		if left, err = send(keys); err != nil || len(left) == 0 || try == kvTries {
			return left, err
		}
		if err := a.api.SleepBeforeRetry(ctx, try); err != nil {
			return left, err
		}
		keys = left
	}
}

// note sets the error of each key: the one for all, or errKVNotTaken.
func note(errs []error, keys, left []string, err error) {
	if err != nil {
		fill(errs, err)
		return
	}
	refused := map[string]bool{}
	for _, key := range left {
		refused[key] = true
	}
	for i, key := range keys {
		if refused[key] {
			errs[i] = errKVNotTaken
		}
	}
}

// fill sets all errors to the same one.
func fill(errs []error, err error) []error {
	for i := range errs {
		errs[i] = err
	}
	return errs
}
