package emulator_test

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

// account is an emulator behind a real HTTP server, and the client that talks to it.
type account struct {
	*emulator.Emulator
	t    testing.TB
	base string // of the server
	id   string
}

// open starts an emulator in a fresh directory.
func open(t testing.TB, options emulator.Options) *account {
	t.Helper()
	if options.Dir == "" {
		options.Dir = t.TempDir()
	}
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
	return &account{Emulator: e, t: t, base: server.URL + emulator.BasePath, id: emulator.LocalAccountID}
}

// answer is what came back.
type answer struct {
	t       testing.TB
	request string
	status  int
	header  http.Header
	body    []byte

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

// send sends a request. A path that does not begin with /accounts, /zones, /user or /memberships is below the account.
func (a *account) send(method, path, contentType string, body io.Reader, header ...string) *answer {
	a.t.Helper()
	request, err := http.NewRequest(method, a.url(path), body)
	if err != nil {
		a.t.Fatal(err)
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
		a.t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	got := &answer{t: a.t, request: method + " " + path, status: response.StatusCode, header: response.Header, body: raw}
	if strings.HasPrefix(response.Header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(raw, got); err != nil {
			a.t.Fatalf("%s: %v in %s", got.request, err, raw)
		}
	}
	return got
}

func (a *account) url(path string) string {
	for _, root := range []string{"/accounts", "/zones", "/user", "/memberships"} {
		if strings.HasPrefix(path, root) {
			return a.base + path
		}
	}
	return a.base + "/accounts/" + a.id + path
}

// json sends a JSON body; nil sends none.
func (a *account) json(method, path string, body any) *answer {
	a.t.Helper()
	if body == nil {
		return a.send(method, path, "", nil)
	}
	raw, isText := body.(string)
	if !isText {
		encoded, err := json.Marshal(body)
		if err != nil {
			a.t.Fatal(err)
		}
		raw = string(encoded)
	}
	return a.send(method, path, "application/json", strings.NewReader(raw))
}

func (a *account) get(path string) *answer { a.t.Helper(); return a.json("GET", path, nil) }

// object is a JSON object.
type object = map[string]any

// filePart is a file of a multipart body.
type filePart struct{ field, file, contentType, content string }

// form builds a multipart body: a plain field with the given name and JSON, then the files.
func form(t testing.TB, field string, value any, files ...filePart) (string, io.Reader) {
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

const esModule = "application/javascript+module"

// js is an ES module, under its name as field and file alike.
func js(name, content string) filePart { return filePart{name, name, esModule, content} }

const hello = "export default { async fetch(request) { return new Response('hello') } }"

// upload sends a script with index.js as its only module. metadata needs no main_module.
func (a *account) upload(path string, metadata object) *answer {
	a.t.Helper()
	whole := object{"main_module": "index.js"}
	for name, value := range metadata {
		whole[name] = value
	}
	contentType, body := form(a.t, "metadata", whole, js("index.js", hello))
	return a.send("PUT", path, contentType, body)
}

// patch sends settings.
func (a *account) patch(path string, settings object) *answer {
	a.t.Helper()
	contentType, body := form(a.t, "settings", settings)
	return a.send("PATCH", path, contentType, body)
}

// namespace creates a dispatch namespace.
func (a *account) namespace(name string) {
	a.t.Helper()
	a.json("POST", "/workers/dispatch/namespaces", object{"name": name}).ok()
}

// kv creates a KV namespace and returns its id.
func (a *account) kv(title string) string {
	a.t.Helper()
	var created struct{ ID string }
	a.json("POST", "/storage/kv/namespaces", object{"title": title}).ok().into(&created)
	return created.ID
}

// database creates a D1 database and returns its id.
func (a *account) database(name string) string {
	a.t.Helper()
	var created struct{ UUID string }
	a.json("POST", "/d1/database", object{"name": name}).ok().into(&created)
	return created.UUID
}

// queue creates a queue and returns its id.
func (a *account) queue(name string) string {
	a.t.Helper()
	var created struct {
		ID string `json:"queue_id"`
	}
	a.json("POST", "/queues", object{"queue_name": name}).ok().into(&created)
	return created.ID
}

// zone gives the account a zone and returns its id.
func (a *account) zone(name string) string {
	a.t.Helper()
	if err := a.EnsureZone(a.id, name); err != nil {
		a.t.Fatal(err)
	}
	var zones []struct{ ID string }
	a.get("/zones?name=" + name).ok().into(&zones)
	if len(zones) != 1 {
		a.t.Fatalf("%d zones are called %s", len(zones), name)
	}
	return zones[0].ID
}

// script is the path of a user Worker.
func script(namespace, name string) string {
	return "/workers/dispatch/namespaces/" + namespace + "/scripts/" + name
}

// worker is the path of an account Worker.
func worker(name string) string { return "/workers/scripts/" + name }

// ok wants success.
func (r *answer) ok() *answer {
	r.t.Helper()
	if r.status != 200 || !r.Success && strings.HasPrefix(r.header.Get("Content-Type"), "application/json") {
		r.t.Fatalf("%s: %d %s", r.request, r.status, r.body)
	}
	return r
}

// fails wants a status and the codes of all errors.
func (r *answer) fails(status int, codes ...int) *answer {
	r.t.Helper()
	var got []int
	for _, e := range r.Errors {
		got = append(got, e.Code)
	}
	same := len(got) == len(codes)
	for i := 0; same && i < len(codes); i++ {
		same = got[i] == codes[i]
	}
	if r.status != status || !same || r.Success {
		r.t.Errorf("%s: got %d %s, want %d %v", r.request, r.status, r.body, status, codes)
	}
	return r
}

// into decodes the result.
func (r *answer) into(result any) *answer {
	r.t.Helper()
	if err := json.Unmarshal(r.Result, result); err != nil {
		r.t.Fatalf("%s: %v in %s", r.request, err, r.body)
	}
	return r
}

// object returns the result as an object.
func (r *answer) object() object {
	r.t.Helper()
	var result object
	r.ok().into(&result)
	return result
}

// is compares the result with JSON.
func (r *answer) is(want string) *answer {
	r.t.Helper()
	if got, want := normal(r.t, r.Result), normal(r.t, []byte(want)); got != want {
		r.t.Errorf("%s:\n got %s\nwant %s", r.request, got, want)
	}
	return r
}

// normal writes JSON with sorted members.
func normal(t testing.TB, raw []byte) string {
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

// field is the JSON of one member of the result.
func (r *answer) field(name string) string {
	r.t.Helper()
	var result map[string]json.RawMessage
	r.ok().into(&result)
	if result[name] == nil {
		return "absent"
	}
	return normal(r.t, result[name])
}
