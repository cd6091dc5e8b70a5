package runtime

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// These are the limits of Workers KV.
// Source: https://developers.cloudflare.com/kv/platform/limits/
const (
	maxKVKeyBytes   = 512
	maxKVValueBytes = 25 << 20
	minKVLifetime   = 60 // seconds
	maxKVPage       = 1000
)

// kvKey returns the key in a request.
func kvKey(request *http.Request) (string, error) {
	key := request.URL.Query().Get("key")
	switch {
	case key == "":
		return "", &httpError{http.StatusBadRequest, "Key name cannot be empty."}
	case key == "." || key == "..":
		return "", &httpError{http.StatusBadRequest, fmt.Sprintf("%q is not allowed as a key name.", key)}
	case len(key) > maxKVKeyBytes:
		return "", &httpError{http.StatusRequestURITooLong, fmt.Sprintf("UTF-8 encoded length of %d exceeds key length limit of %d.", len(key), maxKVKeyBytes)}
	}
	return key, nil
}

// kvNamespace checks that the namespace still exists, because a binding
// outlives it.
func (r *Runtime) kvNamespace(tx *store.Tx, request *http.Request) (string, error) {
	id := request.PathValue("id")
	if _, found := tx.KVNamespace(r.options.Account, id); !found {
		return "", &httpError{http.StatusGone, "The KV namespace does not exist any more."}
	}
	return id, nil
}

// metadataHeader has a value's metadata, in escaped JSON.
const metadataHeader = "X-Metadata"

func (r *Runtime) getKV(request *http.Request) (response, error) {
	name, err := kvKey(request)
	if err != nil {
		return nil, err
	}
	var key store.KVKey
	var value []byte
	err = r.parts.Store.View(func(tx *store.Tx) error {
		id, err := r.kvNamespace(tx, request)
		if err != nil {
			return err
		}
		found := false
		if key, found = tx.KVKey(r.options.Account, id, name); !found || key.Expired(time.Now()) {
			return errNotThere
		}
		value = tx.KVValue(r.options.Account, id, name)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		if key.Metadata != nil {
			w.Header().Set(metadataHeader, url.PathEscape(string(key.Metadata)))
		}
		_, _ = w.Write(value) // on an error, the host has gone
	}, nil
}

func (r *Runtime) putKV(request *http.Request) (response, error) {
	name, err := kvKey(request)
	if err != nil {
		return nil, err
	}
	key := store.KVKey{Name: name}
	if key.Expiration, err = expiration(request.URL.Query(), time.Now()); err != nil {
		return nil, err
	}
	if escaped := request.Header.Get(metadataHeader); escaped != "" {
		metadata, err := url.PathUnescape(escaped)
		if err != nil {
			return nil, err
		}
		key.Metadata = json.RawMessage(metadata)
	}
	value, err := io.ReadAll(io.LimitReader(request.Body, maxKVValueBytes+1))
	if err != nil {
		return nil, err
	}
	if len(value) > maxKVValueBytes {
		return nil, &httpError{http.StatusRequestEntityTooLarge, fmt.Sprintf("Value length of %d exceeds limit of %d.", len(value), maxKVValueBytes)}
	}
	return nil, r.parts.Store.Update(func(tx *store.Tx) error {
		id, err := r.kvNamespace(tx, request)
		if err == nil {
			tx.PutKVValue(r.options.Account, id, key, value)
		}
		return err
	})
}

// expiration returns when a value expires, in seconds since 1970; 0 means
// never.
func expiration(query url.Values, now time.Time) (int64, error) {
	for _, name := range []string{"expiration_ttl", "expiration"} {
		text := query.Get(name)
		if text == "" {
			continue
		}
		at, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return 0, &httpError{http.StatusBadRequest, fmt.Sprintf("Invalid %s of %s. Please specify an integer.", name, text)}
		}
		seconds := int64(at)
		if name == "expiration_ttl" {
			seconds += now.Unix()
		}
		if seconds < now.Unix()+minKVLifetime {
			return 0, &httpError{http.StatusBadRequest, fmt.Sprintf("Invalid %s of %s. It must be at least %d seconds in the future.", name, text, minKVLifetime)}
		}
		return seconds, nil
	}
	return 0, nil
}

func (r *Runtime) deleteKV(request *http.Request) (response, error) {
	name, err := kvKey(request)
	if err != nil {
		return nil, err
	}
	return nil, r.parts.Store.Update(func(tx *store.Tx) error {
		id, err := r.kvNamespace(tx, request)
		if err == nil {
			tx.DeleteKVValue(r.options.Account, id, name)
		}
		return err
	})
}

// A kvPage is the result of list().
type kvPage struct {
	Keys        []store.KVKey `json:"keys"`
	Complete    bool          `json:"list_complete"`
	Cursor      string        `json:"cursor,omitempty"` // the last key of this page
	CacheStatus any           `json:"cacheStatus"`
}

func (r *Runtime) listKV(request *http.Request) (response, error) {
	query := request.URL.Query()
	limit, err := pageSize(query, maxKVPage)
	if err != nil {
		return nil, err
	}
	page := kvPage{Keys: []store.KVKey{}, Complete: true}
	prefix := query.Get("prefix")
	err = r.parts.Store.View(func(tx *store.Tx) error {
		id, err := r.kvNamespace(tx, request)
		if err != nil {
			return err
		}
		for name, key := range tx.KVKeys(r.options.Account, id, query.Get("cursor")) {
			if !strings.HasPrefix(name, prefix) || key.Expired(time.Now()) {
				continue
			}
			if len(page.Keys) == limit {
				page.Complete, page.Cursor = false, page.Keys[limit-1].Name
				break
			}
			page.Keys = append(page.Keys, key)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return jsonResponse(page)
}

// pageSize returns the limit in a query. It cannot exceed the largest, which is
// the default.
func pageSize(query url.Values, largest int) (int, error) {
	text := query.Get("limit")
	if text == "" {
		return largest, nil
	}
	limit, err := strconv.Atoi(text)
	if err != nil || limit < 1 {
		return 0, &httpError{http.StatusBadRequest, fmt.Sprintf("Invalid limit of %s. Please specify an integer greater than 0.", text)}
	}
	return min(limit, largest), nil
}
