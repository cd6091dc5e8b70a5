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

	// emptySuccess stands for an answer without a body where the API gives
	// none, such as the deletion of a script: cloudflare-go takes an empty body
	// for an error.
	emptySuccess = `{"success":true,"errors":[],"messages":[],"result":null}`
)

// envelope is what every JSON answer of the API is wrapped in. Messages are
// not read: they are objects in some answers and strings in others.
type envelope struct {
	Success *bool             `json:"success"`
	Errors  []json.RawMessage `json:"errors"`
	Info    json.RawMessage   `json:"result_info"`

	// Some endpoints answer these two and no errors.
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

// judge says whether an answer is a success, and completes the failure
// otherwise. The content it returns is the answer's, or what stands for an empty
// one.
//
// The HTTP status alone proves nothing: the API answers success:false with 200,
// and proxies in front of it answer HTML with any status. Only who does not ask
// for JSON, to get a script's content, gets a success without an envelope, and
// never an HTML page.
//
// A success that was to show something and shows null is not one: taken for an
// empty list, it would let what is there count as gone. None of the lists and looks
// of package account is documented to answer null.
// Source: the API's OpenAPI schemas, in which some envelopes allow null and the
// result of each of these endpoints, which stands beside them in an allOf, does not.
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
			failure.Message = "the answer has an unexpected shape: it says that it is a success and has no result"
			return nil, false
		}
		return &judged{content: body, info: info}, true
	}
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil {
		failure.NotEnvelope = true
		failure.Message = notAnEnvelope(resp, mediaType, body)
		if syntax := new(json.SyntaxError); mediaType == jsonType && errors.As(err, &syntax) {
			failure.Cause = err // cut off on its way, not made so
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
		failure.Message = "the answer does not say that it is a success"
	case failure.NotEnvelope:
		failure.Message = notAnEnvelope(resp, mediaType, body)
	}
	return nil, false
}

// succeeded looks into an answer for what nearly all of them say, and for what
// goes with it. Of a page of a large fleet, half a megabyte, only a few words
// matter here; to unmarshal it takes more than three times as long. shows: there is
// a result, and it is not null.
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

// namesDeleted reports whether the answer to a deletion is nothing but the id of
// what was deleted, in no envelope, as that of a custom hostname is.
// Source: API reference, "Delete Custom Hostname".
func namesDeleted(body []byte) bool {
	var only map[string]json.RawMessage
	if json.Unmarshal(body, &only) != nil || len(only) != 1 {
		return false
	}
	var id string
	return json.Unmarshal(only["id"], &id) == nil && id != ""
}

// reason is the first error's code, and what all of them say.
func (e *envelope) reason() (int, string) {
	var code int
	var messages []string
	for i, raw := range e.Errors {
		var one envelopeError
		if json.Unmarshal(raw, &one) != nil {
			// A bare string, as some endpoints answer; anything else says nothing.
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

// Printable drops control characters, which a message that quotes a script
// could smuggle into a terminal.
func Printable(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s))
}

// notAnEnvelope says what came instead, without quoting it.
func notAnEnvelope(resp *http.Response, mediaType string, body []byte) string {
	switch {
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return "the server redirects, which the API never does; check the base URL"
	case resp.Header.Get("Cf-Mitigated") == "challenge":
		return "Cloudflare's firewall challenged the request; the API was not reached"
	case len(body) == 0:
		return strings.TrimSpace("an empty answer " + http.StatusText(resp.StatusCode))
	case mediaType == "" || mediaType == jsonType:
		return "the answer is not what the API answers"
	default:
		return "the answer is " + mediaType + ", not JSON"
	}
}
