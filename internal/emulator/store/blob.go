package store

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

const (
	blobsBucket    = "blobs"
	blobRefsBucket = "blob refs"
)

// A Blob is the content of a module or a static file, named by its hash. Ten
// thousand scripts with the same code store it once.
type Blob struct {
	Hash string // lower-case hex of the SHA-256
	Data []byte
}

// NewBlob hashes data. It needs no transaction, so that large uploads are
// hashed before they wait to be written.
func NewBlob(data []byte) Blob {
	sum := sha256.Sum256(data)
	return Blob{Hash: hex.EncodeToString(sum[:]), Data: data}
}

// PutBlob stores a blob. It exists as long as a stored record names it: see
// retain.
func (t *Tx) PutBlob(b Blob) {
	blobs := t.bucket(blobsBucket)
	key := []byte(b.Hash)
	if blobs == nil || blobs.Get(key) != nil {
		return
	}
	t.fail(blobs.Put(key, b.Data))
}

// Blob returns a copy of a blob's content.
func (t *Tx) Blob(hash string) []byte {
	blobs := t.bucket(blobsBucket)
	if blobs == nil {
		t.fail(fmt.Errorf("read blob %s: there are none", hash))
		return nil
	}
	data := blobs.Get([]byte(hash))
	if data == nil {
		t.fail(fmt.Errorf("read blob %s: it is missing", hash))
		return nil
	}
	// bbolt's slices point into the mapped file, and are invalid after the
	// transaction.
	return append([]byte{}, data...)
}

// retain updates the number of holders of each blob when a record is replaced:
// blobs that only prev names lose a holder, blobs that only next names gain
// one, and a blob without holders is removed.
func (t *Tx) retain(prev, next []Module) {
	change := map[string]int64{}
	for _, m := range prev {
		change[m.Hash]--
	}
	for _, m := range next {
		change[m.Hash]++
	}
	for hash, by := range change {
		if by != 0 {
			t.addHolders(hash, by)
		}
	}
}

func (t *Tx) addHolders(hash string, by int64) {
	refs := t.bucket(blobRefsBucket)
	if refs == nil {
		return
	}
	key := []byte(hash)
	var holders int64
	if raw := refs.Get(key); raw != nil {
		holders = int64(binary.BigEndian.Uint64(raw))
	}
	holders += by
	if holders > 0 {
		t.fail(refs.Put(key, binary.BigEndian.AppendUint64(nil, uint64(holders))))
		return
	}
	t.fail(refs.Delete(key))
	if blobs := t.bucket(blobsBucket); blobs != nil {
		t.fail(blobs.Delete(key))
	}
}

// Blobs returns how many different blobs are stored.
func (t *Tx) Blobs() int {
	blobs := t.bucket(blobsBucket)
	if blobs == nil {
		return 0
	}
	return blobs.Stats().KeyN
}
