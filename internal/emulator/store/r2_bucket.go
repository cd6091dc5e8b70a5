package store

import (
	"fmt"
	"time"
)

const r2BucketsBucket = "r2 buckets"

// An R2Bucket is a bucket of R2, without objects: those use another API than
// the one emulated here. Names are unique within a jurisdiction.
type R2Bucket struct {
	Jurisdiction string    `json:"jurisdiction"`
	Name         string    `json:"name"`
	Location     string    `json:"location"`
	StorageClass string    `json:"storage_class"`
	CreationDate time.Time `json:"creation_date"`
}

// R2Buckets returns the account's buckets in a jurisdiction whose names come
// after the given one, sorted by name.
func (t *Tx) R2Buckets(account, jurisdiction, after string) []R2Bucket {
	var found []R2Bucket
	for _, b := range t.r2Buckets(account, jurisdiction).after(after) {
		found = append(found, b)
	}
	return found
}

// R2Bucket returns a bucket.
func (t *Tx) R2Bucket(account, jurisdiction, name string) (R2Bucket, bool) {
	return t.r2Buckets(account, jurisdiction).get(name)
}

// PutR2Bucket creates or replaces a bucket.
func (t *Tx) PutR2Bucket(account string, b R2Bucket) {
	t.r2Buckets(account, b.Jurisdiction).put(b.Name, b)
}

// DeleteR2Bucket removes a bucket.
func (t *Tx) DeleteR2Bucket(account string, b R2Bucket) {
	t.r2Buckets(account, b.Jurisdiction).delete(b.Name)
}

func (t *Tx) r2Buckets(account, jurisdiction string) collection[R2Bucket] {
	return collect[R2Bucket](t, accountDataBucket, account, r2BucketsBucket, jurisdiction)
}

// missingBucket returns the platform's error for a binding without its bucket.
func missingBucket(tx *Tx, account string, b Binding) (code int, message string) {
	jurisdiction, name := b.Bucket()
	if _, found := tx.R2Bucket(account, jurisdiction, name); found {
		return 0, ""
	}
	return 10085, fmt.Sprintf("R2 bucket '%s' of the binding '%s' not found", name, b.Name)
}
