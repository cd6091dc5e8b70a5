// Package emulatortest opens accounts for the tests of the emulator, and has a
// client that talks to them over HTTP. Only tests import it.
package emulatortest

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/internal/emulator"
)

// Account is an emulator behind a real HTTP server, and the client that talks
// to it.
type Account struct {
	*emulator.Emulator
	T    testing.TB
	Base string // of the server
	ID   string
}

// Open starts an emulator in a fresh directory.
func Open(t testing.TB, options emulator.Options) *Account {
	t.Helper()
	if options.Dir == "" {
		options.Dir = t.TempDir()
	}
	options.NoSync = true
	e, err := emulator.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(e)
	t.Cleanup(func() {
		server.Close()
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return &Account{Emulator: e, T: t, Base: server.URL + emulator.BasePath, ID: emulator.LocalAccountID}
}

// Response is the response to a request.
type Response struct {
	t       testing.TB
	Request string
	Status  int         `json:"-"`
	Header  http.Header `json:"-"`
	Body    []byte      `json:"-"`

	Success bool
	Errors  []struct {
		Code    int
		Message string
	}
	Messages   []any
	Result     json.RawMessage
	ResultInfo struct {
		Cursor     string
		Count      int
		Page       int
		PerPage    int `json:"per_page"`
		TotalCount int `json:"total_count"`
		TotalPages int `json:"total_pages"`
	} `json:"result_info"`
}

// Send sends a request. A path that does not begin with /accounts, /zones,
// /user or /memberships is below the account.
func (a *Account) Send(method, path, contentType string, body io.Reader, header ...string) *Response {
	a.T.Helper()
	request, err := http.NewRequest(method, a.URL(path), body)
	if err != nil {
		a.T.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer anything")
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i+1] == "" {
			request.Header.Del(header[i])
			continue
		}
		request.Header.Set(header[i], header[i+1])
	}
	request.Host = request.Header.Get("Host") // "": that of the URL
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		a.T.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		a.T.Fatal(err)
	}
	got := &Response{t: a.T, Request: method + " " + path, Status: response.StatusCode, Header: response.Header, Body: raw}
	if strings.HasPrefix(response.Header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(raw, got); err != nil {
			a.T.Fatalf("%s: %v in %s", got.Request, err, raw)
		}
	}
	return got
}

// URL returns the URL of a path, as in Send.
func (a *Account) URL(path string) string {
	for _, root := range []string{"/accounts", "/zones", "/user", "/memberships"} {
		if strings.HasPrefix(path, root) {
			return a.Base + path
		}
	}
	return a.Base + "/accounts/" + a.ID + path
}

// JSON sends a JSON body; nil sends none.
func (a *Account) JSON(method, path string, body any) *Response {
	a.T.Helper()
	if body == nil {
		return a.Send(method, path, "", nil)
	}
	raw, isText := body.(string)
	if !isText {
		encoded, err := json.Marshal(body)
		if err != nil {
			a.T.Fatal(err)
		}
		raw = string(encoded)
	}
	return a.Send(method, path, "application/json", strings.NewReader(raw))
}

// Get sends a GET.
func (a *Account) Get(path string) *Response { a.T.Helper(); return a.JSON("GET", path, nil) }

// Object is a JSON object.
type Object = map[string]any

// FilePart is a file of a multipart body.
type FilePart struct{ field, file, contentType, content string }

// Form builds a multipart body: a plain field with the given name and JSON,
// then the files.
func Form(t testing.TB, field string, value any, files ...FilePart) (string, io.Reader) {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	if field != "" {
		raw, isText := value.(string)
		if !isText {
			encoded, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			raw = string(encoded)
		}
		if err := w.WriteField(field, raw); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range files {
		header := textproto.MIMEHeader{}
		header.Set("Content-Disposition", `form-data; name="`+f.field+`"; filename="`+f.file+`"`)
		header.Set("Content-Type", f.contentType)
		p, err := w.CreatePart(header)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(p, f.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), &body
}

// ESModule is the content type of an ES module.
const ESModule = "application/javascript+module"

// JS returns an ES module, with its name as field and file.
func JS(name, content string) FilePart { return FilePart{name, name, ESModule, content} }

// Hello is the code of a Worker that responds.
const Hello = "export default { async fetch(request) { return new Response('hello') } }"

// Upload sends a script with index.js as its only module. metadata needs no
// main_module.
func (a *Account) Upload(path string, metadata Object) *Response {
	a.T.Helper()
	whole := Object{"main_module": "index.js"}
	for name, value := range metadata {
		whole[name] = value
	}
	contentType, body := Form(a.T, "metadata", whole, JS("index.js", Hello))
	return a.Send("PUT", path, contentType, body)
}

// Patch sends settings.
func (a *Account) Patch(path string, settings Object) *Response {
	a.T.Helper()
	contentType, body := Form(a.T, "settings", settings)
	return a.Send("PATCH", path, contentType, body)
}

// Namespace creates a dispatch namespace.
func (a *Account) Namespace(name string) {
	a.T.Helper()
	a.JSON("POST", "/workers/dispatch/namespaces", Object{"name": name}).OK()
}

// KV creates a KV namespace and returns its id.
func (a *Account) KV(title string) string {
	a.T.Helper()
	var created struct{ ID string }
	a.JSON("POST", "/storage/kv/namespaces", Object{"title": title}).OK().Into(&created)
	return created.ID
}

// Database creates a D1 database and returns its id.
func (a *Account) Database(name string) string {
	a.T.Helper()
	var created struct{ UUID string }
	a.JSON("POST", "/d1/database", Object{"name": name}).OK().Into(&created)
	return created.UUID
}

// Queue creates a queue and returns its id.
func (a *Account) Queue(name string) string {
	a.T.Helper()
	var created struct {
		ID string `json:"queue_id"`
	}
	a.JSON("POST", "/queues", Object{"queue_name": name}).OK().Into(&created)
	return created.ID
}

// Zone gives the account a zone and returns its id.
func (a *Account) Zone(name string) string {
	a.T.Helper()
	if err := a.EnsureZone(a.ID, name); err != nil {
		a.T.Fatal(err)
	}
	var zones []struct{ ID string }
	a.Get("/zones?name=" + name).OK().Into(&zones)
	if len(zones) != 1 {
		a.T.Fatalf("%d zones are called %s", len(zones), name)
	}
	return zones[0].ID
}

// Script returns the path of a user Worker.
func Script(namespace, name string) string {
	return "/workers/dispatch/namespaces/" + namespace + "/scripts/" + name
}

// Worker returns the path of an account Worker.
func Worker(name string) string { return "/workers/scripts/" + name }

// OK fails the test unless the request succeeded.
func (r *Response) OK() *Response {
	r.t.Helper()
	if r.Status != 200 || !r.Success && strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		r.t.Fatalf("%s: %d %s", r.Request, r.Status, r.Body)
	}
	return r
}

// Fails fails the test unless the response has a status and the codes of all
// errors.
func (r *Response) Fails(status int, codes ...int) *Response {
	r.t.Helper()
	var got []int
	for _, e := range r.Errors {
		got = append(got, e.Code)
	}
	same := len(got) == len(codes)
	for i := 0; same && i < len(codes); i++ {
		same = got[i] == codes[i]
	}
	if r.Status != status || !same || r.Success {
		r.t.Errorf("%s: got %d %s, want %d %v", r.Request, r.Status, r.Body, status, codes)
	}
	return r
}

// Into decodes the result.
func (r *Response) Into(result any) *Response {
	r.t.Helper()
	if err := json.Unmarshal(r.Result, result); err != nil {
		r.t.Fatalf("%s: %v in %s", r.Request, err, r.Body)
	}
	return r
}

// Object returns the result as an object.
func (r *Response) Object() Object {
	r.t.Helper()
	var result Object
	r.OK().Into(&result)
	return result
}

// Is compares the result with JSON.
func (r *Response) Is(want string) *Response {
	r.t.Helper()
	if got, want := Normal(r.t, r.Result), Normal(r.t, []byte(want)); got != want {
		r.t.Errorf("%s:\n got %s\nwant %s", r.Request, got, want)
	}
	return r
}

// Normal writes JSON with sorted members.
func Normal(t testing.TB, raw []byte) string {
	t.Helper()
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	sorted, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(sorted)
}

// Field returns the JSON of one member of the result.
func (r *Response) Field(name string) string {
	r.t.Helper()
	var result map[string]json.RawMessage
	r.OK().Into(&result)
	if result[name] == nil {
		return "absent"
	}
	return Normal(r.t, result[name])
}

// NewClasses returns a migration without a tag that creates Durable Object
// classes: an upload may repeat it.
func NewClasses(names ...string) Object { return Object{"new_sqlite_classes": names} }

// Part returns a file of a multipart body.
func Part(field, file, contentType, content string) FilePart {
	return FilePart{field, file, contentType, content}
}
