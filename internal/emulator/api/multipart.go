package api

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/textproto"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// A part is one part of a multipart body.
type part struct {
	field       string // the name of the form field
	file        string // the file name; empty for a plain field
	contentType string
	data        []byte
}

// name returns a module's name: its file name if it has one. wrangler sends the
// same name twice. If they differ, main_module must match the file name, as in
// the official example for this product.
func (p part) name() string {
	if p.file != "" {
		return p.file
	}
	return p.field
}

// readParts reads a multipart body.
func readParts(body io.Reader, boundary string) ([]part, error) {
	reader := multipart.NewReader(body, boundary)
	var parts []part
	for {
		next, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return parts, nil
		}
		if err != nil {
			return nil, bodyFailure(err)
		}
		data, err := io.ReadAll(next)
		if err != nil {
			return nil, bodyFailure(err)
		}
		field, file := disposition(next.Header)
		parts = append(parts, part{field: field, file: file, contentType: next.Header.Get("Content-Type"), data: data})
	}
}

// disposition returns the names in a part's Content-Disposition.
// multipart.Part.FileName would cut off folders, but the whole name of a module
// is "lib/util.js".
func disposition(header textproto.MIMEHeader) (field, file string) {
	_, params, err := mime.ParseMediaType(header.Get("Content-Disposition"))
	if err != nil {
		return "", ""
	}
	return params["name"], params["filename"]
}

// takeField removes the part of a form field from parts and returns its data.
func takeField(parts []part, field string) (data []byte, rest []part, found bool) {
	for _, p := range parts {
		if p.field == field && !found {
			data, found = p.data, true
			continue
		}
		rest = append(rest, p)
	}
	return data, rest, found
}

// module is an uploaded file, hashed and ready to be stored.
type module struct {
	field string
	store.Module
	blob store.Blob
}

func newModule(p part) module {
	blob := store.NewBlob(p.data)
	return module{
		field:  p.field,
		Module: store.Module{Name: p.name(), Type: p.contentType, Hash: blob.Hash, Size: int64(len(p.data))},
		blob:   blob,
	}
}

// writeModules writes modules as the multipart body of a content response and
// returns its content type.
func writeModules(modules []store.Module, content func(store.Module) []byte) (contentType string, body []byte, err error) {
	var buffer bytes.Buffer
	writer := multipart.NewWriter(&buffer)
	for _, m := range modules {
		header := textproto.MIMEHeader{}
		header.Set("Content-Disposition", mime.FormatMediaType("form-data", map[string]string{"name": m.Name, "filename": m.Name}))
		header.Set("Content-Type", m.Type)
		w, err := writer.CreatePart(header)
		if err == nil {
			_, err = w.Write(content(m))
		}
		if err != nil {
			return "", nil, err
		}
	}
	if err := writer.Close(); err != nil {
		return "", nil, err
	}
	return writer.FormDataContentType(), buffer.Bytes(), nil
}
