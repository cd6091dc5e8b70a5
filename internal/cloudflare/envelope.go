package cloudflare

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"unicode"

	"github.com/tidwall/gjson"
)

const (
	jsonType = "application/json"

	// emptySuccess stands for a response without a body if the API gives none,
	// as for the deletion of a script. cloudflare-go takes an empty body for an
	// error.
	emptySuccess = `{"success":true,"errors":[],"messages":[],"result":null}`
)

// envelope is around every JSON response of the API. Messages are not read:
// they are objects in some responses and strings in others.
type envelope struct {
	Success *bool             `json:"success"`
	Errors  []json.RawMessage `json:"errors"`
	Info    json.RawMessage   `json:"result_info"`

	// Some endpoints return these two and no errors.
	Code  int    `json:"code"`
	Error string `json:"error"`
}

// envelopeError is one entry of an envelope's errors.
type envelopeError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Source  struct {
		Pointer string `json:"pointer"`
	} `json:"source"`
}

// judge reports whether a response is a success, and otherwise completes the
// failure. The content that it returns is the response's, or what stands for an
// empty one.
//
// The HTTP status alone proves nothing: the API sends success:false with status
// 200, and proxies in front of it send HTML with any status. A success without
// an envelope counts only for a request that does not ask for JSON, to get a
// script's content, and never if it is an HTML page.
//
// If a success should have a result and has null, it is not one. Taken for an
// empty list, it would make existing resources count as deleted. None of the
// lists and looks of package account is documented to return null.
// Source: the API's OpenAPI schemas. Some envelopes in them allow null, but the
// result of each of these endpoints, which stands beside them in an allOf, does
// not.
func judge(req *http.Request, resp *http.Response, body []byte, failure *Error) (*judged, bool) {
	success := resp.StatusCode >= 200 && resp.StatusCode < 300
	mediaType, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	wantsJSON := req.Header.Get("Accept") == jsonType
	if success && !wantsJSON && mediaType != jsonType && mediaType != "text/html" {
		return &judged{content: body}, true
	}
	if success && len(bytes.TrimSpace(body)) == 0 && (req.Method == http.MethodDelete || resp.StatusCode == http.StatusNoContent) {
		resp.Header.Set("Content-Type", jsonType)
		return &judged{content: []byte(emptySuccess)}, true
	}
	if info, shows, ok := succeeded(body); ok && success {
		if wantsJSON && req.Method == http.MethodGet && !shows {
			failure.Message = "the response has an unexpected shape: it says that it is a success, but has no result"
			return nil, false
		}
		return &judged{content: body, info: info}, true
	}
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil {
		failure.NotEnvelope = true
		failure.Message = notAnEnvelope(resp, mediaType, body)
		if syntax := new(json.SyntaxError); mediaType == jsonType && errors.As(err, &syntax) {
			failure.Cause = err // cut off on its way
		}
		return nil, false
	}
	if success && req.Method == http.MethodDelete && namesDeleted(body) {
		return &judged{content: body}, true
	}
	failure.Code, failure.Message = e.reason()
	if failure.Code != 0 || failure.Message != "" {
		return nil, false
	}
	failure.NotEnvelope = e.Success == nil
	switch {
	case success:
		failure.Message = "the response does not say that it is a success"
	case failure.NotEnvelope:
		failure.Message = notAnEnvelope(resp, mediaType, body)
	}
	return nil, false
}

// succeeded searches a response for the fields that nearly all of them have. In
// a page of a large fleet, half a megabyte, only a few words matter here, and
// unmarshalling it takes more than three times as long. shows says that there
// is a result, and that it is not null.
func succeeded(body []byte) (info json.RawMessage, shows, ok bool) {
	if !gjson.ValidBytes(body) {
		return nil, false, false
	}
	found := gjson.GetManyBytes(body, "success", "result_info", "result")
	if found[1].Exists() {
		info = json.RawMessage(found[1].Raw)
	}
	return info, found[2].Type != gjson.Null, found[0].Type == gjson.True
}

// namesDeleted reports whether the response to a deletion is only the id of
// what was deleted, without an envelope, as for a custom hostname.
// Source: API reference, "Delete Custom Hostname".
func namesDeleted(body []byte) bool {
	var only map[string]json.RawMessage
	if json.Unmarshal(body, &only) != nil || len(only) != 1 {
		return false
	}
	var id string
	return json.Unmarshal(only["id"], &id) == nil && id != ""
}

// reason returns the first error's code, and the messages of all.
func (e *envelope) reason() (int, string) {
	var code int
	var messages []string
	for i, raw := range e.Errors {
		var one envelopeError
		if json.Unmarshal(raw, &one) != nil {
			// Some endpoints return a bare string. Anything else has no
			// message.
			_ = json.Unmarshal(raw, &one.Message)
		}
		if i == 0 {
			code = one.Code
		}
		text := Printable(one.Message)
		if one.Source.Pointer != "" {
			text += " (at " + Printable(one.Source.Pointer) + ")"
		}
		if i > 0 && one.Code != 0 && one.Code != code {
			text += fmt.Sprintf(" (%d)", one.Code)
		}
		if text != "" {
			messages = append(messages, text)
		}
	}
	if code == 0 && len(messages) == 0 {
		return e.Code, Printable(e.Error)
	}
	return code, strings.Join(messages, "; ")
}

// Printable drops control characters, because a message that quotes a script
// could smuggle them into a terminal.
func Printable(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s))
}

// notAnEnvelope describes what came instead, without quoting it.
func notAnEnvelope(resp *http.Response, mediaType string, body []byte) string {
	switch {
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return "the server redirects, which the API never does; check the base URL"
	case resp.Header.Get("Cf-Mitigated") == "challenge":
		return "Cloudflare's firewall challenged the request; the API was not reached"
	case len(body) == 0:
		return strings.TrimSpace("an empty answer " + http.StatusText(resp.StatusCode))
	case mediaType == "" || mediaType == jsonType:
		return "the response is not from the API"
	default:
		return "the answer is " + mediaType + ", not JSON"
	}
}
