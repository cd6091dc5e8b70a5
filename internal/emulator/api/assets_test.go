package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator"
	"github.com/wfpsync/wfpsync/internal/emulator/api"
	"github.com/wfpsync/wfpsync/internal/emulator/emulatortest"
)

var (
	indexPage = emulatortest.File("/index.html", emulatortest.HashOf("a"), "text/html", "<h1>hi</h1>")
	logo      = emulatortest.File("/images/logo.svg", emulatortest.HashOf("b"), "image/svg+xml", "<svg/>")
	license   = emulatortest.File("/LICENSE", emulatortest.HashOf("c"), "application/null", "")
)

func served(a *emulatortest.Account, namespace, name string) string {
	a.T.Helper()
	files, err := a.ForTests().ServedAssets(a.ID, namespace, name)
	if err != nil {
		a.T.Fatal(err)
	}
	var list []string
	for _, file := range files {
		list = append(list, fmt.Sprintf("%s %s %s", file.Path, file.Type, file.Content))
	}
	return strings.Join(list, "\n")
}

func TestAssetUpload(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	a.Namespace("prod")
	path := emulatortest.Script("prod", "site")

	// The script need not exist, and files may come one by one.
	s := a.Session(path, indexPage, logo, license)
	if asked := slices.Concat(s.Buckets...); len(asked) != 3 {
		t.Errorf("asked for %v", asked)
	}
	if got := a.SendAssets(s.JWT, indexPage, license); got.Status != 202 {
		t.Errorf("%d %s", got.Status, got.Body)
	}
	a.Upload(path, object{"assets": object{"jwt": s.JWT}}).Fails(400, 10301)
	last := a.SendAssets(s.JWT, logo)
	if last.Status != 201 {
		t.Errorf("%d %s", last.Status, last.Body)
	}
	last.Into(&s)
	response := a.Upload(path, object{
		"assets":   object{"jwt": s.JWT, "config": object{"not_found_handling": "404-page"}},
		"bindings": []any{object{"type": "assets", "name": "ASSETS"}},
	})
	if response.Field("has_assets") != "true" || response.Field("has_modules") != "true" {
		t.Errorf("%s", response.Body)
	}
	want := "/LICENSE  \n/images/logo.svg image/svg+xml <svg/>\n/index.html text/html <h1>hi</h1>"
	if got := served(a, "prod", "site"); got != want {
		t.Errorf("served:\n%s", got)
	}

	// Files that the namespace has are not asked for again, whoever sent them.
	// Another container does not have them.
	if known := a.Session(emulatortest.Script("prod", "other"), indexPage, logo); len(known.Buckets) != 0 {
		t.Errorf("asked for %v", known.Buckets)
	}
	if unknown := a.Session(emulatortest.Worker("site"), indexPage); len(unknown.Buckets) != 1 {
		t.Errorf("asked for %v", unknown.Buckets)
	}

	// Code, settings and secrets do not change the files. An upload without
	// files removes them, unless it keeps them.
	contentType, body := emulatortest.Form(t, "metadata", object{"main_module": "index.js"}, emulatortest.JS("index.js", emulatortest.Hello))
	a.Send("PUT", path+"/content", contentType, body).OK()
	a.Patch(path+"/settings", object{"logpush": true}).OK()
	a.Upload(path, object{"keep_assets": true}).OK()
	if got := served(a, "prod", "site"); got != want {
		t.Errorf("served:\n%s", got)
	}
	if a.Upload(path, nil).Field("has_assets") != "false" || served(a, "prod", "site") != "" {
		t.Error("the files are still there")
	}
	a.Upload(path, object{"keep_assets": true}).OK()
	if served(a, "prod", "site") != "" {
		t.Error("files came back")
	}
}

func TestAssetsWithoutCode(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	a.Namespace("prod")
	for place, path := range map[string]string{"prod": emulatortest.Script("prod", "site"), "": emulatortest.Worker("site")} {
		contentType, body := emulatortest.Form(t, "metadata", object{"assets": object{"jwt": a.Completed(path, indexPage)}, "compatibility_date": "2026-01-01"})
		response := a.Send("PUT", path, contentType, body)
		if response.Field("has_modules") != "false" || response.Field("has_assets") != "true" {
			t.Errorf("%s", response.Body)
		}
		content := path + "/content"
		if place == "" {
			content += "/v2"
		}
		if got := a.Get(content); got.Status != 204 || len(got.Body) > 0 {
			t.Errorf("the content is %d %s", got.Status, got.Body)
		}
		if got := served(a, place, "site"); got != "/index.html text/html <h1>hi</h1>" {
			t.Errorf("served: %s", got)
		}
	}
}

func TestAssetRefusals(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	a := emulatortest.Open(t, emulator.Options{Options: api.Options{Now: func() time.Time { return now }}})
	a.Namespace("prod")
	a.Namespace("staging")
	path := emulatortest.Script("prod", "site")
	manifest := func(path, hash string, size any) object {
		return object{"manifest": object{path: object{"hash": hash, "size": size}}}
	}
	a.JSON("POST", emulatortest.Script("nowhere", "site")+"/assets-upload-session", manifest("/a", emulatortest.HashOf("a"), 1)).Fails(404, 100119)
	for name, body := range map[string]any{
		"no JSON":         "{",
		"no files":        object{"manifest": object{}},
		"no slash":        manifest("a", emulatortest.HashOf("a"), 1),
		"a short hash":    manifest("/a", "aa", 1),
		"a negative size": manifest("/a", emulatortest.HashOf("a"), -1),
		"too large":       manifest("/a", emulatortest.HashOf("a"), 25<<20+1),
		"two sizes of one hash": object{"manifest": object{
			"/a": object{"hash": emulatortest.HashOf("a"), "size": 1}, "/b": object{"hash": emulatortest.HashOf("a"), "size": 2},
		}},
	} {
		if got := a.JSON("POST", path+"/assets-upload-session", body); got.Status != 400 || len(got.Errors) != 1 || got.Errors[0].Code != 10304 {
			t.Errorf("%s: %d %s", name, got.Status, got.Body)
		}
	}

	s := a.Session(path, indexPage, logo)
	a.SendAssets("nonsense", indexPage).Fails(401, 10023)
	a.SendAssets(s.JWT[:len(s.JWT)-2]+"xx", indexPage).Fails(401, 10023)
	a.SendAssets(s.JWT, license).Fails(400, 10304)
	a.SendAssets(s.JWT, emulatortest.File("", indexPage.Hash, "text/html", "another size")).Fails(400, 10304)
	contentType, body := emulatortest.Form(t, "", nil, emulatortest.Part(indexPage.Hash, indexPage.Hash, "text/html", "not base64!"))
	a.Send("POST", "/workers/assets/upload?base64=true", contentType, body, "Authorization", "Bearer "+s.JWT).Fails(400, 10304)
	a.Send("POST", "/workers/assets/upload", contentType, strings.NewReader(""), "Authorization", "Bearer "+s.JWT).Fails(400, 10003)
	if again := a.Session(path, indexPage, logo); len(slices.Concat(again.Buckets...)) != 2 {
		t.Error("a refused file was kept")
	}

	// A token is valid for its script in its container, and for an hour. The
	// account's own scripts are another container: confusing the two was a
	// common mistake.
	token := a.Completed(path, indexPage)
	a.SendAssets(token, indexPage).Fails(401, 10023)
	for _, other := range []string{emulatortest.Script("prod", "other"), emulatortest.Script("staging", "site"), emulatortest.Worker("site")} {
		a.Upload(other, object{"assets": object{"jwt": token}}).Fails(400, 10343)
	}
	a.Upload(path, object{"assets": object{"config": object{}}}).Fails(400, 10343)
	a.Upload(path, object{"bindings": []any{object{"type": "assets", "name": "ASSETS"}}}).Fails(400, 10305)
	for refused, config := range map[string]object{
		"Invalid _headers configuration:\nLine 1: Expected a path before headers\nLine 2: Expected a path before headers": {"_headers": "A: b\nC: d\n/*\n  E: f"},
		"Invalid _redirects configuration:\nLine 2: Infinite loop detected in this rule. This would cause a redirect to strip `.html` or `/index` " +
			"and end up triggering this rule again.": {"_redirects": "/a /b\n/* /index.html 200"},
	} {
		got := a.Upload(path, object{"assets": object{"jwt": token, "config": config}}).Fails(400, 100324)
		if got.Errors[0].Message != refused {
			t.Errorf("got %q, want %q", got.Errors[0].Message, refused)
		}
	}
	a.Upload(path, object{"assets": object{"jwt": token, "config": object{"_headers": "/*\n  left out", "_redirects": "/ /index 302", "html_handling": "none"}}}).OK()
	for _, config := range []object{{"html_handling": "x"}, {"not_found_handling": "x"}, {"run_worker_first": "x"}} {
		a.Upload(path, object{"assets": object{"jwt": token, "config": config}}).Fails(400, 10021)
	}
	a.Upload(path, object{"assets": object{"jwt": token}}).OK()
	s = a.Session(path, logo)
	now = now.Add(time.Hour)
	a.Upload(path, object{"assets": object{"jwt": token}}).Fails(400, 10343)
	a.SendAssets(s.JWT, logo).Fails(401, 10023)
}

// Going back to an earlier version restores its files.
func TestAssetsOfVersions(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{})
	path := emulatortest.Worker("site")
	first := a.Upload(path, object{"assets": object{"jwt": a.Completed(path, indexPage)}}).Object()
	a.Upload(path, object{"assets": object{"jwt": a.Completed(path, logo)}}).OK()
	a.JSON("POST", path+"/deployments", object{"strategy": "percentage", "versions": []any{object{"version_id": first["deployment_id"], "percentage": 100}}}).OK()
	if got := served(a, "", "site"); got != "/index.html text/html <h1>hi</h1>" {
		t.Errorf("served: %s", got)
	}
}

// Deleting a namespace deletes its files.
func TestAssetsOfNamespace(t *testing.T) {
	a := emulatortest.Open(t, emulator.Options{Options: api.Options{NonEmptyNamespaceDelete: api.Cascade}})
	a.Namespace("prod")
	a.Upload(emulatortest.Script("prod", "site"), object{"assets": object{"jwt": a.Completed(emulatortest.Script("prod", "site"), indexPage)}}).OK()
	a.JSON("DELETE", "/workers/dispatch/namespaces/prod", nil).OK()
	a.Namespace("prod")
	if s := a.Session(emulatortest.Script("prod", "site"), indexPage); len(s.Buckets) != 1 {
		t.Error("the new namespace knows the old one's files")
	}
}
