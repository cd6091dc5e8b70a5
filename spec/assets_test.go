package spec_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/spec"
)

// assetTexts are contents by path.
type assetTexts map[string]string

func (s assetTexts) OpenAsset(file spec.AssetFile) (io.ReadCloser, error) {
	content, found := s[file.Path]
	if !found {
		return nil, errors.New("gone")
	}
	return io.NopCloser(strings.NewReader(content)), nil
}

func (s assetTexts) files() *spec.AssetFiles {
	var list []spec.AssetFile
	for path, content := range s {
		sum := sha256.Sum256([]byte(content))
		list = append(list, spec.AssetFile{Path: path, Type: "text/plain", Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:])})
	}
	files := &spec.AssetFiles{}
	files.Complete(list, "", "", s)
	return files
}

// Everything that affects what is served changes the digest.
func TestAssetsDigest(t *testing.T) {
	website := assetTexts{"/index.html": "hello", "/a.js": "1"}
	base := &spec.Assets{Files: website.files()}
	same := &spec.Assets{Files: website.files(), Config: spec.Object{}}
	if base.Digest() != same.Digest() || len(base.Digest()) != 64 {
		t.Errorf("%q and %q", base.Digest(), same.Digest())
	}
	other := func(change func(*spec.AssetFiles)) *spec.Assets {
		files := website.files()
		change(files)
		files.Complete(files.Files, files.Headers, files.Redirects, files.Source)
		return &spec.Assets{Files: files}
	}
	seen := map[string]string{base.Digest(): "the website itself", "": "nothing"}
	for name, assets := range map[string]*spec.Assets{
		"another content":       {Files: assetTexts{"/index.html": "hallo", "/a.js": "1"}.files()},
		"another path":          {Files: assetTexts{"/index.html": "hello", "/b.js": "1"}.files()},
		"a file less":           {Files: assetTexts{"/index.html": "hello"}.files()},
		"another type":          other(func(f *spec.AssetFiles) { f.Files[0].Type = "" }),
		"headers":               other(func(f *spec.AssetFiles) { f.Headers = "x" }),
		"the same as redirects": other(func(f *spec.AssetFiles) { f.Redirects = "x" }),
		"a configuration":       {Files: website.files(), Config: spec.Object{"html_handling": "none"}},
	} {
		if first, again := seen[assets.Digest()]; again {
			t.Errorf("%s has the digest of %s", name, first)
		}
		seen[assets.Digest()] = name
	}
	if digest := (*spec.Assets)(nil).Digest(); digest != "" {
		t.Errorf("no assets have the digest %q", digest)
	}
}

func TestMarkWithAssets(t *testing.T) {
	assets := &spec.Assets{Files: assetTexts{"/index.html": "hello"}.files()}
	digest := strings.Repeat("0123456789abcdef", 4)
	plain := spec.NewMark(digest, digest, time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC))
	if plain.WithAssets(nil) != plain || plain.Tag() != "wfpsync-mark.1.0123456789abcdef.0123456789abcdef.20261121T200000Z" {
		t.Errorf("without assets a mark is what it always was, and not %s", plain.Tag())
	}
	mark := plain.WithAssets(assets)
	if len(mark.Tag()) > 128 {
		t.Errorf("the tag has %d bytes", len(mark.Tag()))
	}
	read, ok := spec.ParseMark(mark.Tag() + ".later")
	if !ok || read != mark {
		t.Errorf("%q became %+v", mark.Tag(), read)
	}
	switch {
	case !read.DescribesAssets(assets), !plain.DescribesAssets(nil):
		t.Error("a mark describes the assets it was made of")
	case read.DescribesAssets(nil), plain.DescribesAssets(assets), read.DescribesAssets(&spec.Assets{Files: assetTexts{"/index.html": "x"}.files()}):
		t.Error("a mark describes no other assets")
	}
}

// Reading returns the content that was planned with, or fails.
func TestChangedAsset(t *testing.T) {
	for name, now := range map[string]string{"other": "hellO", "longer": "hello!", "shorter": "hell", "emptied": ""} {
		source := assetTexts{"/index.html": "hello"}
		files := source.files()
		source["/index.html"] = now
		reader, err := files.OpenAsset(files.Files[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(reader); err == nil || !strings.Contains(err.Error(), "/index.html has changed") {
			t.Errorf("%s: %v", name, err)
		}
	}
	files := assetTexts{"/index.html": "hello"}.files()
	reader, err := files.OpenAsset(files.Files[0])
	if err != nil {
		t.Fatal(err)
	}
	if content, err := io.ReadAll(reader); err != nil || string(content) != "hello" {
		t.Errorf("%q, %v", content, err)
	}
}
