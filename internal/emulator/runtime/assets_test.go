package runtime

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
)

// siteWith returns a site whose files have their path as hash and content.
func siteWith(config siteConfig, paths ...string) site {
	s := site{files: map[string]string{}, config: config}
	s.read = func(hash string) siteFile { return siteFile{content: []byte(hash)} }
	for _, p := range paths {
		s.files[p] = p
	}
	return s
}

// TestHTMLHandling tests the table in Cloudflare's documentation.
func TestHTMLHandling(t *testing.T) {
	paths := []string{"/index.html", "/file.html", "/folder/index.html", "/style.css"}
	for mode, table := range map[string]map[string]string{ // path → file, or → redirect
		"": {
			"/": "/index.html", "/index.html": "→/", "/index": "→/", "/file": "/file.html", "/file.html": "→/file", "/file/": "→/file",
			"/folder": "→/folder/", "/folder/": "/folder/index.html", "/folder/index": "→/folder/", "/folder/index.html": "→/folder/",
			"/style.css": "/style.css", "/none": "", "/style.css/": "",
		},
		"force-trailing-slash": {
			"/": "/index.html", "/file": "→/file/", "/file.html": "→/file/", "/file/": "/file.html",
			"/folder": "→/folder/", "/folder/": "/folder/index.html", "/folder/index.html": "→/folder/", "/style.css": "/style.css",
		},
		"drop-trailing-slash": {
			"/": "/index.html", "/file": "/file.html", "/file.html": "→/file", "/file/": "→/file",
			"/folder": "/folder/index.html", "/folder/": "→/folder", "/folder/index.html": "→/folder", "/style.css": "/style.css",
		},
		"none": {"/": "", "/index.html": "/index.html", "/file": "", "/file.html": "/file.html", "/folder/": ""},
	} {
		for at, want := range table {
			name, redirect := siteWith(siteConfig{HTMLHandling: mode}, paths...).resolve(at)
			got := name
			if redirect != "" {
				got = "→" + redirect
			}
			if got != want {
				t.Errorf("%q: %s is %q, want %q", mode, at, got, want)
			}
		}
	}
}

func TestSiteAnswers(t *testing.T) {
	paths := []string{"/index.html", "/404.html", "/blog/404.html", "/style.css"}
	for name, test := range map[string]struct {
		request siteRequest
		status  int // 0: the Worker responds
		body    string
	}{
		"a file":                      {siteRequest{address: addressOf("/style.css"), hasWorker: true}, 200, "/style.css"},
		"nothing, without code":       {siteRequest{address: addressOf("/none")}, 404, ""},
		"nothing, with code":          {siteRequest{address: addressOf("/none"), hasWorker: true}, 0, ""},
		"the nearest page":            {siteRequest{site: site{config: siteConfig{NotFoundHandling: "404-page"}}, address: addressOf("/blog/a/b")}, 404, "/blog/404.html"},
		"the page of all":             {siteRequest{site: site{config: siteConfig{NotFoundHandling: "404-page"}}, address: addressOf("/other/a")}, 404, "/404.html"},
		"an application":              {siteRequest{site: site{config: siteConfig{NotFoundHandling: "single-page-application"}}, address: addressOf("/a/b")}, 200, "/index.html"},
		"an application with code":    {siteRequest{site: site{config: siteConfig{NotFoundHandling: "single-page-application"}}, address: addressOf("/a"), hasWorker: true}, 0, ""},
		"a browser goes to a page":    {siteRequest{site: site{config: siteConfig{NotFoundHandling: "single-page-application"}}, address: addressOf("/a"), hasWorker: true, prefersFiles: true}, 200, "/index.html"},
		"the code comes first":        {siteRequest{site: site{config: siteConfig{RunWorkerFirst: json.RawMessage("true")}}, address: addressOf("/style.css"), hasWorker: true}, 0, ""},
		"the code comes first there":  {siteRequest{site: site{config: siteConfig{RunWorkerFirst: json.RawMessage(`["/*.css"]`)}}, address: addressOf("/style.css"), hasWorker: true}, 0, ""},
		"the code comes first but":    {siteRequest{site: site{config: siteConfig{RunWorkerFirst: json.RawMessage(`["/*","!/*.css"]`)}}, address: addressOf("/style.css"), hasWorker: true}, 200, "/style.css"},
		"a form is sent to a file":    {siteRequest{address: addressOf("/style.css"), method: http.MethodPost, hasWorker: true}, 405, ""},
		"a form is sent to the code":  {siteRequest{address: addressOf("/none"), method: http.MethodPost, hasWorker: true}, 0, ""},
		"an application without that": {siteRequest{site: site{config: siteConfig{NotFoundHandling: "single-page-application", RunWorkerFirst: json.RawMessage(`["/api/*"]`)}}, address: addressOf("/a"), hasWorker: true}, 200, "/index.html"},
		"never the code":              {siteRequest{site: site{config: siteConfig{RunWorkerFirst: json.RawMessage(`["/*","!/img/*"]`)}}, address: addressOf("/img/a"), hasWorker: true}, 404, ""},
		"a form is sent to the files": {siteRequest{address: addressOf("/style.css"), method: http.MethodPost}, 405, ""},
	} {
		test.request.site = siteWith(test.request.config, paths...)
		if test.request.method == "" {
			test.request.method = http.MethodGet
		}
		w := httptest.NewRecorder()
		test.request.respond()(w, httptest.NewRequest(test.request.method, "/", nil))
		status := w.Code
		if w.Header().Get(workerHeader) != "" {
			status = 0
		}
		if status != test.status || w.Body.String() != test.body {
			t.Errorf("%s: got %d %q, want %d %q", name, status, w.Body, test.status, test.body)
		}
	}
}

func TestGlob(t *testing.T) {
	for pattern, table := range map[string]map[string]bool{
		"/api/*": {"/api/": true, "/api/x/y": true, "/api": false},
		"*.css":  {"/a/b.css": true, "/a.css/": false},
		"/a*b*c": {"/abc": true, "/a1b2c": true, "/acb": false},
		"/exact": {"/exact": true, "/exact/": false},
	} {
		for text, want := range table {
			if glob(pattern, text) != want {
				t.Errorf("%s matches %s: %v, want %v", pattern, text, !want, want)
			}
		}
	}
}
