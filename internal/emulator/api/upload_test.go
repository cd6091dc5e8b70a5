package api_test

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
)

func TestUploadAnswer(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	a.Namespace("prod")
	path := emulatortest.Script("prod", "acme")
	first := a.Upload(path, object{
		"compatibility_date": "2026-01-01", "compatibility_flags": []string{"nodejs_compat"},
		"tags": []string{"a", "b"}, "limits": object{"cpu_ms": 50}, "placement": object{"mode": "smart"},
	}).Object()
	for field, want := range map[string]any{
		"id": "acme", "has_assets": false, "has_modules": true, "usage_model": "standard", "last_deployed_from": "api",
		"compatibility_date": "2026-01-01", "startup_time_ms": 1.0, "logpush": false, "tail_consumers": nil,
		"placement_mode": "smart", "entry_point": "index.js",
	} {
		if got, present := first[field]; !present || got != want {
			t.Errorf("%s is %v, want %v", field, got, want)
		}
	}
	for field, pattern := range map[string]string{
		"tag": `^[0-9a-f]{32}$`, "etag": `^[0-9a-f]{64}$`, "handlers": `^\[fetch\]$`, "tags": `^\[a b\]$`,
		"deployment_id": `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`,
		"created_on":    `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$`, "modified_on": `\.\d{6}Z$`,
	} {
		if got := fmt.Sprint(first[field]); !regexp.MustCompile(pattern).MatchString(got) {
			t.Errorf("%s is %s, want %s", field, got, pattern)
		}
	}

	second := a.Upload(path, object{"tags": []string{"c"}}).Object()
	for _, field := range []string{"tag", "created_on", "etag"} {
		if first[field] != second[field] {
			t.Errorf("%s changed from %v to %v", field, first[field], second[field])
		}
	}
	for _, field := range []string{"modified_on", "deployment_id"} {
		if first[field] == second[field] {
			t.Errorf("%s did not change", field)
		}
	}
	// An upload replaces everything.
	a.Get(path + "/settings").OK().Is(`{"bindings":[],"compatibility_flags":[],"tags":["c"],"usage_model":"standard",
		"logpush":false,"tail_consumers":null,"placement":{}}`)

	wrangler := a.Send("PUT", path+"?excludeScript=true&bindings_inherit=strict", "application/javascript",
		strings.NewReader("addEventListener('fetch', () => {})"), "User-Agent", "wrangler/4.164.0").Object()
	if wrangler["last_deployed_from"] != "wrangler" || wrangler["has_modules"] != false || wrangler["etag"] == first["etag"] {
		t.Errorf("after an upload by wrangler: %v", wrangler)
	}
}

func TestUploadShapes(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	a.Namespace("prod")
	path := emulatortest.Script("prod", "acme")
	send := func(contentType string, body io.Reader) *emulatortest.Response {
		return a.Send("PUT", path, contentType, body)
	}

	t.Run("metadata as a file part", func(t *testing.T) {
		send(emulatortest.Form(t, "", nil, emulatortest.Part("metadata", "metadata.json", "application/json", `{"main_module":"index.js"}`), emulatortest.JS("index.js", emulatortest.Hello))).OK()
	})
	t.Run("main module by file name", func(t *testing.T) {
		send(emulatortest.Form(t, "metadata", object{"main_module": "x.mjs"}, emulatortest.Part("script", "x.mjs", emulatortest.ESModule, emulatortest.Hello))).OK()
	})
	t.Run("modules in folders and a source map", func(t *testing.T) {
		send(emulatortest.Form(t, "metadata", object{"main_module": "index.js"}, emulatortest.JS("index.js", emulatortest.Hello), emulatortest.JS("lib/util.js", "export {}"),
			emulatortest.Part("index.js.map", "index.js.map", "application/source-map", "{}"))).OK()
		got := content(t, a.Get(path+"/content").OK())
		if len(got) != 2 || got["lib/util.js"] != "export {}" || got["index.js"] != emulatortest.Hello {
			t.Errorf("content is %v", got)
		}
		if entry := a.Get(path + "/content").Header.Get("Cf-Entrypoint"); entry != "index.js" {
			t.Errorf("cf-entrypoint is %q", entry)
		}
	})
	t.Run("service worker", func(t *testing.T) {
		source := "addEventListener('fetch', e => {})"
		send(emulatortest.Form(t, "metadata", object{"body_part": "script"}, emulatortest.Part("script", "worker.js", "application/javascript", source))).OK()
		raw := a.Get(path + "/content").OK()
		if string(raw.Body) != source || raw.Header.Get("Content-Type") != "application/javascript" {
			t.Errorf("content is %q, a %s", raw.Body, raw.Header.Get("Content-Type"))
		}
	})
	t.Run("new content", func(t *testing.T) {
		a.Upload(path, object{"tags": []string{"kept"}}).OK()
		contentType, body := emulatortest.Form(t, "metadata", object{"main_module": "b.js"}, emulatortest.JS("b.js", "export default {scheduled(){}}"))
		a.Send("PUT", path+"/content", contentType, body).OK()
		if tags := a.Get(path + "/tags"); emulatortest.Normal(t, tags.Result) != `["kept"]` {
			t.Errorf("tags are %s", tags.Result)
		}
		contentType, body = emulatortest.Form(t, "", nil, emulatortest.JS("c.js", "export default {scheduled(){}}"))
		if got := a.Send("PUT", path+"/content", contentType, body, "CF-WORKER-MAIN-MODULE-PART", "c.js").Field("handlers"); got != `["scheduled"]` {
			t.Errorf("handlers are %s", got)
		}
	})
}

// content parses a multipart response.
func content(t *testing.T, r *emulatortest.Response) map[string]string {
	t.Helper()
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	reader := multipart.NewReader(bytes.NewReader(r.Body), params["boundary"])
	parts := map[string]string{}
	for {
		p, err := reader.NextPart()
		if err == io.EOF {
			return parts
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		_, names, err := mime.ParseMediaType(p.Header.Get("Content-Disposition"))
		if err != nil {
			t.Fatal(err)
		}
		if names["name"] != names["filename"] {
			t.Errorf("the part %q is the file %q", names["name"], names["filename"])
		}
		parts[names["filename"]] = string(data)
	}
}

func TestUploadRefusals(t *testing.T) {
	today := time.Date(2026, 11, 21, 23, 0, 0, 0, time.UTC)
	a := emulatortest.Open(t, emulator.Options{Options: api.Options{Now: func() time.Time { return today }}})
	a.Namespace("prod")
	a.JSON("PUT", "/workers/subdomain", object{"subdomain": "x"}).OK()
	a.JSON("POST", "/r2/buckets", object{"name": "uploads"}).OK()
	path := emulatortest.Script("prod", "acme")

	many := func(n int, make func(i int) any) []any {
		var all []any
		for i := range n {
			all = append(all, make(i))
		}
		return all
	}
	text := func(name string) any { return object{"type": "plain_text", "name": name, "text": "x"} }
	metadata := map[string]struct {
		metadata object
		status   int
		code     int
	}{
		"duplicate binding":          {object{"bindings": []any{text("A"), text("A")}}, 400, 10053},
		"binding without name":       {object{"bindings": []any{text("")}}, 400, 10052},
		"unknown binding type":       {object{"bindings": []any{object{"type": "nonsense", "name": "A"}}}, 400, 100153},
		"binding without its field":  {object{"bindings": []any{object{"type": "r2_bucket", "name": "A"}}}, 400, 10021},
		"binding with a wrong field": {object{"bindings": []any{object{"type": "plain_text", "name": "A", "text": 1}}}, 400, 10021},
		"bindings not a list":        {object{"bindings": 1}, 400, 10021},
		"binding not an object":      {object{"bindings": []any{1}}, 400, 10021},
		"keep_bindings not a list":   {object{"keep_bindings": "plain_text"}, 400, 10021},
		"large variable":             {object{"bindings": []any{object{"type": "plain_text", "name": "A", "text": strings.Repeat("x", 5121)}}}, 400, 10054},
		"large secret":               {object{"bindings": []any{object{"type": "secret_text", "name": "A", "text": strings.Repeat("x", 5121)}}}, 400, 10054},
		"many variables":             {object{"bindings": many(129, func(i int) any { return text(fmt.Sprint("V", i)) })}, 400, 10055},
		"missing KV namespace":       {object{"bindings": []any{object{"type": "kv_namespace", "name": "A", "namespace_id": strings.Repeat("0", 32)}}}, 400, 10041},
		"malformed KV namespace":     {object{"bindings": []any{object{"type": "kv_namespace", "name": "A", "namespace_id": "kv"}}}, 400, 10042},
		"missing D1 database":        {object{"bindings": []any{object{"type": "d1", "name": "A", "id": "x"}}}, 400, 10181},
		"missing D1 database, again": {object{"bindings": []any{object{"type": "d1", "name": "A", "database_id": "x"}}}, 400, 10181},
		"D1 database without an id":  {object{"bindings": []any{object{"type": "d1", "name": "A"}}}, 400, 10181},
		"missing R2 bucket":          {object{"bindings": []any{object{"type": "r2_bucket", "name": "A", "bucket_name": "none"}}}, 400, 10085},
		"bucket elsewhere":           {object{"bindings": []any{object{"type": "r2_bucket", "name": "A", "bucket_name": "uploads", "jurisdiction": "eu"}}}, 400, 10085},
		"missing queue":              {object{"bindings": []any{object{"type": "queue", "name": "A", "queue_name": "none"}}}, 400, 11000},
		"missing class's script":     {object{"bindings": []any{object{"type": "durable_object_namespace", "name": "A", "class_name": "C", "script_name": "none"}}}, 400, 10061},
		"class of no migration":      {object{"bindings": []any{object{"type": "durable_object_namespace", "name": "A", "class_name": "C"}}}, 400, 10061},
		"class of another migration": {object{"migrations": emulatortest.NewClasses("Other"), "bindings": []any{object{"type": "durable_object_namespace", "name": "A", "class_name": "C"}}}, 400, 10061},
		"missing workflow's script":  {object{"bindings": []any{object{"type": "workflow", "name": "A", "workflow_name": "w", "script_name": "none"}}}, 400, 10143},
		"rate limit without limit":   {object{"bindings": []any{object{"type": "ratelimit", "name": "A", "namespace_id": "1"}}}, 400, 10021},
		"rate limit's period":        {object{"bindings": []any{object{"type": "ratelimit", "name": "A", "namespace_id": "1", "simple": object{"limit": 1, "period": 30}}}}, 400, 10021},
		"missing dispatch namespace": {object{"bindings": []any{object{"type": "dispatch_namespace", "name": "A", "namespace": "none"}}}, 400, 100119},
		"missing outbound Worker": {object{"bindings": []any{object{
			"type": "dispatch_namespace", "name": "A", "namespace": "prod", "outbound": object{"worker": object{"service": "none"}}}}}, 400, 10143},
		"malformed outbound": {object{"bindings": []any{object{
			"type": "dispatch_namespace", "name": "A", "namespace": "prod", "outbound": object{"params": []any{object{}}}}}}, 400, 10021},
		"outbound of a wrong type":  {object{"bindings": []any{object{"type": "dispatch_namespace", "name": "A", "namespace": "prod", "outbound": 1}}}, 400, 10021},
		"missing service":           {object{"bindings": []any{object{"type": "service", "name": "A", "service": "none"}}}, 400, 10143},
		"neighbour as service":      {object{"bindings": []any{object{"type": "service", "name": "A", "service": "acme"}}}, 400, 10143},
		"missing tail consumer":     {object{"tail_consumers": []any{object{"service": "none"}}}, 400, 10143},
		"missing tail namespace":    {object{"tail_consumers": []any{object{"service": "none", "namespace": "none"}}}, 400, 100119},
		"missing user Worker":       {object{"tail_consumers": []any{object{"service": "none", "namespace": "prod"}}}, 400, 10143},
		"tail consumers no list":    {object{"tail_consumers": object{}}, 400, 10021},
		"many tags":                 {object{"tags": []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"}}, 403, 100103},
		"long tag":                  {object{"tags": []string{strings.Repeat("x", 129)}}, 400, 100102},
		"empty tag":                 {object{"tags": []string{""}}, 400, 10021},
		"tags not a list":           {object{"tags": "x"}, 400, 10021},
		"malformed date":            {object{"compatibility_date": "2026-1-1"}, 400, 10021},
		"impossible date":           {object{"compatibility_date": "2026-02-30"}, 400, 10021},
		"date of tomorrow":          {object{"compatibility_date": "2026-11-22"}, 400, 10021},
		"date not text":             {object{"compatibility_date": 20261121}, 400, 10021},
		"much CPU":                  {object{"limits": object{"cpu_ms": 300001}}, 400, 10206},
		"unknown usage model":       {object{"usage_model": "free"}, 400, 10021},
		"CPU not a number":          {object{"limits": object{"cpu_ms": "many"}}, 400, 10021},
		"limits not an object":      {object{"limits": 50}, 400, 10021},
		"CPU with an old model":     {object{"limits": object{"cpu_ms": 50}, "usage_model": "bundled"}, 400, 10205},
		"unknown main module":       {object{"main_module": "none.js"}, 400, 10021},
		"no main module":            {object{"main_module": ""}, 400, 10021},
		"both kinds of main module": {object{"body_part": "index.js"}, 400, 10021},
		"main module not text":      {object{"main_module": 1}, 400, 10021},
		"unknown assets":            {object{"assets": object{"jwt": "x"}}, 400, 10343},
		"unexpected migration":      {object{"migrations": object{"old_tag": "v1", "new_tag": "v2"}}, 400, 10079},
		"malformed migration":       {object{"migrations": 1}, 400, 10021},
	}
	for name, test := range metadata {
		t.Run(name, func(t *testing.T) {
			a.Upload(path, test.metadata).Fails(test.status, test.code)
			a.Upload(emulatortest.Worker("acme2"), test.metadata).Fails(test.status, test.code)
		})
	}

	bodies := map[string]struct {
		contentType, body string
		code              int
	}{
		"no content type":    {"", "x", 10001},
		"json":               {"application/json", `{"metadata":{"main_module":"index.js"}}`, 10001},
		"no boundary":        {"multipart/form-data", "x", 10001},
		"malformed type":     {"multipart/form-data; boundary", "x", 10001},
		"not multipart":      {"multipart/form-data; boundary=x", "x", 10021},
		"unfinished":         {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nabc", 10006},
		"no metadata":        {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nabc\r\n--x--\r\n", 10021},
		"empty script":       {"application/javascript", "", 10021},
		"malformed metadata": {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\r\n{\r\n--x--\r\n", 10021},
		"null metadata":      {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\r\nnull\r\n--x--\r\n", 10021},
		"nameless part": {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\r\n{\"main_module\":\"a\"}\r\n" +
			"--x\r\n\r\nabc\r\n--x--\r\n", 10021},
	}
	for name, test := range bodies {
		t.Run(name, func(t *testing.T) {
			a.Send("PUT", path, test.contentType, strings.NewReader(test.body)).Fails(400, test.code)
		})
	}

	files := map[string][]emulatortest.FilePart{
		"empty module":     {emulatortest.JS("index.js", emulatortest.Hello), emulatortest.JS("b.js", "")},
		"empty main":       {emulatortest.JS("index.js", "")},
		"duplicate module": {emulatortest.JS("index.js", emulatortest.Hello), emulatortest.JS("index.js", emulatortest.Hello)},
	}
	for name, parts := range files {
		t.Run(name, func(t *testing.T) {
			contentType, body := emulatortest.Form(t, "metadata", object{"main_module": "index.js"}, parts...)
			a.Send("PUT", path, contentType, body).Fails(400, 10021)
		})
	}

	a.Upload(emulatortest.Script("none", "acme"), nil).Fails(404, 100119)
	a.Upload(emulatortest.Script("prod", strings.Repeat("x", 256)), nil).Fails(400, 10016)
	for _, name := range []string{"Upper", "-dash", "a.b", strings.Repeat("x", 64)} {
		a.Upload(emulatortest.Worker(name), nil).Fails(400, 10016)
	}
	// None of this has left a trace.
	a.Get(path).Fails(404, 10092)
	a.Get(emulatortest.Worker("acme2")).Fails(404, 10007)
}

func TestUploadLimitsThatFit(t *testing.T) {
	today := time.Date(2026, 11, 21, 23, 0, 0, 0, time.UTC)
	a := emulatortest.Open(t, emulator.Options{Options: api.Options{Now: func() time.Time { return today }}})
	a.Namespace("prod")
	var bindings []any
	for i := range 128 {
		bindings = append(bindings, object{"type": "plain_text", "name": fmt.Sprint("V", i), "text": strings.Repeat("x", 5120)})
	}
	a.Upload(emulatortest.Script("prod", "acme"), object{
		"bindings": bindings, "tags": []string{"1", "2", "3", "4", "5", "6", "7", strings.Repeat("x", 128)},
		"compatibility_date": "2026-11-21", "limits": object{"cpu_ms": 300000},
	}).OK()
}

func TestBodySize(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	a.Namespace("prod")
	for name, announced := range map[string]int64{"announced": 101 << 20, "met while reading": -1} {
		request := httptest.NewRequest("PUT", a.URL(emulatortest.Script("prod", "acme")), io.LimitReader(zeros{}, 101<<20))
		request.Header.Set("Authorization", "Bearer x")
		request.Header.Set("Content-Type", "application/javascript")
		request.ContentLength = announced
		recorder := httptest.NewRecorder()
		a.ServeHTTP(recorder, request)
		if recorder.Code != http.StatusRequestEntityTooLarge || !strings.Contains(recorder.Body.String(), "10027") {
			t.Errorf("%s: %d %s", name, recorder.Code, recorder.Body)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestMigrationClasses binds only to classes that migrations have created, and
// not deleted or renamed since.
func TestMigrationClasses(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	a.Namespace("prod")
	bound := func(class string) []any {
		return []any{object{"type": "durable_object_namespace", "name": "A", "class_name": class}}
	}
	for _, path := range []string{emulatortest.Script("prod", "acme"), emulatortest.Worker("rooms")} {
		a.Upload(path, object{"bindings": bound("Room"), "migrations": object{"new_tag": "v2", "steps": []any{
			object{"new_classes": []string{"Room", "Hall"}}, object{"new_sqlite_classes": []string{"Lobby"}},
		}}}).OK()
		a.Upload(path, object{"bindings": bound("Lobby")}).OK()
		a.Upload(path, object{"migrations": object{"old_tag": "v2", "new_tag": "v3",
			"renamed_classes": []any{object{"from": "Room", "to": "ChatRoom"}}, "deleted_classes": []string{"Lobby"},
			"transferred_classes": []any{object{"from": "X", "from_script": "y", "to": "Moved"}},
		}}).OK()
		for _, class := range []string{"ChatRoom", "Hall", "Moved"} {
			a.Upload(path, object{"bindings": bound(class)}).OK()
		}
		for _, class := range []string{"Room", "Lobby"} {
			a.Upload(path, object{"bindings": bound(class)}).Fails(400, 10061)
			a.Patch(path+"/settings", object{"bindings": bound(class)}).Fails(400, 10061)
		}
	}
	a.Upload(emulatortest.Worker("rooms"), object{"bindings": []any{object{"type": "durable_object_namespace", "name": "A", "class_name": "Room", "script_name": "rooms"}}}).Fails(400, 10061)
}

func TestMigrationTag(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	a.Namespace("prod")
	path := emulatortest.Script("prod", "acme")
	a.Upload(path, object{"migrations": object{"new_tag": "v1"}}).OK()
	refused := a.Upload(path, object{"migrations": object{"new_tag": "v2"}}).Fails(400, 10079)
	if want := "when expected tag is 'v1'"; !strings.Contains(refused.Errors[0].Message, want) {
		t.Errorf("%q does not say %q", refused.Errors[0].Message, want)
	}
	a.Upload(path, nil).OK()
	a.Upload(path, object{"migrations": nil}).OK()
	a.Upload(path, object{"migrations": object{"old_tag": "v1", "new_tag": "v2"}}).OK()
	var got struct {
		Script struct {
			MigrationTag string `json:"migration_tag"`
		}
	}
	a.Get(path).OK().Into(&got)
	if got.Script.MigrationTag != "v2" {
		t.Errorf("migration_tag is %q", got.Script.MigrationTag)
	}
}
