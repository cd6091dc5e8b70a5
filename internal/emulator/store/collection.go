package store

import (
	"encoding/json"
	"fmt"
	"iter"

	"go.etcd.io/bbolt"
)

// A collection is a bucket of JSON records of one type. Its zero bucket (nil)
// is an empty collection.
type collection[T any] struct {
	tx     *Tx
	bucket *bbolt.Bucket
}

// fill is how full a page stays when it is split. Most records come nearly in
// the order of their keys: a page that is split in the middle would stay half
// empty for ever.
const fill = 0.9

func collect[T any](tx *Tx, path ...string) collection[T] {
	bucket := tx.bucket(path...)
	if bucket != nil {
		bucket.FillPercent = fill
	}
	return collection[T]{tx: tx, bucket: bucket}
}

func (c collection[T]) get(key string) (T, bool) {
	var none T
	if c.bucket == nil {
		return none, false
	}
	raw := c.bucket.Get([]byte(key))
	if raw == nil {
		return none, false
	}
	return c.decode(key, raw)
}

func (c collection[T]) has(key string) bool {
	return c.bucket != nil && c.bucket.Get([]byte(key)) != nil
}

func (c collection[T]) put(key string, record T) {
	if c.bucket == nil {
		c.tx.fail(fmt.Errorf("write %q: no bucket", key))
		return
	}
	raw, err := json.Marshal(record)
	if err != nil {
		c.tx.fail(fmt.Errorf("write %q: %w", key, err))
		return
	}
	c.tx.fail(c.bucket.Put([]byte(key), raw))
}

func (c collection[T]) delete(key string) {
	if c.bucket != nil {
		c.tx.fail(c.bucket.Delete([]byte(key)))
	}
}

// after yields the records whose keys come after the given one, in the order of
// their bytes. The collection must not change meanwhile.
func (c collection[T]) after(key string) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		if c.bucket == nil {
			return
		}
		cursor := c.bucket.Cursor()
		k, raw := cursor.Seek([]byte(key))
		if k != nil && string(k) == key {
			k, raw = cursor.Next()
		}
		for ; k != nil; k, raw = cursor.Next() {
			if raw == nil { // a nested bucket
				continue
			}
			record, ok := c.decode(string(k), raw)
			if !ok || !yield(string(k), record) {
				return
			}
		}
	}
}

// keys yields the keys of all records in the order of their bytes.
func (c collection[T]) keys() iter.Seq[string] {
	return func(yield func(string) bool) {
		if c.bucket == nil {
			return
		}
		cursor := c.bucket.Cursor()
		for k, raw := cursor.First(); k != nil; k, raw = cursor.Next() {
			if raw != nil && !yield(string(k)) { // otherwise a nested bucket
				return
			}
		}
	}
}

// all returns every record in the order of the keys.
func (c collection[T]) all() []T {
	var records []T
	for _, record := range c.after("") {
		records = append(records, record)
	}
	return records
}

// last returns the record with the greatest key.
func (c collection[T]) last() (T, bool) {
	var none T
	if c.bucket == nil {
		return none, false
	}
	key, raw := c.bucket.Cursor().Last()
	if key == nil {
		return none, false
	}
	return c.decode(string(key), raw)
}

func (c collection[T]) decode(key string, raw []byte) (T, bool) {
	var record T
	if err := json.Unmarshal(raw, &record); err != nil {
		var none T
		c.tx.fail(fmt.Errorf("read %q: %w", key, err))
		return none, false
	}
	return record, true
}
