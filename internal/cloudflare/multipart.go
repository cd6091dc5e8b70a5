package cloudflare

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"sync"
)

// These are the parts of forms that the API reads as JSON. Every other part is
// a file.
const (
	MetadataPart = "metadata"
	SettingsPart = "settings"
)

// Multipart is the body of an upload: an optional part with the metadata, and
// one for each file, whose name and file name are the same.
// Source:
// https://developers.cloudflare.com/workers/configuration/multipart-upload-metadata/
//
// Each file is opened right before it is sent, so that contents that many
// uploads share are in memory once, or not at all.
type Multipart struct {
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

// NewMultipart returns a form whose first part has a name and holds metadata.
// It asks for the metadata each time the form is sent. Without metadata there
// is no such part.
func NewMultipart(first string, metadata func() ([]byte, error)) *Multipart {
	return &Multipart{boundary: multipart.NewWriter(io.Discard).Boundary(), first: first, metadata: metadata}
}

// Add adds a part that is opened right before it is sent.
func (b *Multipart) Add(name, contentType string, size int64, open func() (io.ReadCloser, error)) {
	b.parts = append(b.parts, bodyPart{name, contentType, size, open})
}

// attach sets the body of a request, which can send it any number of times.
func (b *Multipart) attach(req *http.Request) error {
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
// the rate limit for minutes after its body was made, and the time in the
// metadata must be the time of the upload.
type lateBody struct {
	body *Multipart

	mu     sync.Mutex // a request that is given up is closed while it is read
	reader io.ReadCloser
	closed bool
}

// BodyError says that a body could not be read: a file is missing, or has
// changed. Sending it again would not help.
type BodyError struct{ error }

// Unwrap returns why the body could not be read.
func (e *BodyError) Unwrap() error { return e.error }

func (l *lateBody) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return 0, io.ErrClosedPipe
	}
	if l.reader == nil {
		reader, _, err := l.body.open()
		if err != nil {
			return 0, &BodyError{err}
		}
		l.reader = reader
	}
	n, err := l.reader.Read(p)
	if err != nil && err != io.EOF {
		err = &BodyError{err}
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

// open returns the body with new metadata, and its length.
func (b *Multipart) open() (io.ReadCloser, int64, error) {
	var parts lateParts
	var size int64
	add := func(p bodyPart) {
		parts.open = append(parts.open, p.open)
		size += p.size
	}
	addBytes := func(data []byte) {
		add(bodyPart{size: int64(len(data)), open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }})
	}

	// The writer writes the text between the contents.
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

// lateParts reads one part after the other, and opens each when it gets there.
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
