package account

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/spec"
)

const testAccount = "0123456789abcdef0123456789abcdef"

// crafted is a client of a server with answers made for the test. Waits take
// no time, and are recorded.
type crafted struct {
	*Client
	server *httptest.Server
	waits  *waits
}

func craft(t *testing.T, handler http.HandlerFunc, change ...func(*Options)) crafted {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	w := &waits{}
	options := Options{
		BaseURL:     server.URL + "/client/v4",
		Credentials: Credentials{Token: "test-token-value"},
		Sleep:       w.sleep,
	}
	for _, c := range change {
		c(&options)
	}
	client, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	return crafted{client, server, w}
}

type waits struct {
	mu  sync.Mutex
	all []time.Duration
}

func (w *waits) sleep(ctx context.Context, d time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, d)
	return ctx.Err()
}

func (w *waits) longest() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	var longest time.Duration
	for _, d := range w.all {
		longest = max(longest, d)
	}
	return longest
}

// answers gives one handler per request in turn, the last one for ever.
func answers(handlers ...http.HandlerFunc) (http.HandlerFunc, *int) {
	var mu sync.Mutex
	n := 0
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		h := handlers[min(n, len(handlers)-1)]
		n++
		mu.Unlock()
		h(w, r)
	}, &n
}

func reply(status int, contentType, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func success(result string) http.HandlerFunc {
	return reply(200, jsonType, `{"success":true,"errors":[],"messages":[],"result":`+result+`}`)
}

func failure(status, code int, message string, headers ...string) http.HandlerFunc {
	text, _ := json.Marshal(message)
	return reply(status, jsonType, fmt.Sprintf(`{"success":false,"errors":[{"code":%d,"message":%s}],"messages":[],"result":null}`, code, text), headers...)
}

// hangUp closes the connection instead of answering.
func hangUp(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		conn.Close()
	}
}

// codeOf is built code of one module.
func codeOf(source string) *spec.Code {
	code := new(spec.Code)
	code.Complete("index.js", []spec.Module{{Name: "index.js", Type: spec.ESModule, Content: []byte(source)}})
	return code
}

const workerSource = "export default { fetch() { return new Response('hello') } }\n"

func userWorker(namespace, name string, change ...func(*spec.Script)) *spec.UserWorker {
	w := &spec.UserWorker{DispatchNamespace: namespace, Name: name, Script: testScript(change)}
	return w
}

func worker(name string, change ...func(*spec.Script)) *spec.Worker {
	return &spec.Worker{Name: name, Script: testScript(change)}
}

func testScript(changes []func(*spec.Script)) spec.Script {
	s := spec.Script{Code: codeOf(workerSource), CompatibilityDate: "2026-01-01"}
	for _, change := range changes {
		change(&s)
	}
	return s
}

func put(t *testing.T, a *Account, r spec.Resource, prior *spec.Revision, secrets ...string) spec.Revision {
	t.Helper()
	w := spec.Write{Stack: "platform", Resource: r, Prior: prior, Secrets: map[string]spec.Secret{}}
	for i := 0; i < len(secrets); i += 2 {
		w.Secrets[secrets[i]] = spec.NewSecret(secrets[i+1])
	}
	revision, err := a.Put(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	return revision
}

// echoUpload answers an upload as the platform does.
func echoUpload(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		metadata := metadataOf(r.Header.Get("Content-Type"), body)
		answer, _ := json.Marshal(map[string]any{"id": name, "etag": "e1", "modified_on": "2026-01-02T03:04:05.6Z", "tags": metadata["tags"]})
		success(string(answer))(w, r)
	}
}

// metadataOf reads the metadata part of an upload.
func metadataOf(contentType string, body []byte) spec.Object {
	parts, _ := decodeParts(body, boundaryOf(contentType))
	metadata := spec.Object{}
	for _, p := range parts {
		if p.Name == metadataPart {
			_ = json.NewDecoder(bytes.NewReader(p.Content)).Decode(&metadata)
		}
	}
	return metadata
}
