package spec

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"slices"

	"github.com/wfpsync/wfpsync/diag"
)

// BindingAssets is the binding through which a Worker's code requests its own
// static files.
const BindingAssets = "assets"

// Assets are the static files that a Worker serves, and how it serves them.
//
// The platform does not tell which files a Worker has, or how it serves them: a
// live Worker only says that it has some. The Worker's mark holds a digest of
// what was uploaded.
type Assets struct {
	// Files are the files to serve; nil for a live Worker.
	Files *AssetFiles `json:"files,omitempty"`

	// Config says how requests are answered, by API field, without the
	// platform's defaults: html_handling, not_found_handling and
	// run_worker_first. Source: API reference, "Upload Worker Module".
	Config Object `json:"config,omitempty"`

	// Keep says that another program uploads the files: each upload leaves
	// them, and how they are served, unchanged.
	Keep bool `json:"keep,omitempty"`

	// mark is the short digest in the mark of a live Worker.
	mark string
}

// LiveAssets returns the assets of a live Worker with the digest in its mark;
// "" if no mark vouches for them.
func LiveAssets(mark string) *Assets { return &Assets{mark: mark} }

// Digest returns the hex SHA-256 over the files and how they are served, or the
// part of it that a mark holds. It is "" if there are no assets, and for live
// assets of an unknown digest.
func (a *Assets) Digest() string {
	switch {
	case a == nil:
		return ""
	case a.Files == nil:
		return a.mark
	}
	content := Object{"files": a.Files.Digest}
	if len(a.Config) > 0 {
		content["config"] = a.Config
	}
	return digestJSON("wfpsync assets 1\n", content)
}

// AssetFiles are the files of a directory. All Workers that serve a directory
// share one *AssetFiles, so it is read once.
//
// It starts as the name of the directory; internal/bundle completes it.
type AssetFiles struct {
	// Directory is slash-separated and relative to the project root. At is
	// where the stack file names it.
	Directory string
	At        diag.Range

	// Pages says that a Worker serves the files with an html_handling other
	// than none, so that /index.html redirects to the path without it.
	Pages bool

	// Files are sorted by path. Headers and Redirects are the contents of the
	// files _headers and _redirects, which say how to serve the others and are
	// not served themselves.
	Files     []AssetFile
	Headers   string
	Redirects string

	// Digest is the hex SHA-256 over all of the above.
	Digest string

	// Source opens the contents.
	Source AssetSource
}

// AssetFile is one static file without its content, which may be larger than
// memory.
type AssetFile struct {
	// Path is the path that a request asks for: slash-separated, with a leading
	// slash.
	Path string `json:"path"`

	// Type is the Content-Type that the file is served with; "" for none.
	Type string `json:"type,omitempty"`

	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"` // of the content, in hex
}

// AssetSource opens the contents of files.
type AssetSource interface {
	OpenAsset(AssetFile) (io.ReadCloser, error)
}

// Complete sets the files and their digest.
func (f *AssetFiles) Complete(files []AssetFile, headers, redirects string, source AssetSource) {
	f.Files = slices.SortedFunc(slices.Values(files), func(a, b AssetFile) int { return cmp.Compare(a.Path, b.Path) })
	f.Headers, f.Redirects, f.Source = headers, redirects, source
	f.Digest = f.digest()
}

// digest hashes everything. Each part is preceded by its length, so that
// different directories never give the same bytes.
func (f *AssetFiles) digest() string {
	h := sha256.New()
	write := func(part string) { fmt.Fprintf(h, "%d:%s", len(part), part) }
	io.WriteString(h, "wfpsync asset files 1\n")
	write(f.Headers)
	write(f.Redirects)
	for _, file := range f.Files {
		write(file.Path)
		write(file.Type)
		write(file.SHA256)
		fmt.Fprintf(h, "%d\n", file.Size)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Size returns the total size of the files in bytes.
func (f *AssetFiles) Size() int64 {
	var n int64
	for _, file := range f.Files {
		n += file.Size
	}
	return n
}

// MarshalJSON writes the digest only: the encoder of a resource keeps the files
// separately, once.
func (f *AssetFiles) MarshalJSON() ([]byte, error) { return json.Marshal(f.Digest) }

// UnmarshalJSON reads the digest.
func (f *AssetFiles) UnmarshalJSON(data []byte) error {
	*f = AssetFiles{}
	return json.Unmarshal(data, &f.Digest)
}

// OpenAsset opens the content of a file. Reading to the end fails if the
// content is not the one that was planned with.
func (f *AssetFiles) OpenAsset(file AssetFile) (io.ReadCloser, error) {
	content, err := f.Source.OpenAsset(file)
	if err != nil {
		return nil, err
	}
	return &checkedAsset{content: content, file: file, hash: sha256.New()}, nil
}

// checkedAsset checks a content against the hash of its file. The file may be
// written between plan and upload, and the platform would serve content that
// was uploaded under the wrong hash forever.
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
	return fmt.Errorf("the static file %s has changed since it was read: make the plan again", c.file.Path)
}
