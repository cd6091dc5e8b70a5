package planner

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/wfpsync/wfpsync/spec"
)

// The contents of static files may be larger than memory. They are the last
// part of a plan's JSON form, in base64 and by SHA-256, each once. Writing
// copies them from their source one after another; uploading finds them again
// by their offset in the plan file.

// contentsKey is the plan's JSON key for the contents.
const contentsKey = "asset_contents"

// assetFiles returns the files in the form that Workers refer to.
func (a Assets) assetFiles() *spec.AssetFiles {
	files := &spec.AssetFiles{}
	files.Complete(a.Files, a.Headers, a.Redirects, a.source)
	return files
}

// contents returns the embedded files by the hash of their content, each with
// its source.
func (p *Plan) contents() map[string]content {
	all := map[string]content{}
	for _, assets := range p.Assets {
		for _, file := range assets.Files {
			all[file.SHA256] = content{file, &spec.AssetFiles{Source: assets.source}}
		}
	}
	return all
}

type content struct {
	file spec.AssetFile
	from *spec.AssetFiles
}

// writeContents writes the contents into a JSON object that the caller closes.
func (p *Plan) writeContents(w io.Writer) error {
	contents := p.contents()
	if len(contents) == 0 {
		return nil
	}
	if _, err := fmt.Fprintf(w, ",\n  %q: {", contentsKey); err != nil {
		return err
	}
	separator := ""
	for _, hash := range slices.Sorted(maps.Keys(contents)) {
		if _, err := fmt.Fprintf(w, "%s\n    %q: \"", separator, hash); err != nil {
			return err
		}
		if err := contents[hash].write(w); err != nil {
			return err
		}
		if _, err := io.WriteString(w, `"`); err != nil {
			return err
		}
		separator = ","
	}
	_, err := io.WriteString(w, "\n  }")
	return err
}

func (c content) write(w io.Writer) error {
	reader, err := c.from.OpenAsset(c.file)
	if err != nil {
		return err
	}
	defer reader.Close()
	encoder := base64.NewEncoder(base64.StdEncoding, w)
	_, err = io.Copy(encoder, reader)
	return errors.Join(err, encoder.Close())
}

// planSource reads the contents from the plan file.
type planSource struct {
	plan  io.ReaderAt
	spans map[string]span // by SHA-256
}

// span is the position of one content's base64 in the plan file, in bytes.
type span struct{ offset, length int64 }

// OpenAsset implements [spec.AssetSource].
func (s *planSource) OpenAsset(file spec.AssetFile) (io.ReadCloser, error) {
	at, found := s.spans[file.SHA256]
	if !found {
		return nil, fmt.Errorf("the plan does not hold the static file %s", file.Path)
	}
	section := io.NewSectionReader(s.plan, at.offset, at.length)
	return io.NopCloser(base64.NewDecoder(base64.StdEncoding, section)), nil
}

// readContents records where the contents are. The decoder is just before their
// object. Only one content is in memory at a time.
func (s *planSource) readContents(decoder *json.Decoder) error {
	if opening, err := decoder.Token(); err != nil || opening != json.Delim('{') {
		return errors.Join(err, fmt.Errorf("%s is not a mapping", contentsKey))
	}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return err
		}
		value, err := decoder.Token()
		if err != nil {
			return err
		}
		hash, _ := key.(string)
		text, ok := value.(string)
		if !ok {
			return fmt.Errorf("the content %s is not text", hash)
		}
		end := decoder.InputOffset() - 1 // the closing quote
		s.spans[hash] = span{end - int64(len(text)), int64(len(text))}
	}
	_, err := decoder.Token()
	return err
}

// verifyAssets recomputes the digests of the embedded static files.
func (p *Plan) verifyAssets() error {
	for digest, assets := range p.Assets {
		if assets.assetFiles().Digest != digest {
			return &Tampered{What: "the list of static files " + spec.ShortDigest(digest)}
		}
	}
	contents := p.contents()
	for _, hash := range slices.Sorted(maps.Keys(contents)) {
		c := contents[hash]
		reader, err := c.from.OpenAsset(c.file)
		if err == nil {
			_, err = io.Copy(io.Discard, reader)
		}
		if err != nil {
			return &Tampered{What: "the content of the static file " + c.file.Path}
		}
	}
	return nil
}

// linkAssets replaces the digests in the desired Workers by the files that the
// plan embeds.
func (p *Plan) linkAssets() {
	linked := map[string]*spec.AssetFiles{}
	for digest, assets := range p.Assets {
		linked[digest] = assets.assetFiles()
	}
	for _, assets := range p.desiredAssets() {
		if files := linked[assets.Files.Digest]; files != nil {
			assets.Files = files
		}
	}
}

// embedAssets collects the files that the changes upload.
func (p *Plan) embedAssets() {
	for _, assets := range p.desiredAssets() {
		if p.Assets == nil {
			p.Assets = map[string]Assets{}
		}
		f := assets.Files
		p.Assets[f.Digest] = Assets{Files: f.Files, Headers: f.Headers, Redirects: f.Redirects, source: f.Source}
	}
}

// desiredAssets returns the assets of every Worker that the plan uploads.
func (p *Plan) desiredAssets() []*spec.Assets {
	var all []*spec.Assets
	for _, c := range p.Changes {
		if c.uploads() {
			if assets := c.Desired.(spec.Scripted).AsScript().Assets; assets != nil && assets.Files != nil {
				all = append(all, assets)
			}
		}
	}
	return all
}
