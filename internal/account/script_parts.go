package account

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"io"

	"github.com/wfpsync/wfpsync/internal/cloudflare"
	"github.com/wfpsync/wfpsync/spec"
)

// This file has the parts of an upload's form: one for each module or static
// file. Its name and file name are the module's name, or the file's hash.
// Source:
// https://developers.cloudflare.com/workers/configuration/multipart-upload-metadata/

// addModule adds a module. It is sent without a copy, so that memory holds the
// code of a fleet once, however many Workers are being uploaded.
func addModule(body *cloudflare.Multipart, m spec.Module) {
	body.Add(m.Name, string(m.Type), int64(len(m.Content)), func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(m.Content)), nil
	})
}

// addAsset adds a static file in base64.
func addAsset(body *cloudflare.Multipart, hash string, files *spec.AssetFiles, file spec.AssetFile) {
	size := int64(base64.StdEncoding.EncodedLen(int(file.Size)))
	body.Add(hash, cmp.Or(file.Type, noContentType), size, func() (io.ReadCloser, error) {
		content, err := files.OpenAsset(file)
		if err != nil {
			return nil, err
		}
		return newBase64Reader(content), nil
	})
}

// base64Reader encodes what it reads.
type base64Reader struct {
	content io.ReadCloser
	plain   []byte
	encoded []byte // not read yet
	end     error
}

func newBase64Reader(content io.ReadCloser) *base64Reader {
	return &base64Reader{content: content, plain: make([]byte, 3<<12)} // a multiple of three needs no padding
}

func (r *base64Reader) Read(p []byte) (int, error) {
	if len(r.encoded) == 0 && r.end == nil {
		n, err := io.ReadFull(r.content, r.plain)
		if err == io.ErrUnexpectedEOF {
			err = io.EOF
		}
		r.encoded = base64.StdEncoding.AppendEncode(r.encoded[:0], r.plain[:n])
		r.end = err
	}
	if len(r.encoded) == 0 {
		return 0, r.end
	}
	n := copy(p, r.encoded)
	r.encoded = r.encoded[n:]
	return n, nil
}

func (r *base64Reader) Close() error { return r.content.Close() }
