package api

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

const (
	maxKVKeyBytes   = 512
	maxKVValueBytes = 25 << 20
	maxKVMetadata   = 1024
	maxKVBulk       = 10_000
	maxKVBulkGet    = 100
	minKVLifetime   = 60 // seconds
	maxKVKeyPage    = 1000
)

func (s *Server) kvValueRoutes() []route {
	const one = "/accounts/{account}/storage/kv/namespaces/{kv}"
	return []route{
		{"GET", one + "/values/{key...}", s.getKVValue},
		{"PUT", one + "/values/{key...}", s.putKVValue},
		{"DELETE", one + "/values/{key...}", s.deleteKVValue},
		{"GET", one + "/metadata/{key...}", s.getKVMetadata},
		{"GET", one + "/keys", s.listKVKeys},
		{"POST", one + "/bulk/get", s.getKVValues},
		{"PUT", one + "/bulk", s.putKVValues},
		{"DELETE", one + "/bulk", s.deleteKVValues},
		{"POST", one + "/bulk/delete", s.deleteKVValues},
	}
}

var errKVKeyNotFound = fail(http.StatusNotFound, kvKeyNotFound, "key not found")

// findKVKey returns the key in a call's path, unless it is missing or expired.
func (s *Server) findKVKey(c *call, tx *store.Tx) (store.KVKey, error) {
	n, err := findKVNamespace(c, tx)
	if err != nil {
		return store.KVKey{}, err
	}
	key, found := tx.KVKey(c.account, n.ID, c.param("key"))
	if !found || key.Expired(s.now()) {
		return store.KVKey{}, errKVKeyNotFound
	}
	return key, nil
}

func (s *Server) getKVValue(c *call) (reply, error) {
	raw := &rawReply{header: http.Header{"Content-Type": {"application/octet-stream"}}}
	err := c.view(func(tx *store.Tx) error {
		key, err := s.findKVKey(c, tx)
		if err != nil {
			return err
		}
		if key.Expiration != 0 {
			raw.header.Set("Expiration", strconv.FormatInt(key.Expiration, 10))
		}
		raw.body = tx.KVValue(c.account, c.param("kv"), key.Name)
		return nil
	})
	return reply{raw: raw}, err
}

func (s *Server) getKVMetadata(c *call) (reply, error) {
	var metadata json.RawMessage
	err := c.view(func(tx *store.Tx) error {
		key, err := s.findKVKey(c, tx)
		metadata = key.Metadata
		return err
	})
	if err != nil {
		return reply{}, err
	}
	return ok(orNull(metadata))
}

// kvValueView is a value in the response to a bulk read with metadata.
type kvValueView struct {
	Value      any             `json:"value"`
	Metadata   json.RawMessage `json:"metadata"`
	Expiration int64           `json:"expiration,omitempty"`
}

// getKVValues returns the values of several keys, and null for missing ones.
func (s *Server) getKVValues(c *call) (reply, error) {
	var body struct {
		Keys         []string `json:"keys"`
		Type         string   `json:"type"`
		WithMetadata bool     `json:"withMetadata"`
	}
	if err := c.json(&body, errKVMalformed); err != nil {
		return reply{}, err
	}
	if len(body.Keys) > maxKVBulkGet {
		return reply{}, fail(http.StatusBadRequest, kvInvalidBody, "a bulk read may have %d keys, not %d", maxKVBulkGet, len(body.Keys))
	}
	if body.Type != "" && body.Type != "text" && body.Type != "json" {
		return reply{}, fail(http.StatusBadRequest, kvInvalidParameter, "type must be text or json, not %q", body.Type)
	}
	values := make(map[string]any, len(body.Keys))
	err := c.view(func(tx *store.Tx) error {
		n, err := findKVNamespace(c, tx)
		if err != nil {
			return err
		}
		for _, name := range body.Keys {
			if err := checkKVKey(name); err != nil {
				return err
			}
			values[name] = nil
			key, found := tx.KVKey(c.account, n.ID, name)
			if !found || key.Expired(s.now()) {
				continue
			}
			var value any
			raw := tx.KVValue(c.account, n.ID, name)
			switch {
			case body.Type != "json":
				value = string(raw)
			case json.Valid(raw):
				value = json.RawMessage(raw)
			default:
				return fail(http.StatusBadRequest, kvInvalidParameter, "the value of %q is not JSON", name)
			}
			if body.WithMetadata {
				value = kvValueView{Value: value, Metadata: orNull(key.Metadata), Expiration: key.Expiration}
			}
			values[name] = value
		}
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(map[string]any{"values": values})
}

// A kvPair is a key and its value in a bulk write.
type kvPair struct {
	Key           string          `json:"key"`
	Value         string          `json:"value"`
	Base64        bool            `json:"base64"`
	Expiration    int64           `json:"expiration"`
	ExpirationTTL int64           `json:"expiration_ttl"`
	Metadata      json.RawMessage `json:"metadata"`
}

// putKVValue writes one value: the body as it is, or a form with the parts
// value and metadata.
func (s *Server) putKVValue(c *call) (reply, error) {
	pair := kvPair{Key: c.param("key")}
	for name, into := range map[string]*int64{"expiration": &pair.Expiration, "expiration_ttl": &pair.ExpirationTTL} {
		n, err := number(c.query(), name, 0, kvInvalidExpiration)
		if err != nil {
			return reply{}, err
		}
		*into = int64(n)
	}
	mediaType, params := c.contentType()
	if mediaType == "multipart/form-data" && params["boundary"] != "" {
		parts, err := readParts(c.r.Body, params["boundary"])
		if err != nil {
			return reply{}, err
		}
		value, rest, found := takeField(parts, "value")
		if !found {
			return reply{}, errKVMalformed
		}
		pair.Value = string(value)
		if metadata, _, found := takeField(rest, "metadata"); found {
			if !json.Valid(metadata) {
				return reply{}, errKVMalformed
			}
			pair.Metadata = metadata
		}
	} else {
		value, err := c.body()
		if err != nil {
			return reply{}, err
		}
		pair.Value = string(value)
	}
	if err := s.writeKV(c, []kvPair{pair}); err != nil {
		return reply{}, err
	}
	return done()
}

func (s *Server) putKVValues(c *call) (reply, error) {
	var pairs []kvPair
	if err := c.json(&pairs, errKVMalformed); err != nil {
		return reply{}, err
	}
	if len(pairs) > maxKVBulk {
		return reply{}, fail(http.StatusBadRequest, kvInvalidBody, "a bulk write may have %d keys, not %d", maxKVBulk, len(pairs))
	}
	var taken []kvPair
	left := []string{}
	for _, pair := range pairs {
		if s.kvUnsuccessful(pair.Key) {
			left = append(left, pair.Key)
		} else {
			taken = append(taken, pair)
		}
	}
	if err := s.writeKV(c, taken); err != nil {
		return reply{}, err
	}
	return ok(kvBulkResult{Successful: len(taken), Unsuccessful: left})
}

// A kvBulkResult is the result of a bulk request.
type kvBulkResult struct {
	Successful   int      `json:"successful_key_count"`
	Unsuccessful []string `json:"unsuccessful_keys"`
}

// kvUnsuccessful reports whether simulated trouble keeps a key from being
// written or deleted in bulk.
func (s *Server) kvUnsuccessful(key string) bool {
	t := s.trouble.Load()
	return t != nil && slices.Contains(t.KVUnsuccessful, key)
}

// writeKV writes all pairs or none.
func (s *Server) writeKV(c *call, pairs []kvPair) error {
	return c.update(func(tx *store.Tx) error {
		n, err := findKVNamespace(c, tx)
		if err != nil {
			return err
		}
		for _, pair := range pairs {
			key, value, err := s.checkKV(pair)
			if err != nil {
				return err
			}
			tx.PutKVValue(c.account, n.ID, key, value)
		}
		return nil
	})
}

func (s *Server) checkKV(pair kvPair) (store.KVKey, []byte, error) {
	if err := checkKVKey(pair.Key); err != nil {
		return store.KVKey{}, nil, err
	}
	value := []byte(pair.Value)
	if pair.Base64 {
		decoded, err := base64.StdEncoding.DecodeString(pair.Value)
		if err != nil {
			return store.KVKey{}, nil, errKVMalformed.because(err)
		}
		value = decoded
	}
	if len(value) > maxKVValueBytes {
		return store.KVKey{}, nil, fail(http.StatusRequestEntityTooLarge, kvInvalidBody, "a value may have 25 MiB, not %d bytes", len(value))
	}
	if len(pair.Metadata) > maxKVMetadata {
		return store.KVKey{}, nil, fail(http.StatusRequestEntityTooLarge, kvInvalidBody, "metadata may have %d bytes, not %d", maxKVMetadata, len(pair.Metadata))
	}
	expiration := pair.Expiration
	if pair.ExpirationTTL != 0 {
		expiration = s.now().Unix() + pair.ExpirationTTL
	}
	if expiration != 0 && expiration < s.now().Unix()+minKVLifetime {
		return store.KVKey{}, nil, fail(http.StatusBadRequest, kvInvalidExpiration,
			"an expiration must be at least %d seconds in the future", minKVLifetime)
	}
	return store.KVKey{Name: pair.Key, Expiration: expiration, Metadata: pair.Metadata}, value, nil
}

func checkKVKey(key string) error {
	if key == "" || key == "." || key == ".." || len(key) > maxKVKeyBytes {
		return fail(http.StatusBadRequest, kvInvalidParameter, "a key must have 1 to %d bytes and not be . or ..", maxKVKeyBytes)
	}
	return nil
}

// deleteKVValue succeeds if the key is gone already, as KV does.
func (s *Server) deleteKVValue(c *call) (reply, error) {
	if err := s.removeKV(c, []string{c.param("key")}); err != nil {
		return reply{}, err
	}
	return done()
}

func (s *Server) deleteKVValues(c *call) (reply, error) {
	var keys []string
	if err := c.json(&keys, errKVMalformed); err != nil {
		return reply{}, err
	}
	if len(keys) > maxKVBulk {
		return reply{}, fail(http.StatusBadRequest, kvInvalidBody, "a bulk deletion may have %d keys, not %d", maxKVBulk, len(keys))
	}
	taken, left := []string{}, []string{}
	for _, key := range keys {
		if s.kvUnsuccessful(key) {
			left = append(left, key)
		} else {
			taken = append(taken, key)
		}
	}
	if err := s.removeKV(c, taken); err != nil {
		return reply{}, err
	}
	return ok(kvBulkResult{Successful: len(taken), Unsuccessful: left})
}

func (s *Server) removeKV(c *call, keys []string) error {
	return c.update(func(tx *store.Tx) error {
		n, err := findKVNamespace(c, tx)
		if err != nil {
			return err
		}
		for _, key := range keys {
			if err := checkKVKey(key); err != nil {
				return err
			}
			tx.DeleteKVValue(c.account, n.ID, key)
		}
		return nil
	})
}

func (s *Server) listKVKeys(c *call) (reply, error) {
	query := c.query()
	limit, err := number(query, "limit", maxKVKeyPage, kvInvalidParameter)
	if err != nil {
		return reply{}, err
	}
	if limit < 10 || limit > maxKVKeyPage {
		return reply{}, fail(http.StatusBadRequest, kvInvalidParameter, "limit must be between 10 and %d", maxKVKeyPage)
	}
	after, err := decodeCursor(query.Get("cursor"))
	if err != nil {
		return reply{}, fail(http.StatusBadRequest, kvInvalidParameter, "the cursor is not one of this list")
	}
	prefix := query.Get("prefix")
	keys := []store.KVKey{}
	cursor := ""
	err = c.view(func(tx *store.Tx) error {
		n, err := findKVNamespace(c, tx)
		if err != nil {
			return err
		}
		for name, key := range tx.KVKeys(c.account, n.ID, after) {
			if !strings.HasPrefix(name, prefix) || key.Expired(s.now()) {
				continue
			}
			if len(keys) == limit {
				cursor = encodeCursor(keys[limit-1].Name) // there are more
				break
			}
			keys = append(keys, key)
		}
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return reply{result: keys, info: cursorInfo{Count: len(keys), Cursor: cursor}}, nil
}
