package spec

import (
	"encoding/hex"
	"fmt"
	"hash"
	"io"
)

// checkedAsset is a content that must be the one its file was described by. A
// file may be written between plan and upload, and what is uploaded under the
// hash of another content would be served under it for ever.
type checkedAsset struct {
	content io.ReadCloser
	file    AssetFile
	hash    hash.Hash
	size    int64
}

func (c *checkedAsset) Read(p []byte) (int, error) {
	n, err := c.content.Read(p)
	c.hash.Write(p[:n])
	c.size += int64(n)
	if c.size > c.file.Size {
		return 0, c.changed()
	}
	if err == io.EOF && (c.size != c.file.Size || hex.EncodeToString(c.hash.Sum(nil)) != c.file.SHA256) {
		return 0, c.changed()
	}
	return n, err
}

func (c *checkedAsset) Close() error { return c.content.Close() }

func (c *checkedAsset) changed() error {
	return fmt.Errorf("the static file %s has changed since it was read: make the plan anew", c.file.Path)
}
