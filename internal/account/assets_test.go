package account

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/wfpsync/wfpsync/spec"
)

// site is a directory of static files.
type site map[string]string

func (s site) OpenAsset(file spec.AssetFile) (io.ReadCloser, error) {
	content, found := s[file.Path]
	if !found {
		return nil, errors.New("the file is gone")
	}
	return io.NopCloser(strings.NewReader(content)), nil
}

func (s site) assets() *spec.Assets {
	var list []spec.AssetFile
	for path, content := range s {
		sum := sha256.Sum256([]byte(content))
		list = append(list, spec.AssetFile{Path: path, Type: map[bool]string{true: "text/html"}[strings.HasSuffix(path, ".html")], Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:])})
	}
	files := &spec.AssetFiles{}
	files.Complete(list, "/*\n  X: y\n", "", s)
	return &spec.Assets{Files: files, Config: spec.Object{"html_handling": "none"}}
}

func withAssets(a *spec.Assets) func(*spec.Script) { return func(s *spec.Script) { s.Assets = a } }

// store is a server that takes static files and a script. It wants one file a
// bucket.
type store struct {
	t         *testing.T
	namespace string // of the script; "" for the account's own
	fail      func(n int, r *http.Request) http.HandlerFunc

	mu       sync.Mutex
	requests int
	known    map[string]string // content by hash
	types    map[string]string
	sessions int
	manifest map[string]assetEntry
	metadata spec.Object
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	if s.fail != nil {
		if h := s.fail(s.requests, r); h != nil {
			h(w, r)
			return
		}
	}
	scripts := "/client/v4/accounts/" + testAccount + "/workers/scripts/"
	if s.namespace != "" {
		scripts = "/client/v4/accounts/" + testAccount + "/workers/dispatch/namespaces/" + s.namespace + "/scripts/"
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client gave up
	}
	authorization := r.Header.Get("Authorization")
	switch {
	case r.Method == http.MethodPost && r.URL.Path == scripts+"site/assets-upload-session":
		var m assetManifest
		if err := json.Unmarshal(body, &m); err != nil || authorization != "Bearer test-token-value" {
			s.t.Errorf("session: %v, %s", err, authorization)
		}
		s.manifest = m.Manifest
		s.sessions++
		response := assetSession{Token: fmt.Sprintf("session-token-%d", s.sessions), Buckets: [][]string{}}
		for _, entry := range m.Manifest {
			if _, known := s.known[entry.Hash]; !known {
				response.Buckets = append(response.Buckets, []string{entry.Hash})
			}
		}
		if len(response.Buckets) == 0 {
			response.Token = "completion-token"
		}
		s.respond(w, r, 200, response)
	case r.Method == http.MethodPost && r.URL.RequestURI() == "/client/v4/accounts/"+testAccount+"/workers/assets/upload?base64=true":
		if authorization != fmt.Sprintf("Bearer session-token-%d", s.sessions) || r.Header.Get("X-Auth-Key") != "" {
			s.t.Errorf("files were sent with %q", authorization)
		}
		parts, err := decodeParts(body, boundaryOf(r.Header.Get("Content-Type")))
		if err != nil || len(parts) != 1 || int64(len(body)) != r.ContentLength {
			s.t.Errorf("%d parts, %v", len(parts), err)
			return
		}
		content, err := base64.StdEncoding.DecodeString(string(parts[0].Content))
		if err != nil {
			s.t.Error(err)
		}
		s.known[parts[0].Name], s.types[parts[0].Name] = string(content), string(parts[0].Type)
		for _, entry := range s.manifest {
			if _, known := s.known[entry.Hash]; !known {
				s.respond(w, r, 202, nil)
				return
			}
		}
		s.respond(w, r, 201, assetSession{Token: "completion-token"})
	case r.Method == http.MethodPut && r.URL.Path == scripts+"site":
		s.metadata = metadataOf(r.Header.Get("Content-Type"), body)
		s.respond(w, r, 200, map[string]any{"id": "site", "etag": "e1", "modified_on": "2026-01-02T03:04:05.6Z", "tags": s.metadata["tags"], "has_assets": true})
	default:
		s.t.Errorf("unexpected %s %s", r.Method, r.URL)
		failure(404, 7000, "no route")(w, r)
	}
}

func (s *store) respond(w http.ResponseWriter, r *http.Request, status int, result any) {
	text, err := json.Marshal(result)
	if err != nil {
		s.t.Error(err)
	}
	reply(status, jsonType, `{"success":true,"errors":[],"messages":[],"result":`+string(text)+`}`)(w, r)
}

func newStore(t *testing.T, namespace string) (*store, *Account) {
	s := &store{t: t, namespace: namespace, known: map[string]string{}, types: map[string]string{}}
	return s, craft(t, s.ServeHTTP).Account(testAccount)
}

var website = site{"/index.html": "<h1>hello</h1>", "/empty": "", "/big.bin": strings.Repeat("0123456789", 30_000)}

func putSite(a *Account, r spec.Resource) (spec.Revision, error) {
	return a.Put(context.Background(), spec.Write{Stack: "platform", Resource: r})
}

func TestPutAssets(t *testing.T) {
	for namespace, resource := range map[string]spec.Resource{
		"customers": userWorker("customers", "site", withAssets(website.assets())),
		"":          worker("site", withAssets(website.assets())),
	} {
		s, a := newStore(t, namespace)
		revision, err := putSite(a, resource)
		if err != nil {
			t.Fatal(err)
		}
		if !revision.Mark.DescribesAssets(website.assets()) {
			t.Errorf("the mark %+v is not of the assets", revision.Mark)
		}
		if s.requests != 1+len(website)+1 || len(s.known) != len(website) {
			t.Errorf("%d requests for %d files", s.requests, len(s.known))
		}
		for path, entry := range s.manifest {
			if s.known[entry.Hash] != website[path] || entry.Size != int64(len(website[path])) {
				t.Errorf("%s: %d bytes arrived", path, len(s.known[entry.Hash]))
			}
			if want := map[bool]string{true: "text/html", false: "application/null"}[path == "/index.html"]; s.types[entry.Hash] != want {
				t.Errorf("%s has the type %q", path, s.types[entry.Hash])
			}
		}
		got, _ := json.Marshal(s.metadata["assets"])
		if want := `{"config":{"_headers":"/*\n  X: y\n","html_handling":"none"},"jwt":"completion-token"}`; string(got) != want {
			t.Errorf("the metadata has %s", got)
		}

		// The second time, nothing is missing.
		before := s.requests
		if _, err := putSite(a, resource); err != nil || s.requests != before+2 {
			t.Errorf("%d requests, %v", s.requests-before, err)
		}
	}
}

func TestPutAssetsWithoutCode(t *testing.T) {
	s, a := newStore(t, "")
	_, err := putSite(a, worker("site", withAssets(website.assets()), func(script *spec.Script) { script.Code = spec.NoCode() }))
	if err != nil {
		t.Fatal(err)
	}
	if s.metadata["main_module"] != nil || s.metadata["body_part"] != nil || s.metadata["assets"] == nil {
		t.Errorf("metadata %v", s.metadata)
	}
}

// No two Workers share a hash, and neither do two types of one content.
func TestAssetHash(t *testing.T) {
	file := website.assets().Files.Files[0]
	a := spec.Address{Kind: spec.KindUserWorker, Parent: "customers", Name: "a"}
	seen := map[string]bool{}
	for _, hash := range []string{
		assetHash("1", a, file),
		assetHash("2", a, file),
		assetHash("1", spec.Address{Kind: spec.KindUserWorker, Parent: "customers", Name: "b"}, file),
		assetHash("1", spec.Address{Kind: spec.KindWorker, Name: "a"}, file),
		assetHash("1", a, spec.AssetFile{Type: "text/x", SHA256: file.SHA256}),
		assetHash("1", a, spec.AssetFile{Type: file.Type, SHA256: "00"}),
	} {
		if len(hash) != 32 || strings.Trim(hash, "0123456789abcdef") != "" || seen[hash] {
			t.Errorf("hash %q", hash)
		}
		seen[hash] = true
	}
	moved := file
	moved.Path = "/elsewhere"
	if assetHash("1", a, file) != assetHash("1", a, moved) {
		t.Error("a file that is moved would be sent again")
	}
}

// What fails once is tried again, and nothing that arrived is sent twice.
func TestAssetsAreTriedAgain(t *testing.T) {
	nth := func(n int, h http.HandlerFunc) func(int, *http.Request) http.HandlerFunc {
		return func(request int, _ *http.Request) http.HandlerFunc {
			if request == n {
				return h
			}
			return nil
		}
	}
	put := func(h http.HandlerFunc) func(int, *http.Request) http.HandlerFunc {
		failed := false
		return func(_ int, r *http.Request) http.HandlerFunc {
			if r.Method == http.MethodPut && !failed {
				failed = true
				return h
			}
			return nil
		}
	}
	for name, test := range map[string]struct {
		fail     func(int, *http.Request) http.HandlerFunc
		sessions int
		requests int
	}{
		"session: an internal error":       {nth(1, failure(500, 10002, "internal error")), 1, 6},
		"session: no answer":               {nth(1, hangUp), 1, 6},
		"session: throttled":               {nth(1, failure(429, 971, "slow down", "Retry-After", "1")), 1, 6},
		"file: a gateway error":            {nth(2, reply(502, "text/html", "<h1>Bad Gateway</h1>")), 1, 6},
		"file: no answer":                  {nth(3, hangUp), 1, 6},
		"script: the files were forgotten": {put(failure(400, 10343, "no manifest")), 2, 7},
		"script: not all files were there": {put(failure(400, 10301, "partial")), 2, 7},
	} {
		t.Run(name, func(t *testing.T) {
			s, a := newStore(t, "customers")
			s.fail = test.fail
			if _, err := putSite(a, userWorker("customers", "site", withAssets(website.assets()))); err != nil {
				t.Fatal(err)
			}
			if s.sessions != test.sessions || s.requests != test.requests {
				t.Errorf("%d sessions, %d requests", s.sessions, s.requests)
			}
		})
	}
}

// A session lasts an hour. A new one asks only for what is still missing.
func TestAssetSessionExpires(t *testing.T) {
	s, a := newStore(t, "customers")
	expired := false
	s.fail = func(_ int, r *http.Request) http.HandlerFunc {
		if strings.HasSuffix(r.URL.Path, "/assets/upload") && s.sessions == 1 && len(s.known) == 1 && !expired {
			expired = true
			return failure(401, 10023, "the token session-token-1 has expired")
		}
		return nil
	}
	if _, err := putSite(a, userWorker("customers", "site", withAssets(site{"/a": "1", "/b": "2"}.assets()))); err != nil {
		t.Fatal(err)
	}
	if s.sessions != 2 || len(s.known) != 2 {
		t.Errorf("%d sessions, %d files", s.sessions, len(s.known))
	}

	s, a = newStore(t, "customers")
	s.fail = func(_ int, r *http.Request) http.HandlerFunc {
		if strings.HasSuffix(r.URL.Path, "/assets/upload") {
			return failure(401, 10023, fmt.Sprintf("the token session-token-%d is not valid", s.sessions))
		}
		return nil
	}
	_, err := putSite(a, userWorker("customers", "site", withAssets(site{"/a": "1"}.assets())))
	if err == nil || s.sessions != assetSessions || strings.Contains(err.Error(), "session-token") {
		t.Errorf("%d sessions, %v", s.sessions, err)
	}
}

func TestAssetFailures(t *testing.T) {
	gone, changed := site{"/a": "1"}, site{"/a": "1"}
	goneAssets, changedAssets := gone.assets(), changed.assets()
	delete(gone, "/a")
	changed["/a"] = "2"
	onSession := func(result string) func(int, *http.Request) http.HandlerFunc {
		return func(int, *http.Request) http.HandlerFunc { return success(result) }
	}
	for name, test := range map[string]struct {
		assets *spec.Assets
		fail   func(int, *http.Request) http.HandlerFunc
		want   string
		most   int // requests
	}{
		"the file is gone":      {goneAssets, nil, "static assets of user_worker/customers/site: the file is gone", 2},
		"the file has changed":  {changedAssets, nil, "the static file /a has changed since it was read", 2},
		"an unknown hash":       {website.assets(), onSession(`{"jwt":"x","buckets":[["0123\u001b"]]}`), `asks for a file "0123" that is not in the manifest`, 1},
		"no token":              {website.assets(), onSession(`{"buckets":[]}`), "no token", 1},
		"a manifest is refused": {website.assets(), func(int, *http.Request) http.HandlerFunc { return failure(400, 10304, "bad manifest") }, "Cloudflare 10304: bad manifest", 1},
		"no completion": {site{"/a": "1"}.assets(), func(n int, _ *http.Request) http.HandlerFunc {
			return map[bool]http.HandlerFunc{true: success("null")}[n == 2]
		}, "did not confirm them", 2},
		"nothing to upload from": {&spec.Assets{Files: &spec.AssetFiles{Digest: "x"}}, nil, "no static files", 0},
		"the script has none": {site{"/a": "1"}.assets(), func(_ int, r *http.Request) http.HandlerFunc {
			if r.Method != http.MethodPut {
				return nil
			}
			return success(`{"id":"site","etag":"e","modified_on":"2026-01-02T03:04:05.6Z","has_assets":false}`)
		}, `the API says that "site" has no static assets`, 3},
	} {
		t.Run(name, func(t *testing.T) {
			s, a := newStore(t, "customers")
			s.fail = test.fail
			_, err := putSite(a, userWorker("customers", "site", withAssets(test.assets)))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.requests > test.most {
				t.Errorf("%d requests", s.requests)
			}
		})
	}
}

// The assets of a live script are known as far as the list and the settings
// show them.
func TestLiveAssets(t *testing.T) {
	mark := spec.NewMark(strings.Repeat("c", 64), strings.Repeat("5", 64), markedAt).WithAssets(spec.LiveAssets("aaaaaaaaaaaaaaaa"))
	plain := spec.NewMark(strings.Repeat("c", 64), strings.Repeat("5", 64), markedAt)
	drifted := markedAt.AddDate(0, 0, 1)
	for name, test := range map[string]struct {
		revision spec.Revision
		listed   bool
		want     *spec.Assets
	}{
		"the mark vouches for them":     {spec.Revision{Mark: &mark, ModifiedOn: markedAt}, true, spec.LiveAssets("aaaaaaaaaaaaaaaa")},
		"the list does not show them":   {spec.Revision{Mark: &mark, ModifiedOn: markedAt}, false, spec.LiveAssets("aaaaaaaaaaaaaaaa")},
		"the mark vouches for none":     {spec.Revision{Mark: &plain, ModifiedOn: markedAt}, false, nil},
		"another program uploads them":  {spec.Revision{Mark: &plain, ModifiedOn: markedAt}, true, spec.LiveAssets("")},
		"written since":                 {spec.Revision{Mark: &mark, ModifiedOn: drifted}, false, spec.LiveAssets("")},
		"written since, and shown":      {spec.Revision{Mark: &plain, ModifiedOn: drifted}, true, spec.LiveAssets("")},
		"written since, and none shown": {spec.Revision{Mark: &plain, ModifiedOn: drifted}, false, nil},
		"no mark":                       {spec.Revision{}, true, spec.LiveAssets("")},
		"no mark and no assets":         {spec.Revision{}, false, nil},
	} {
		got := liveAssets(test.revision, test.listed)
		if (got == nil) != (test.want == nil) || got.Digest() != test.want.Digest() {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestBase64Reader(t *testing.T) {
	for _, size := range []int{0, 1, 2, 3, 4, 3<<12 - 1, 3 << 12, 3<<12 + 1, 100_001} {
		content := bytes.Repeat([]byte("x"), size)
		got, err := io.ReadAll(newBase64Reader(io.NopCloser(bytes.NewReader(content))))
		if err != nil || string(got) != base64.StdEncoding.EncodeToString(content) {
			t.Errorf("%d bytes: %d bytes, %v", size, len(got), err)
		}
	}
	broken := io.MultiReader(strings.NewReader("abc"), brokenReader{})
	if _, err := io.ReadAll(newBase64Reader(io.NopCloser(broken))); err == nil {
		t.Error("an error was swallowed")
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("broken") }
