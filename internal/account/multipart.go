package account

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"

	"github.com/wfpsync/wfpsync/spec"
)

// multipartBody is the body of an upload: a part with the metadata, and one
// for each module, whose name and file name are the module's name.
// Source: https://developers.cloudflare.com/workers/configuration/multipart-upload-metadata/
//
// Modules are sent from where they are in memory, so that a fleet of Workers
// with one code holds it once, however many are being uploaded.
type multipartBody struct {
	boundary string
	metadata func() ([]byte, error)
	modules  []spec.Module
}

func newMultipartBody(metadata func() ([]byte, error)) *multipartBody {
	return &multipartBody{boundary: multipart.NewWriter(io.Discard).Boundary(), metadata: metadata}
}

func (b *multipartBody) addModule(m spec.Module) { b.modules = append(b.modules, m) }

// attach makes the body a request's, which can send it any number of times.
func (b *multipartBody) attach(req *http.Request) error {
	_, size, err := b.open()
	if err != nil {
		return err
	}
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
	body   *multipartBody
	reader io.Reader
}

func (l *lateBody) Read(p []byte) (int, error) {
	if l.reader == nil {
		reader, _, err := l.body.open()
		if err != nil {
			return 0, err
		}
		l.reader = reader
	}
	return l.reader.Read(p)
}

func (l *lateBody) Close() error { return nil }

// open is the body with fresh metadata, and its length.
func (b *multipartBody) open() (io.Reader, int64, error) {
	metadata, err := b.metadata()
	if err != nil {
		return nil, 0, err
	}
	var parts []io.Reader
	var size int64
	add := func(data []byte) {
		parts = append(parts, bytes.NewReader(data))
		size += int64(len(data))
	}

	// The writer writes what is between the contents.
	var frame bytes.Buffer
	w := multipart.NewWriter(&frame)
	if err := w.SetBoundary(b.boundary); err != nil {
		return nil, 0, err
	}
	part := func(disposition, contentType string, content []byte) error {
		header := textproto.MIMEHeader{"Content-Disposition": {disposition}, "Content-Type": {contentType}}
		if _, err := w.CreatePart(header); err != nil {
			return err
		}
		add(bytes.Clone(frame.Bytes()))
		frame.Reset()
		add(content)
		return nil
	}
	if err := part(`form-data; name="`+metadataPart+`"`, jsonType, metadata); err != nil {
		return nil, 0, err
	}
	for _, m := range b.modules {
		if err := part(multipart.FileContentDisposition(m.Name, m.Name), string(m.Type), m.Content); err != nil {
			return nil, 0, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, 0, err
	}
	add(frame.Bytes())
	return io.MultiReader(parts...), size, nil
}
