package runtime

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// A Site is the static files that a Worker serves, before or beside its code.
type Site struct {
	Files  map[string]SiteFile // by path, from "/" on
	Config SiteConfig
}

// A SiteFile is a static file.
type SiteFile struct {
	Hash    string
	Type    string // the Content-Type; empty: by its name
	Content []byte
}

// SiteConfig is the assets.config of an upload, as far as it matters here.
type SiteConfig struct {
	HTMLHandling     string          `json:"html_handling"`
	NotFoundHandling string          `json:"not_found_handling"`
	RunWorkerFirst   json.RawMessage `json:"run_worker_first"` // a boolean, or patterns
}

// asset answers a request with a static file, or tells the host to ask the Worker. Without route, it is the Worker that
// asks, through its binding.
func (r *Runtime) asset(request *http.Request) (answer, error) {
	query := request.URL.Query()
	var found siteRequest
	err := r.options.Store.View(func(tx *store.Tx) error {
		scripts := tx.Workers(r.options.Account)
		if namespace := query.Get("namespace"); namespace != "" {
			scripts = tx.UserWorkers(r.options.Account, namespace)
		}
		script, exists := scripts.Get(query.Get("name"))
		if !exists {
			return errNotThere
		}
		site, err := r.options.Site(tx, query.Get("namespace"), script)
		if err != nil || site == nil {
			return orNotThere(err)
		}
		found = siteRequest{
			Site: *site, path: query.Get("path"), method: request.Method,
			hasWorker: script.EntryPoint != "" && query.Has("route"),
			// Source: https://developers.cloudflare.com/workers/configuration/compatibility-flags/
			prefersFiles: script.CompatibilityDate >= "2025-04-01" && request.Header.Get("Sec-Fetch-Mode") == "navigate",
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found.answer(), nil
}

func orNotThere(err error) error {
	if err == nil {
		return errNotThere
	}
	return err
}

// siteRequest is a request to a Site.
type siteRequest struct {
	Site
	path, method string
	hasWorker    bool // there is code that may answer instead
	prefersFiles bool // even a page that says "not found" is preferred to the code
}

// workerHeader says that the Worker is to answer.
const workerHeader = "X-Worker"

func (s siteRequest) answer() answer {
	toWorker := func(w http.ResponseWriter, _ *http.Request) { w.Header().Set(workerHeader, "1") }
	reads := s.method == http.MethodGet || s.method == http.MethodHead
	if s.hasWorker && (!reads || s.Config.workerFirst(s.path)) {
		return toWorker
	}
	if !reads {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusMethodNotAllowed) }
	}
	name, redirect := s.resolve(s.path)
	switch {
	case redirect != "":
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", (&url.URL{Path: redirect}).EscapedPath())
			w.WriteHeader(http.StatusTemporaryRedirect)
		}
	case name != "":
		return s.file(name, http.StatusOK)
	}
	name, status := s.notFound()
	switch {
	case s.hasWorker && (name == "" || !s.prefersFiles):
		return toWorker
	case name != "":
		return s.file(name, status)
	}
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }
}

func (s siteRequest) file(name string, status int) answer {
	f := s.Files[name]
	return func(w http.ResponseWriter, request *http.Request) {
		header := w.Header()
		header.Set("Cache-Control", "public, max-age=0, must-revalidate")
		if f.Type != "" {
			header.Set("Content-Type", f.Type)
		}
		if status != http.StatusOK {
			w.WriteHeader(status)
			_, _ = w.Write(f.Content) // the host has gone; there is nobody to tell
			return
		}
		header.Set("Etag", `"`+f.Hash+`"`)
		http.ServeContent(w, request, path.Base(name), time.Time{}, bytes.NewReader(f.Content))
	}
}

// How pages are addressed. A page is foo.html, or index.html in a folder foo.
// Source: https://developers.cloudflare.com/workers/static-assets/routing/advanced/html-handling/
const (
	forceTrailingSlash = "force-trailing-slash"
	dropTrailingSlash  = "drop-trailing-slash"
	exactNames         = "none"
)

// resolve returns the file at a path, or where the path of that file is.
func (s Site) resolve(at string) (name, redirect string) {
	_, exact := s.Files[at]
	if exact && (!strings.HasSuffix(at, ".html") || s.Config.HTMLHandling == exactNames) {
		return at, ""
	}
	if s.Config.HTMLHandling == exactNames {
		return "", ""
	}
	stem := strings.TrimSuffix(strings.TrimSuffix(at, "index"), "/")
	pages := []string{stem + ".html", stem + "/index.html"}
	switch {
	case exact:
		pages = []string{at}
	case strings.HasSuffix(at, "/") || strings.HasSuffix(at, "/index"):
		slices.Reverse(pages)
	default:
		pages = []string{at + ".html", at + "/index.html"}
	}
	for _, page := range pages {
		if _, exists := s.Files[page]; !exists {
			continue
		}
		if address := s.address(page); address != at {
			return "", address
		}
		return page, ""
	}
	return "", ""
}

// address is the path at which a page is served.
func (s Site) address(page string) string {
	stem, isIndex := strings.CutSuffix(page, "/index.html")
	if !isIndex {
		stem = strings.TrimSuffix(page, ".html")
	}
	switch {
	case stem == "" || s.Config.HTMLHandling == forceTrailingSlash, isIndex && s.Config.HTMLHandling != dropTrailingSlash:
		return stem + "/"
	}
	return stem
}

// notFound is the page for what is not there, "" for none.
func (s siteRequest) notFound() (name string, status int) {
	switch s.Config.NotFoundHandling {
	case "single-page-application":
		if _, exists := s.Files["/index.html"]; exists {
			return "/index.html", http.StatusOK
		}
	case "404-page":
		for folder := s.path; ; {
			folder = path.Dir(folder)
			page := path.Join(folder, "404.html")
			if _, exists := s.Files[page]; exists {
				return page, http.StatusNotFound
			}
			if folder == "/" || folder == "." {
				break
			}
		}
	}
	return "", 0
}

// workerFirst reports whether the code is asked before the files are looked at: always, or for patterns of which those
// with an exclamation mark are exceptions.
func (c SiteConfig) workerFirst(at string) bool {
	var always bool
	if json.Unmarshal(c.RunWorkerFirst, &always) == nil {
		return always
	}
	var patterns []string
	_ = json.Unmarshal(c.RunWorkerFirst, &patterns) // it was checked when it was uploaded
	first := false
	for _, p := range patterns {
		rule, except := strings.CutPrefix(p, "!")
		if !glob(rule, at) {
			continue
		}
		if except {
			return false
		}
		first = true
	}
	return first
}

// glob matches a pattern in which a star stands for any text.
func glob(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	last := len(parts) - 1
	if last == 0 {
		return pattern == text
	}
	rest, has := strings.CutPrefix(text, parts[0])
	if !has {
		return false
	}
	for _, part := range parts[1:last] {
		_, after, found := strings.Cut(rest, part)
		if !found {
			return false
		}
		rest = after
	}
	return strings.HasSuffix(rest, parts[last])
}
