package page

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/internal/emulator/runtime"
)

const (
	// maxShown is how much of a response's body is shown, and maxDumped how
	// much of a binary one.
	maxShown  = 256 << 10
	maxDumped = 4 << 10
	// sendLimit is how long a response may take, including its body.
	sendLimit = 30 * time.Second
)

// newSender returns a client that sends every request to the Workers' port,
// whatever its host. The page shows the response as it is, so the client
// follows no redirect and decompresses nothing.
func newSender(workers string) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "tcp", workers)
			},
			DisableCompression:     true,
			DisableKeepAlives:      true,
			MaxResponseHeaderBytes: 1 << 20,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// requestForm is the form of a request.
type requestForm struct {
	Method  string `json:"method"`
	Host    string `json:"host"`
	Path    string `json:"path"`
	Headers string `json:"headers"` // one on each line
	Body    string `json:"body"`
}

// responseView is the response to a request.
type responseView struct {
	Status     int       `json:"status"`
	StatusText string    `json:"status_text"`
	Headers    []setting `json:"headers"`
	Body       string    `json:"body"`
	Pretty     string    `json:"pretty"` // JSON indented, if that differs from the body
	Hex        bool      `json:"hex"`    // the body is binary, and shown in hexadecimal
	Size       int       `json:"size"`   // bytes of the body that were received
	Cut        bool      `json:"cut"`    // more was received than is shown
	Unfinished string    `json:"unfinished"`
	Started    time.Time `json:"started"`
	MS         float64   `json:"ms"` // up to the last byte
	Ray        string    `json:"ray"`
}

// send sends a request to the Workers, as any client would.
func (p *Page) send(r *http.Request) (any, error) {
	var form requestForm
	if err := posted(r, &form); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), sendLimit)
	defer cancel()
	request, err := form.request(ctx)
	if err != nil {
		return nil, err
	}
	a := responseView{Started: time.Now().UTC(), Ray: api.NewRay()}
	request.Header.Set(runtime.RayHeader, a.Ray)
	response, err := p.sender.Do(request)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, fail(http.StatusGatewayTimeout, "no response within %v", sendLimit)
	case err != nil:
		return nil, fail(http.StatusBadGateway, "the request could not be sent: %v", cause(err))
	}
	defer response.Body.Close()
	a.read(response)
	a.MS = float64(time.Since(a.Started).Microseconds()) / 1000
	return a, nil
}

// cause returns an error without the request, which the form shows.
func cause(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}

// methods are the methods that a request may have.
var methods = []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}

// request returns the request of a form. Errors quote what the user wrote.
func (s requestForm) request(ctx context.Context) (*http.Request, error) {
	host, path := strings.TrimSpace(s.Host), strings.TrimSpace(s.Path)
	if path == "" {
		path = "/"
	}
	switch {
	case !slices.Contains(methods, s.Method):
		return nil, fail(http.StatusBadRequest, "unsupported method %q: use one of %s", s.Method, strings.Join(methods, ", "))
	case host == "":
		return nil, fail(http.StatusBadRequest, "which host is the request for?")
	case strings.Contains(host, "*"):
		return nil, fail(http.StatusBadRequest, "the host %q still has a star: put a name in its place", host)
	case strings.ContainsAny(host, "/@?#\\ "):
		return nil, fail(http.StatusBadRequest, "%q is not a host: a host is a name, with a port if needed", host)
	case !strings.HasPrefix(path, "/"):
		return nil, fail(http.StatusBadRequest, "the path %q does not begin with a slash", path)
	}
	var body io.Reader
	if s.Body != "" {
		body = strings.NewReader(s.Body)
	}
	request, err := http.NewRequestWithContext(ctx, s.Method, "http://"+host+path, body)
	if err != nil {
		return nil, fail(http.StatusBadRequest, "this is not a valid request: %v", cause(err))
	}
	request.Header.Set("User-Agent", "wfpsync dev")
	return request, s.setHeaders(request.Header)
}

// ours are the headers that follow from the rest of the form.
var ours = []string{"Connection", "Content-Length", "Host", "Transfer-Encoding", "Upgrade"}

func (s requestForm) setHeaders(header http.Header) error {
	cleared := map[string]bool{}
	lines := bufio.NewScanner(strings.NewReader(s.Headers))
	lines.Buffer(nil, maxPosted)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		name, value, found := strings.Cut(line, ":")
		name = textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name))
		switch {
		case !found:
			return fail(http.StatusBadRequest, "the header %q has no colon: write Name: value", line)
		case slices.Contains(ours, name):
			return fail(http.StatusBadRequest, "the header %s is set by the rest of the form", name)
		}
		if !cleared[name] {
			header.Del(name) // including our User-Agent
			cleared[name] = true
		}
		header.Add(name, strings.TrimSpace(value))
	}
	return lines.Err()
}

// read reads as much of a response as can be shown.
func (a *responseView) read(response *http.Response) {
	a.Status, a.StatusText = response.StatusCode, http.StatusText(response.StatusCode)
	a.Headers = []setting{}
	for name, values := range response.Header {
		for _, value := range values {
			a.Headers = append(a.Headers, setting{name, value})
		}
	}
	slices.SortStableFunc(a.Headers, func(x, y setting) int { return strings.Compare(x.Name, y.Name) })
	raw, err := io.ReadAll(io.LimitReader(response.Body, maxShown+1))
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		a.Unfinished = "The response was not complete after " + sendLimit.String() + "."
	case err != nil:
		a.Unfinished = "The response broke off: " + err.Error()
	}
	if a.Size = len(raw); a.Size > maxShown {
		raw, a.Cut = raw[:maxShown], true
	}
	a.show(raw, response.Header.Get("Content-Type"))
}

// show formats a body: text as it is, JSON also indented, and anything else in
// hexadecimal.
func (a *responseView) show(raw []byte, contentType string) {
	text := raw
	if a.Cut { // the cut may be within a character
		cutText, _ := cut(string(raw), len(raw)-utf8.UTFMax)
		text = []byte(cutText)
	}
	if !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 {
		a.Hex, a.Cut = true, a.Cut || len(raw) > maxDumped
		a.Body = hex.Dump(raw[:min(len(raw), maxDumped)])
		return
	}
	a.Body = string(text)
	mediaType, _, _ := mime.ParseMediaType(contentType)
	if mediaType != "application/json" && !strings.HasSuffix(mediaType, "+json") {
		return
	}
	var indented bytes.Buffer
	if json.Indent(&indented, text, "", "  ") == nil && indented.String() != a.Body {
		a.Pretty = indented.String()
	}
}
