package cloudflare

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Path joins segments to a path below the base URL, and escapes them.
func Path(segments ...string) string {
	var b strings.Builder
	for _, s := range segments {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(s))
	}
	return b.String()
}

// Body is the body of a request. It can be sent any number of times.
type Body interface {
	attach(req *http.Request) error
}

// JSON returns a body in JSON.
func JSON(value any) Body { return jsonBody{value} }

type jsonBody struct{ value any }

func (b jsonBody) attach(req *http.Request) error {
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

// Response is a successful response.
type Response struct {
	// Content is the body.
	Content []byte

	// Header has the response's headers.
	Header http.Header

	info  json.RawMessage // the envelope's result_info, if it has one
	about Error           // what every error about the response has in common
}

// Send sends a request and returns its JSON response. A query and a body may be
// nil.
func (c *Client) Send(ctx context.Context, method, path string, query url.Values, body Body) (*Response, error) {
	req, err := c.NewRequest(ctx, method, path, query)
	if err != nil {
		return nil, err
	}
	if body != nil {
		if err := body.attach(req); err != nil {
			return nil, err
		}
	}
	return c.Do(req)
}

// NewRequest returns a request for JSON, without a body, to a path below the
// base URL.
func (c *Client) NewRequest(ctx context.Context, method, path string, query url.Values) (*http.Request, error) {
	target := c.BaseURL() + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, target, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", jsonType)
	return req, nil
}

// Do sends a request of [Client.NewRequest].
func (c *Client) Do(req *http.Request) (*Response, error) {
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, Plain(err)
	}
	about := newError(c.base, c.products, req)
	about.Status, about.RayID = resp.StatusCode, resp.Header.Get("Cf-Ray")
	success := resp.Body.(*judged)
	return &Response{Content: success.content, Header: resp.Header, info: success.info, about: *about}, nil
}

// Plain removes the request that http.Client adds to an error, because the
// error names it already.
func Plain(err error) error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return err
}

// ResultInfo tells where a list continues. It is not documented where the list
// of a namespace's scripts has its cursor. Other lists use these two fields.
type ResultInfo struct {
	PageInfo
	Cursor  string `json:"cursor"`
	Cursors struct {
		After string `json:"after"`
	} `json:"cursors"`
}

// Next returns the cursor of the next page, or "" if there is none.
func (i ResultInfo) Next() string {
	if i.Cursor != "" {
		return i.Cursor
	}
	return i.Cursors.After
}

// Exchange sends a request and decodes the result of its JSON response into
// what result points to.
func (c *Client) Exchange(ctx context.Context, method, path string, query url.Values, body Body, result any) (ResultInfo, error) {
	response, err := c.Send(ctx, method, path, query, body)
	if err != nil {
		return ResultInfo{}, err
	}
	return response.Decode(result)
}

// ExchangeJSON sends a JSON body and decodes the result of the response.
func (c *Client) ExchangeJSON(ctx context.Context, method, path string, body, result any) error {
	_, err := c.Exchange(ctx, method, path, nil, JSON(body), result)
	return err
}

// Decode reads the result of a JSON response into what result points to.
func (a *Response) Decode(result any) (ResultInfo, error) {
	whole := struct {
		Result any `json:"result"`
	}{result}
	if err := json.Unmarshal(a.Content, &whole); err != nil {
		return ResultInfo{}, a.Unexpected(err)
	}
	return a.Info()
}

// Info reads where the list in a JSON response continues.
func (a *Response) Info() (info ResultInfo, err error) {
	if a.info != nil {
		if err := json.Unmarshal(a.info, &info); err != nil {
			return ResultInfo{}, a.Unexpected(err)
		}
	}
	return info, nil
}

// Unexpected returns the error for a success that cannot be read.
func (a *Response) Unexpected(err error) *Error {
	e := a.about
	e.Message = fmt.Sprintf("the response has an unexpected shape: %v", err)
	return &e
}

// Remove deletes what a path names.
func (c *Client) Remove(ctx context.Context, path string) error {
	_, err := c.Send(ctx, http.MethodDelete, path, nil, nil)
	return err
}

// Content reads a response that need not be JSON.
func (c *Client) Content(ctx context.Context, path string) (*Response, error) {
	req, err := c.NewRequest(ctx, http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "*/*")
	return c.Do(req)
}
