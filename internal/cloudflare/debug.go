package cloudflare

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// These limit how much of a body is shown.
const (
	maxDebugged     = 16 << 10
	maxDebuggedRead = 1 << 20 // of a part or a response, before it is masked and cut
)

// masked stands for a value that is not written.
const masked = "(masked)"

// debugTransport writes every request and its response for a person to read,
// with each retry as it is on the wire. It masks or leaves out what gives
// access, the values of secrets and of variables that may be secret, and the
// contents of modules and stored files, because people pass such logs on.
type debugTransport struct {
	next   http.RoundTripper
	out    io.Writer
	redact func(string) string // masks the credentials

	mu sync.Mutex
	n  int
}

// RoundTrip implements [http.RoundTripper].
func (d *debugTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	x := &exchange{}
	x.line(">", "%s %s", req.Method, maskURL(req.URL))
	x.header(">", req.Header)
	x.request(req)
	began := time.Now()
	resp, err := d.next.RoundTrip(req)
	took := time.Since(began).Round(time.Millisecond)
	if err != nil {
		x.line("<", "no answer after %s: %s", took, Printable(err.Error()))
		d.write(x)
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxResponse+1))
	x.line("<", "%d %s after %s, ray %s", resp.StatusCode, http.StatusText(resp.StatusCode), took, orDash(resp.Header.Get("Cf-Ray")))
	x.header("<", resp.Header)
	if err != nil {
		x.line("<", "the response breaks off: %s", Printable(err.Error()))
	}
	x.body("<", resp.Header.Get("Content-Type"), body)
	d.write(x)
	resp.Body = reread{io.MultiReader(bytes.NewReader(body), failing{err}), resp.Body}
	return resp, nil
}

// write writes one whole exchange, because requests are sent concurrently.
func (d *debugTransport) write(x *exchange) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.n++
	text := MaskValues(x.secrets...)(d.redact(x.text.String()))
	fmt.Fprintf(d.out, "#%d %s\n%s\n", d.n, time.Now().UTC().Format(time.RFC3339), text)
}

// reread is a body that was partly read before.
type reread struct {
	io.Reader
	io.Closer
}

// failing ends a body with the error that ended the one that was read.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return 0, io.EOF
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return Printable(text)
}

// exchange is a request and its response as text.
type exchange struct {
	text    bytes.Buffer
	secrets []string // that were sent, and that a response may quote
}

func (x *exchange) line(side, format string, args ...any) {
	fmt.Fprintf(&x.text, side+" "+format+"\n", args...)
}

// plainHeaders are the headers whose values are not confidential. Of any other
// header, only the name is written.
var plainHeaders = []string{
	"Accept", "Accept-Encoding", "Allow", "Cf-Cache-Status", "Cf-Entrypoint", "Cf-Mitigated", "Cf-R2-Jurisdiction", "Cf-Ray",
	"Content-Encoding", "Content-Length", "Content-Type", "Date", "Etag", "Location", "Ratelimit", "Ratelimit-Policy",
	"Retry-After", "Server", "User-Agent",
}

func (x *exchange) header(side string, header http.Header) {
	var names []string
	for name := range header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		value := masked
		switch {
		case name == "Location":
			if target, err := url.Parse(header.Get(name)); err == nil {
				value = maskURL(target)
			}
		case slices.Contains(plainHeaders, name) || strings.HasPrefix(name, "X-Stainless-"):
			value = Printable(strings.Join(header[name], ", "))
		}
		x.line(side, "%s: %s", name, value)
	}
}

// maskURL returns a URL without what a user may have put into it.
func maskURL(u *url.URL) string {
	copied := *u
	copied.User, copied.Fragment = nil, ""
	return Printable(copied.String())
}

// request shows the request. Every body that can be sent again is shown, see
// [transport].
func (x *exchange) request(req *http.Request) {
	if req.GetBody == nil {
		x.once(req)
		return
	}
	if body, err := req.GetBody(); err == nil {
		x.sent(req.Header.Get("Content-Type"), body)
		body.Close()
	}
}

// once shows a body that can be read only once, and puts back what was read.
func (x *exchange) once(req *http.Request) {
	if req.Body == nil || req.Body == http.NoBody {
		return
	}
	var read bytes.Buffer
	x.sent(req.Header.Get("Content-Type"), io.TeeReader(req.Body, &read))
	req.Body = reread{io.MultiReader(&read, req.Body), req.Body}
}

// sent shows the body of a request: the JSON parts of a form, and the size of
// everything else.
func (x *exchange) sent(contentType string, body io.Reader) {
	mediaType, params, _ := mime.ParseMediaType(contentType)
	if mediaType != "multipart/form-data" {
		content, _ := io.ReadAll(io.LimitReader(body, maxDebuggedRead))
		x.body(">", contentType, content)
		return
	}
	form := multipart.NewReader(body, params["boundary"])
	for {
		part, err := form.NextRawPart()
		if err != nil {
			return
		}
		_, disposition, _ := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
		name, kind := Printable(disposition["name"]), part.Header.Get("Content-Type")
		if name == MetadataPart || name == SettingsPart {
			content, _ := io.ReadAll(io.LimitReader(part, maxDebuggedRead))
			x.line(">", "part %q", name)
			x.body(">", jsonType, content)
			continue
		}
		size, _ := io.Copy(io.Discard, part)
		x.line(">", "part %q, %s, %d bytes left out", name, orDash(kind), size)
	}
}

// body shows JSON with confidential values masked, and the size of anything
// else.
func (x *exchange) body(side, contentType string, body []byte) {
	if len(body) == 0 {
		return
	}
	mediaType, _, _ := mime.ParseMediaType(contentType)
	var value any
	if mediaType != jsonType || len(body) > maxDebuggedRead || json.Unmarshal(body, &value) != nil {
		x.line(side, "%s, %d bytes left out", orDash(mediaType), len(body))
		return
	}
	encoded, err := json.Marshal(x.mask(value))
	if err != nil {
		return
	}
	text := MaskValues(x.secrets...)(string(encoded)) // before it is cut, so that no half of a secret is left
	if cut := len(text) - maxDebugged; cut > 0 {
		text = fmt.Sprintf("%s… (%d more bytes)", strings.ToValidUTF8(text[:maxDebugged], ""), cut)
	}
	x.line(side, "%s", text)
}

// confidential matches names of fields whose values give access or may be
// secrets. The text of a binding is included: often it is a key, although it is
// not called one.
var confidential = regexp.MustCompile(`(?i)^(text|json|value|jwt|key_base64|key_jwk|_headers|_redirects|props|content|code)$|token|secret_value|password|api_key|credential`)

// mask returns a value without its confidential parts.
func (x *exchange) mask(value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, inner := range v {
			_, number := inner.(float64)
			if confidential.MatchString(key) && inner != nil && !(number && key == "code") {
				out[key] = masked
				x.remember(inner)
			} else {
				out[key] = x.mask(inner)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = x.mask(inner)
		}
		return out
	case string:
		return bearer.ReplaceAllString(v, masked)
	}
	return value
}

// remember notes the strings in a value that was masked.
func (x *exchange) remember(value any) {
	switch v := value.(type) {
	case string:
		x.secrets = append(x.secrets, v)
	case []any:
		for _, inner := range v {
			x.remember(inner)
		}
	case map[string]any:
		for _, inner := range v {
			x.remember(inner)
		}
	}
}

// bearer matches what may be a token anywhere in text: a JSON web token, or
// one of Cloudflare's own.
var bearer = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{10,}(\.[A-Za-z0-9_-]+)*|\b(Bearer|bearer) [^\s"]+`)
