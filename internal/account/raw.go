package account

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

// This file is the raw door: what cloudflare-go lacks or breaks goes through
// here, over the same http.Client.

// apiPath joins segments to a path below the base URL. Unlike the SDK it
// escapes them.
func apiPath(segments ...string) string {
	var b strings.Builder
	for _, s := range segments {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(s))
	}
	return b.String()
}

// requestBody can be sent any number of times.
type requestBody interface {
	attach(req *http.Request) error
}

// send sends a request and returns the answer, which is a success and held in
// memory. A body is nil or can be sent again.
func (c *Client) send(ctx context.Context, method, path string, query url.Values, body requestBody, accept string) (*http.Response, error) {
	req, err := c.newRequest(ctx, method, path, query, accept)
	if err != nil {
		return nil, err
	}
	if body != nil {
		if err := body.attach(req); err != nil {
			return nil, err
		}
	}
	return c.do(req)
}

// newRequest is a request without a body, to a path below the base URL.
func (c *Client) newRequest(ctx context.Context, method, path string, query url.Values, accept string) (*http.Request, error) {
	target := c.base + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, target, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", accept)
	return req, nil
}

func (c *Client) do(req *http.Request) (*http.Response, error) {
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, plain(err)
	}
	return resp, nil
}

// plain takes the request that http.Client names off an error that names it
// itself.
func plain(err error) error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return err
}

// resultInfo says how a list goes on. Where the cursor of the list of a
// namespace's scripts stands is not documented; these are the two places that
// other lists use.
type resultInfo struct {
	pageInfo
	Cursor  string `json:"cursor"`
	Cursors struct {
		After string `json:"after"`
	} `json:"cursors"`
}

func (i resultInfo) next() string {
	if i.Cursor != "" {
		return i.Cursor
	}
	return i.Cursors.After
}

// exchange sends a request and decodes the result of its JSON answer into what
// result points to.
func (c *Client) exchange(ctx context.Context, method, path string, query url.Values, body requestBody, result any) (resultInfo, error) {
	resp, err := c.send(ctx, method, path, query, body, jsonType)
	if err != nil {
		return resultInfo{}, err
	}
	return decode(resp, method, path, result)
}

// exchangeJSON sends a JSON body and decodes the result of the answer.
func (c *Client) exchangeJSON(ctx context.Context, method, path string, body, result any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := c.newRequest(ctx, method, path, nil, jsonType)
	if err != nil {
		return err
	}
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(encoded)), nil }
	req.Body, _ = req.GetBody()
	req.ContentLength = int64(len(encoded))
	req.Header.Set("Content-Type", jsonType)
	resp, err := c.do(req)
	if err != nil {
		return err
	}
	_, err = decode(resp, method, path, result)
	return err
}

// decode reads the result of a JSON answer into what result points to.
func decode(resp *http.Response, method, path string, result any) (resultInfo, error) {
	whole := struct {
		Result any `json:"result"`
	}{result}
	if err := json.Unmarshal(resp.Body.(*answer).content, &whole); err != nil {
		return resultInfo{}, unexpectedShape(resp, method, path, err)
	}
	return infoOf(resp, method, path)
}

// infoOf reads what a JSON answer says of how the list goes on.
func infoOf(resp *http.Response, method, path string) (info resultInfo, err error) {
	if raw := resp.Body.(*answer).info; raw != nil {
		if err := json.Unmarshal(raw, &info); err != nil {
			return resultInfo{}, unexpectedShape(resp, method, path, err)
		}
	}
	return info, nil
}

// unexpectedShape is a success that cannot be read.
func unexpectedShape(resp *http.Response, method, path string, err error) *Error {
	return &Error{
		Product: endpointsOf(path).product,
		Status:  resp.StatusCode,
		Message: fmt.Sprintf("the answer has an unexpected shape: %v", err),
		Method:  method,
		Path:    path,
		RayID:   resp.Header.Get("Cf-Ray"),
	}
}

// remove deletes what a path names.
func (c *Client) remove(ctx context.Context, path string) error {
	_, err := c.send(ctx, http.MethodDelete, path, nil, nil, jsonType)
	return err
}

// content is an answer that is not JSON: its body and its headers.
func (c *Client) content(ctx context.Context, path string) ([]byte, http.Header, error) {
	resp, err := c.send(ctx, http.MethodGet, path, nil, nil, "*/*")
	if err != nil {
		return nil, nil, err
	}
	return resp.Body.(*answer).content, resp.Header, nil
}
