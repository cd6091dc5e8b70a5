package account

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"sync"

	"github.com/wfpsync/wfpsync/spec"
)

// multipartBody is the body of an upload: a part with the metadata, if there is
// any, and one for each module or static file, whose name and file name are the
// module's name, or the file's hash.
// Source: https://developers.cloudflare.com/workers/configuration/multipart-upload-metadata/
//
// Modules are sent from where they are in memory, so that a fleet of Workers
// with one code holds it once, however many are being uploaded. Static files are
// opened when it is their turn to be sent.
type multipartBody struct {
	boundary string
	first    string // the name of the part with the metadata
	metadata func() ([]byte, error)
	parts    []bodyPart
}

// bodyPart is a part after the metadata.
type bodyPart struct {
	name, contentType string
	size              int64
	open              func() (io.ReadCloser, error)
}

func newMultipartBody(metadata func() ([]byte, error)) *multipartBody {
	return &multipartBody{boundary: multipart.NewWriter(io.Discard).Boundary(), first: metadataPart, metadata: metadata}
}

func (b *multipartBody) addModule(m spec.Module) {
	b.parts = append(b.parts, bodyPart{m.Name, string(m.Type), int64(len(m.Content)), func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(m.Content)), nil
	}})
}

// addAsset adds a static file in base64.
func (b *multipartBody) addAsset(hash string, files *spec.AssetFiles, file spec.AssetFile) {
	size := int64(base64.StdEncoding.EncodedLen(int(file.Size)))
	b.parts = append(b.parts, bodyPart{hash, cmp.Or(file.Type, noContentType), size, func() (io.ReadCloser, error) {
		content, err := files.OpenAsset(file)
		if err != nil {
			return nil, err
		}
		return newBase64Reader(content), nil
	}})
}

// attach makes the body a request's, which can send it any number of times.
func (b *multipartBody) attach(req *http.Request) error {
	reader, size, err := b.open()
	if err != nil {
		return err
	}
	reader.Close() // only the size was wanted
	req.ContentLength = size
	req.Header.Set("Content-Type", "multipart/form-data; boundary="+b.boundary)
	req.GetBody = func() (io.ReadCloser, error) { return &lateBody{body: b}, nil }
	req.Body, err = req.GetBody()
	return err
}

// lateBody opens the body when its first byte is sent. A request may wait for
// minutes at the gate after its body was asked for, and the time in the
// metadata is to be the time of the upload.
type lateBody struct {
	body *multipartBody

	mu     sync.Mutex // a request that is given up is closed while it is read
	reader io.ReadCloser
	closed bool
}

// bodyError is a body that could not be read: a static file is gone, or not what
// it was. To send it again would not help.
type bodyError struct{ error }

func (e *bodyError) Unwrap() error { return e.error }

func (l *lateBody) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return 0, io.ErrClosedPipe
	}
	if l.reader == nil {
		reader, _, err := l.body.open()
		if err != nil {
			return 0, &bodyError{err}
		}
		l.reader = reader
	}
	n, err := l.reader.Read(p)
	if err != nil && err != io.EOF {
		err = &bodyError{err}
	}
	return n, err
}

func (l *lateBody) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.reader == nil {
		return nil
	}
	return l.reader.Close()
}

// open is the body with fresh metadata, and its length.
func (b *multipartBody) open() (io.ReadCloser, int64, error) {
	var parts lateParts
	var size int64
	add := func(p bodyPart) {
		parts.open = append(parts.open, p.open)
		size += p.size
	}
	addBytes := func(data []byte) {
		add(bodyPart{size: int64(len(data)), open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }})
	}

	// The writer writes what is between the contents.
	var frame bytes.Buffer
	w := multipart.NewWriter(&frame)
	if err := w.SetBoundary(b.boundary); err != nil {
		return nil, 0, err
	}
	head := func(disposition, contentType string) error {
		header := textproto.MIMEHeader{"Content-Disposition": {disposition}, "Content-Type": {contentType}}
		if _, err := w.CreatePart(header); err != nil {
			return err
		}
		addBytes(bytes.Clone(frame.Bytes()))
		frame.Reset()
		return nil
	}
	if b.metadata != nil {
		metadata, err := b.metadata()
		if err != nil {
			return nil, 0, err
		}
		if err := head(`form-data; name="`+b.first+`"`, jsonType); err != nil {
			return nil, 0, err
		}
		addBytes(metadata)
	}
	for _, p := range b.parts {
		if err := head(multipart.FileContentDisposition(p.name, p.name), p.contentType); err != nil {
			return nil, 0, err
		}
		add(p)
	}
	if err := w.Close(); err != nil {
		return nil, 0, err
	}
	addBytes(frame.Bytes())
	return &parts, size, nil
}

// lateParts reads one part after the other, and opens each when it is its turn.
type lateParts struct {
	open    []func() (io.ReadCloser, error)
	current io.ReadCloser
}

func (p *lateParts) Read(buffer []byte) (int, error) {
	for {
		if p.current == nil {
			if len(p.open) == 0 {
				return 0, io.EOF
			}
			next, err := p.open[0]()
			if err != nil {
				return 0, err
			}
			p.current, p.open = next, p.open[1:]
		}
		n, err := p.current.Read(buffer)
		if err != io.EOF {
			return n, err
		}
		err = p.Close()
		if n > 0 || err != nil {
			return n, err
		}
	}
}

func (p *lateParts) Close() error {
	if p.current == nil {
		return nil
	}
	current := p.current
	p.current = nil
	return current.Close()
}

// base64Reader encodes what it reads.
type base64Reader struct {
	content io.ReadCloser
	plain   []byte
	encoded []byte // and not yet read
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

// jsonBody is a body of JSON.
type jsonBody struct{ value any }

// attach makes the body a request's, which can send it any number of times.
func (b *jsonBody) attach(req *http.Request) error {
	data, err := json.Marshal(b.value)
	if err != nil {
		return err
	}
	req.ContentLength = int64(len(data))
	req.Header.Set("Content-Type", jsonType)
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
	req.Body, err = req.GetBody()
	return err
}
