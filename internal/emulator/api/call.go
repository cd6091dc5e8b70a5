package api

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// A handler handles one operation.
type handler func(*call) (reply, error)

// A call is one request to a handler.
type call struct {
	server  *Server
	r       *http.Request
	account string // the account in the path, if there is one
}

// param returns the unescaped value of a wildcard in the path.
func (c *call) param(name string) string { return c.r.PathValue(name) }

func (c *call) query() url.Values { return c.r.URL.Query() }

// view and update run a handler's work in a transaction. If the work returns an
// error, that is the response, and nothing changes.
func (c *call) view(fn func(*store.Tx) error) error   { return c.server.store.View(fn) }
func (c *call) update(fn func(*store.Tx) error) error { return c.server.store.Update(fn) }

// body reads the whole request body.
func (c *call) body() ([]byte, error) {
	raw, err := io.ReadAll(c.r.Body)
	if err != nil {
		return nil, bodyFailure(err)
	}
	return raw, nil
}

// json decodes a JSON body. If that fails, the response is the given failure,
// because each product family has its own code for it.
func (c *call) json(into any, malformed *failure) error {
	raw, err := c.body()
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return malformed.because(err)
	}
	return nil
}

// contentType returns the media type of the body and its parameters. It is in
// lower case, and empty if it is missing or malformed.
func (c *call) contentType() (string, map[string]string) {
	mediaType, params, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil {
		return "", nil
	}
	return mediaType, params
}

// bodyFailure returns the failure for a body that could not be read.
func bodyFailure(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return errBodyTooLarge
	}
	return errUnreadableBody.because(err)
}
