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

// What is shown of a body at most.
const (
	maxDebugged     = 16 << 10
	maxDebuggedRead = 1 << 20 // of a part or an answer, to be masked and cut
)

// masked stands for what is not written.
const masked = "(masked)"

// debugTransport writes every request that is sent, and its answer, for a person
// to read: retries one by one, as they are on the wire. What gives access, the
// values of secrets and of variables that may be ones, and what is in modules and
// stored files, is masked or left out: what is written is there to be passed on.
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
		x.line("<", "the answer breaks off: %s", Printable(err.Error()))
	}
	x.body("<", resp.Header.Get("Content-Type"), body)
	d.write(x)
	resp.Body = reread{io.MultiReader(bytes.NewReader(body), failing{err}), resp.Body}
	return resp, nil
}

// write writes one exchange at once: requests are sent side by side.
func (d *debugTransport) write(x *exchange) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.n++
	text := MaskValues(x.secrets...)(d.redact(x.text.String()))
	fmt.Fprintf(d.out, "#%d %s\n%s\n", d.n, time.Now().UTC().Format(time.RFC3339), text)
}

// reread is a body of which a part was read before.
type reread struct {
	io.Reader
	io.Closer
}

// failing ends a body as the one that was read ended.
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

// exchange is a request and its answer in words.
type exchange struct {
	text    bytes.Buffer
	secrets []string // that were sent, and that an answer may quote
}

func (x *exchange) line(side, format string, args ...any) {
	fmt.Fprintf(&x.text, side+" "+format+"\n", args...)
}

// plainHeaders are the headers whose values say nothing that is to be kept; of
// every other one, it is said that there is one.
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

// maskURL is a target without what somebody may have put into it.
func maskURL(u *url.URL) string {
	copied := *u
	copied.User, copied.Fragment = nil, ""
	return Printable(copied.String())
}

// request shows what is sent. Every body can be sent again, see [transport]: what
// cannot be is not shown.
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

// once shows a body that can be read once only, and puts back what was read.
func (x *exchange) once(req *http.Request) {
	if req.Body == nil || req.Body == http.NoBody {
		return
	}
	var read bytes.Buffer
	x.sent(req.Header.Get("Content-Type"), io.TeeReader(req.Body, &read))
	req.Body = reread{io.MultiReader(&read, req.Body), req.Body}
}

// sent shows what is sent: of a form, what is in its JSON, and how much there is
// of everything else.
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
		x.line(">", "part %q, %s, %d bytes that are left out", name, orDash(kind), size)
	}
}

// body shows JSON with confidential values masked, and how much there is of
// anything else.
func (x *exchange) body(side, contentType string, body []byte) {
	if len(body) == 0 {
		return
	}
	mediaType, _, _ := mime.ParseMediaType(contentType)
	var value any
	if mediaType != jsonType || len(body) > maxDebuggedRead || json.Unmarshal(body, &value) != nil {
		x.line(side, "%s, %d bytes that are left out", orDash(mediaType), len(body))
		return
	}
	encoded, err := json.Marshal(x.mask(value))
	if err != nil {
		return
	}
	text := MaskValues(x.secrets...)(string(encoded)) // before it is cut, so that no half of one is left
	if cut := len(text) - maxDebugged; cut > 0 {
		text = fmt.Sprintf("%s… (%d more bytes)", strings.ToValidUTF8(text[:maxDebugged], ""), cut)
	}
	x.line(side, "%s", text)
}

// confidential are names of fields whose values give access or may be secrets:
// the text of a binding is as often a key as not, although it is not called one.
var confidential = regexp.MustCompile(`(?i)^(text|json|value|jwt|key_base64|key_jwk|_headers|_redirects|props|content|code)$|token|secret_value|password|api_key|credential`)

// mask is a value without what is confidential.
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

// remember notes the texts in a value that was masked.
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

// bearer is what may be a token wherever it stands: a JSON web token, or one of
// Cloudflare's own.
var bearer = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{10,}(\.[A-Za-z0-9_-]+)*|\b(Bearer|bearer) [^\s"]+`)
