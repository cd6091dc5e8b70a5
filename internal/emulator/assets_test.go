package emulator_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
)

// staticFile is a file as a client tells of it.
type staticFile struct{ path, hash, contentType, content string }

func hashOf(digit string) string { return strings.Repeat(digit, 32) }

var (
	indexPage = staticFile{"/index.html", hashOf("a"), "text/html", "<h1>hi</h1>"}
	logo      = staticFile{"/images/logo.svg", hashOf("b"), "image/svg+xml", "<svg/>"}
	license   = staticFile{"/LICENSE", hashOf("c"), "application/null", ""}
)

type assetSession struct {
	JWT     string
	Buckets [][]string
}

// session begins an upload session for a script.
func (a *account) session(path string, files ...staticFile) assetSession {
	a.t.Helper()
	manifest := object{}
	for _, file := range files {
		manifest[file.path] = object{"hash": file.hash, "size": len(file.content)}
	}
	var s assetSession
	a.json("POST", path+"/assets-upload-session", object{"manifest": manifest}).ok().into(&s)
	return s
}

// sendAssets sends files with the token of a session.
func (a *account) sendAssets(token string, files ...staticFile) *answer {
	a.t.Helper()
	var parts []filePart
	for _, file := range files {
		parts = append(parts, filePart{file.hash, file.hash, file.contentType, base64.StdEncoding.EncodeToString([]byte(file.content))})
	}
	contentType, body := form(a.t, "", nil, parts...)
	return a.send("POST", "/workers/assets/upload?base64=true", contentType, body, "Authorization", "Bearer "+token)
}

// completed uploads files for a script and returns the token that says so.
func (a *account) completed(path string, files ...staticFile) string {
	a.t.Helper()
	s := a.session(path, files...)
	var missing []staticFile
	for _, file := range files {
		if slices.Contains(slices.Concat(s.Buckets...), file.hash) {
			missing = append(missing, file)
		}
	}
	if len(missing) == 0 {
		return s.JWT
	}
	answer := a.sendAssets(s.JWT, missing...)
	if answer.status != 201 {
		a.t.Fatalf("%d %s", answer.status, answer.body)
	}
	answer.into(&s)
	return s.JWT
}

func (a *account) served(namespace, name string) string {
	a.t.Helper()
	files, err := a.ForTests().ServedAssets(a.id, namespace, name)
	if err != nil {
		a.t.Fatal(err)
	}
	var list []string
	for _, file := range files {
		list = append(list, fmt.Sprintf("%s %s %s", file.Path, file.Type, file.Content))
	}
	return strings.Join(list, "\n")
}

func TestAssetUpload(t *testing.T) {
	a := open(t, emulator.Options{})
	a.namespace("prod")
	path := script("prod", "site")

	// The script need not exist, and files may come one by one.
	s := a.session(path, indexPage, logo, license)
	if asked := slices.Concat(s.Buckets...); len(asked) != 3 {
		t.Errorf("asked for %v", asked)
	}
	if got := a.sendAssets(s.JWT, indexPage, license); got.status != 202 {
		t.Errorf("%d %s", got.status, got.body)
	}
	a.upload(path, object{"assets": object{"jwt": s.JWT}}).fails(400, 10301)
	last := a.sendAssets(s.JWT, logo)
	if last.status != 201 {
		t.Errorf("%d %s", last.status, last.body)
	}
	last.into(&s)
	answer := a.upload(path, object{
		"assets":   object{"jwt": s.JWT, "config": object{"not_found_handling": "404-page"}},
		"bindings": []any{object{"type": "assets", "name": "ASSETS"}},
	})
	if answer.field("has_assets") != "true" || answer.field("has_modules") != "true" {
		t.Errorf("%s", answer.body)
	}
	want := "/LICENSE  \n/images/logo.svg image/svg+xml <svg/>\n/index.html text/html <h1>hi</h1>"
	if got := a.served("prod", "site"); got != want {
		t.Errorf("served:\n%s", got)
	}

	// What the namespace knows is not asked for again, whoever brought it; another place knows nothing of it.
	if known := a.session(script("prod", "other"), indexPage, logo); len(known.Buckets) != 0 {
		t.Errorf("asked for %v", known.Buckets)
	}
	if unknown := a.session(worker("site"), indexPage); len(unknown.Buckets) != 1 {
		t.Errorf("asked for %v", unknown.Buckets)
	}

	// Code, settings and secrets leave the files alone; an upload without them takes them away, unless it keeps them.
	contentType, body := form(t, "metadata", object{"main_module": "index.js"}, js("index.js", hello))
	a.send("PUT", path+"/content", contentType, body).ok()
	a.patch(path+"/settings", object{"logpush": true}).ok()
	a.upload(path, object{"keep_assets": true}).ok()
	if got := a.served("prod", "site"); got != want {
		t.Errorf("served:\n%s", got)
	}
	if a.upload(path, nil).field("has_assets") != "false" || a.served("prod", "site") != "" {
		t.Error("the files are still there")
	}
	a.upload(path, object{"keep_assets": true}).ok()
	if a.served("prod", "site") != "" {
		t.Error("files came back")
	}
}

func TestAssetsWithoutCode(t *testing.T) {
	a := open(t, emulator.Options{})
	a.namespace("prod")
	for place, path := range map[string]string{"prod": script("prod", "site"), "": worker("site")} {
		contentType, body := form(t, "metadata", object{"assets": object{"jwt": a.completed(path, indexPage)}, "compatibility_date": "2026-01-01"})
		answer := a.send("PUT", path, contentType, body)
		if answer.field("has_modules") != "false" || answer.field("has_assets") != "true" {
			t.Errorf("%s", answer.body)
		}
		content := path + "/content"
		if place == "" {
			content += "/v2"
		}
		if got := a.get(content); got.status != 204 || len(got.body) > 0 {
			t.Errorf("the content is %d %s", got.status, got.body)
		}
		if got := a.served(place, "site"); got != "/index.html text/html <h1>hi</h1>" {
			t.Errorf("served: %s", got)
		}
	}
}

func TestAssetRefusals(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	a := open(t, emulator.Options{Options: api.Options{Now: func() time.Time { return now }}})
	a.namespace("prod")
	a.namespace("staging")
	path := script("prod", "site")
	manifest := func(path, hash string, size any) object {
		return object{"manifest": object{path: object{"hash": hash, "size": size}}}
	}
	a.json("POST", script("nowhere", "site")+"/assets-upload-session", manifest("/a", hashOf("a"), 1)).fails(404, 100119)
	for name, body := range map[string]any{
		"no JSON":         "{",
		"no files":        object{"manifest": object{}},
		"no slash":        manifest("a", hashOf("a"), 1),
		"a short hash":    manifest("/a", "aa", 1),
		"a negative size": manifest("/a", hashOf("a"), -1),
		"too large":       manifest("/a", hashOf("a"), 25<<20+1),
		"two sizes of one hash": object{"manifest": object{
			"/a": object{"hash": hashOf("a"), "size": 1}, "/b": object{"hash": hashOf("a"), "size": 2},
		}},
	} {
		if got := a.json("POST", path+"/assets-upload-session", body); got.status != 400 || len(got.Errors) != 1 || got.Errors[0].Code != 10304 {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}

	s := a.session(path, indexPage, logo)
	a.sendAssets("nonsense", indexPage).fails(401, 10023)
	a.sendAssets(s.JWT[:len(s.JWT)-2]+"xx", indexPage).fails(401, 10023)
	a.sendAssets(s.JWT, license).fails(400, 10304)
	a.sendAssets(s.JWT, staticFile{"", indexPage.hash, "text/html", "another size"}).fails(400, 10304)
	contentType, body := form(t, "", nil, filePart{indexPage.hash, indexPage.hash, "text/html", "not base64!"})
	a.send("POST", "/workers/assets/upload?base64=true", contentType, body, "Authorization", "Bearer "+s.JWT).fails(400, 10304)
	a.send("POST", "/workers/assets/upload", contentType, strings.NewReader(""), "Authorization", "Bearer "+s.JWT).fails(400, 10003)
	if again := a.session(path, indexPage, logo); len(slices.Concat(again.Buckets...)) != 2 {
		t.Error("a refused file was kept")
	}

	// A token is good for its script in its place, and for an hour. The account's own scripts are another place: that is
	// the mistake that has been made most often.
	token := a.completed(path, indexPage)
	a.sendAssets(token, indexPage).fails(401, 10023)
	for _, other := range []string{script("prod", "other"), script("staging", "site"), worker("site")} {
		a.upload(other, object{"assets": object{"jwt": token}}).fails(400, 10343)
	}
	a.upload(path, object{"assets": object{"config": object{}}}).fails(400, 10343)
	a.upload(path, object{"bindings": []any{object{"type": "assets", "name": "ASSETS"}}}).fails(400, 10305)
	for refused, config := range map[string]object{
		"Invalid _headers configuration:\nLine 1: Expected a path before headers\nLine 2: Expected a path before headers": {"_headers": "A: b\nC: d\n/*\n  E: f"},
		"Invalid _redirects configuration:\nLine 2: Infinite loop detected in this rule. This would cause a redirect to strip `.html` or `/index` " +
			"and end up triggering this rule again.": {"_redirects": "/a /b\n/* /index.html 200"},
	} {
		got := a.upload(path, object{"assets": object{"jwt": token, "config": config}}).fails(400, 100324)
		if got.Errors[0].Message != refused {
			t.Errorf("got %q, want %q", got.Errors[0].Message, refused)
		}
	}
	a.upload(path, object{"assets": object{"jwt": token, "config": object{"_headers": "/*\n  left out", "_redirects": "/ /index 302", "html_handling": "none"}}}).ok()
	for _, config := range []object{{"html_handling": "x"}, {"not_found_handling": "x"}, {"run_worker_first": "x"}} {
		a.upload(path, object{"assets": object{"jwt": token, "config": config}}).fails(400, 10021)
	}
	a.upload(path, object{"assets": object{"jwt": token}}).ok()
	s = a.session(path, logo)
	now = now.Add(time.Hour)
	a.upload(path, object{"assets": object{"jwt": token}}).fails(400, 10343)
	a.sendAssets(s.JWT, logo).fails(401, 10023)
}

// Going back to an earlier version brings back its files.
func TestAssetsOfVersions(t *testing.T) {
	a := open(t, emulator.Options{})
	path := worker("site")
	first := a.upload(path, object{"assets": object{"jwt": a.completed(path, indexPage)}}).object()
	a.upload(path, object{"assets": object{"jwt": a.completed(path, logo)}}).ok()
	a.json("POST", path+"/deployments", object{"strategy": "percentage", "versions": []any{object{"version_id": first["deployment_id"], "percentage": 100}}}).ok()
	if got := a.served("", "site"); got != "/index.html text/html <h1>hi</h1>" {
		t.Errorf("served: %s", got)
	}
}

// A namespace that goes takes its files with it.
func TestAssetsOfNamespace(t *testing.T) {
	a := open(t, emulator.Options{Options: api.Options{NonEmptyNamespaceDelete: api.Cascade}})
	a.namespace("prod")
	a.upload(script("prod", "site"), object{"assets": object{"jwt": a.completed(script("prod", "site"), indexPage)}}).ok()
	a.json("DELETE", "/workers/dispatch/namespaces/prod", nil).ok()
	a.namespace("prod")
	if s := a.session(script("prod", "site"), indexPage); len(s.Buckets) != 1 {
		t.Error("the new namespace knows the old one's files")
	}
}
