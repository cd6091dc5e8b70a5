package store

import (
	"fmt"
	"time"
)

const vectorizeIndexesBucket = "vectorize indexes"

// A VectorizeIndex is an index of Vectorize, without its vectors: nothing here
// searches it.
type VectorizeIndex struct {
	Name        string    `json:"name"`
	Description string    `json:"description"`
	Dimensions  int       `json:"dimensions"`
	Metric      string    `json:"metric"`
	CreatedOn   time.Time `json:"created_on"`
}

// VectorizeIndexes returns the account's indexes, sorted by name.
func (t *Tx) VectorizeIndexes(account string) []VectorizeIndex {
	return t.vectorizeIndexes(account).all()
}

// VectorizeIndex returns an index by its name.
func (t *Tx) VectorizeIndex(account, name string) (VectorizeIndex, bool) {
	return t.vectorizeIndexes(account).get(name)
}

// PutVectorizeIndex creates or replaces an index.
func (t *Tx) PutVectorizeIndex(account string, v VectorizeIndex) {
	t.vectorizeIndexes(account).put(v.Name, v)
}

// DeleteVectorizeIndex removes an index.
func (t *Tx) DeleteVectorizeIndex(account, name string) { t.vectorizeIndexes(account).delete(name) }

func (t *Tx) vectorizeIndexes(account string) collection[VectorizeIndex] {
	return collect[VectorizeIndex](t, accountDataBucket, account, vectorizeIndexesBucket)
}

// missingIndex returns the platform's error for a binding without its index.
func missingIndex(tx *Tx, account string, b Binding) (code int, message string) {
	name := b.Text("index_name")
	if _, found := tx.VectorizeIndex(account, name); found {
		return 0, ""
	}
	return 10159, fmt.Sprintf("Vectorize index '%s' of the binding '%s' not found", name, b.Name)
}
