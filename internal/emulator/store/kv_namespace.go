package store

import (
	"encoding/json"
	"fmt"
	"iter"
	"regexp"
	"time"
)

const (
	kvNamespacesBucket = "kv namespaces"
	kvKeysBucket       = "kv keys"
	kvValuesBucket     = "kv values"
)

// A KVNamespace is a Workers KV store.
type KVNamespace struct {
	ID        string    `json:"id"`
	Title     string    `json:"title"`
	CreatedOn time.Time `json:"created_on"`
}

// KVNamespaces returns the account's KV namespaces, sorted by id.
func (t *Tx) KVNamespaces(account string) []KVNamespace { return t.kvNamespaces(account).all() }

// KVNamespace returns a KV namespace by its id.
func (t *Tx) KVNamespace(account, id string) (KVNamespace, bool) {
	return t.kvNamespaces(account).get(id)
}

// PutKVNamespace creates or replaces the record of a KV namespace. Its values
// stay.
func (t *Tx) PutKVNamespace(account string, n KVNamespace) { t.kvNamespaces(account).put(n.ID, n) }

// DeleteKVNamespace removes a KV namespace with everything in it.
func (t *Tx) DeleteKVNamespace(account, id string) {
	t.drop(id, accountDataBucket, account, kvKeysBucket)
	t.drop(id, accountDataBucket, account, kvValuesBucket)
	t.kvNamespaces(account).delete(id)
}

func (t *Tx) kvNamespaces(account string) collection[KVNamespace] {
	return collect[KVNamespace](t, accountDataBucket, account, kvNamespacesBucket)
}

// A KVKey is a key of a KV namespace. Its value is stored separately, so that
// listing keys reads no values.
type KVKey struct {
	Name       string          `json:"name"`
	Expiration int64           `json:"expiration,omitempty"` // seconds since 1970; 0: never
	Metadata   json.RawMessage `json:"metadata,omitempty"`
}

// Expired reports whether the key has expired at the given time.
func (k KVKey) Expired(now time.Time) bool { return k.Expiration != 0 && k.Expiration <= now.Unix() }

// KVKey returns a key of the KV namespace with the given id.
func (t *Tx) KVKey(account, id, name string) (KVKey, bool) { return t.kvKeys(account, id).get(name) }

// KVKeys yields the keys after the given one, in the order of their bytes.
func (t *Tx) KVKeys(account, id, after string) iter.Seq2[string, KVKey] {
	return t.kvKeys(account, id).after(after)
}

// KVValue returns a copy of the value of a key that exists.
func (t *Tx) KVValue(account, id, name string) []byte {
	values := t.bucket(accountDataBucket, account, kvValuesBucket, id)
	if values == nil {
		return nil
	}
	return append([]byte{}, values.Get([]byte(name))...)
}

// PutKVValue writes a key and its value.
func (t *Tx) PutKVValue(account, id string, key KVKey, value []byte) {
	t.kvKeys(account, id).put(key.Name, key)
	if values := t.bucket(accountDataBucket, account, kvValuesBucket, id); values != nil {
		t.fail(values.Put([]byte(key.Name), value))
	}
}

// DeleteKVValue removes a key and its value.
func (t *Tx) DeleteKVValue(account, id, name string) {
	t.kvKeys(account, id).delete(name)
	if values := t.bucket(accountDataBucket, account, kvValuesBucket, id); values != nil {
		t.fail(values.Delete([]byte(name)))
	}
}

func (t *Tx) kvKeys(account, id string) collection[KVKey] {
	return collect[KVKey](t, accountDataBucket, account, kvKeysBucket, id)
}

// namespaceID is the form of ids of KV namespaces.
var namespaceID = regexp.MustCompile(`^[0-9a-f]{32}$`)

// missingNamespace returns the platform's error for a binding without its
// namespace.
func missingNamespace(tx *Tx, account string, b Binding) (code int, message string) {
	id := b.Text("namespace_id")
	if !namespaceID.MatchString(id) {
		return 10042, fmt.Sprintf("KV namespace '%s' of the binding '%s' is not valid", id, b.Name)
	}
	if _, found := tx.KVNamespace(account, id); found {
		return 0, ""
	}
	return 10041, fmt.Sprintf("KV namespace '%s' of the binding '%s' not found", id, b.Name)
}
