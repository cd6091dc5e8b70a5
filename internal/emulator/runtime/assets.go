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

// A site is the static files that a Worker serves, before or beside its code.
type site struct {
	files  map[string]string // hashes by path, from "/" on
	read   func(hash string) siteFile
	config siteConfig
}

// A siteFile is a static file.
type siteFile struct {
	contentType string // empty: by its name
	content     []byte
}

// siteOf returns the static files of one of the scripts, which has some. It reads the one that is asked for, and only
// in the transaction.
func siteOf(tx *store.Tx, scripts *store.Scripts, script store.Script) (site, error) {
	s := site{files: map[string]string{}, read: func(hash string) siteFile {
		asset, _ := scripts.Assets().Get(hash) // files stay as long as their place
		return siteFile{asset.Type, tx.Blob(asset.Blob)}
	}}
	for _, file := range script.Assets.Files {
		s.files[file.Path] = file.Hash
	}
	if len(script.Assets.Config) == 0 {
		return s, nil
	}
	return s, json.Unmarshal(script.Assets.Config, &s.config)
}

// siteConfig is the assets.config of an upload, as far as it matters here.
type siteConfig struct {
	HTMLHandling     string          `json:"html_handling"`
	NotFoundHandling string          `json:"not_found_handling"`
	RunWorkerFirst   json.RawMessage `json:"run_worker_first"` // a boolean, or patterns
}

// asset answers a request with a static file, or tells the host to ask the Worker. Without route, it is the Worker that
// asks, through its binding.
func (r *Runtime) asset(request *http.Request) (answer, error) {
	query := request.URL.Query()
	var made answer
	err := r.options.Store.View(func(tx *store.Tx) error {
		scripts := tx.Workers(r.options.Account)
		if namespace := query.Get("namespace"); namespace != "" {
			scripts = tx.UserWorkers(r.options.Account, namespace)
		}
		script, exists := scripts.Get(query.Get("name"))
		if !exists {
			return errNotThere
		}
		if script.Assets == nil {
			return errNotThere
		}
		files, err := siteOf(tx, scripts, script)
		if err != nil {
			return err
		}
		made = siteRequest{
			site: files, path: query.Get("path"), method: request.Method,
			hasWorker: script.EntryPoint != "" && query.Has("route"),
			// Source: https://developers.cloudflare.com/workers/configuration/compatibility-flags/
			prefersFiles: script.CompatibilityDate >= "2025-04-01" && request.Header.Get("Sec-Fetch-Mode") == "navigate",
		}.answer()
		return nil
	})
	return made, err
}

// siteRequest is a request to a site.
type siteRequest struct {
	site
	path, method string
	hasWorker    bool // there is code that may answer instead
	prefersFiles bool // even a page that says "not found" is preferred to the code
}

// workerHeader says that the Worker is to answer.
const workerHeader = "X-Worker"

func (s siteRequest) answer() answer {
	toWorker := func(w http.ResponseWriter, _ *http.Request) { w.Header().Set(workerHeader, "1") }
	reads := s.method == http.MethodGet || s.method == http.MethodHead
	if s.hasWorker && (!reads || s.config.workerFirst(s.path)) {
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
	hash := s.files[name]
	f := s.read(hash)
	return func(w http.ResponseWriter, request *http.Request) {
		header := w.Header()
		header.Set("Cache-Control", "public, max-age=0, must-revalidate")
		if f.contentType != "" {
			header.Set("Content-Type", f.contentType)
		}
		if status != http.StatusOK {
			w.WriteHeader(status)
			_, _ = w.Write(f.content) // the host has gone; there is nobody to tell
			return
		}
		header.Set("Etag", `"`+hash+`"`)
		http.ServeContent(w, request, path.Base(name), time.Time{}, bytes.NewReader(f.content))
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
func (s site) resolve(at string) (name, redirect string) {
	_, exact := s.files[at]
	if exact && (!strings.HasSuffix(at, ".html") || s.config.HTMLHandling == exactNames) {
		return at, ""
	}
	if s.config.HTMLHandling == exactNames {
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
		if _, exists := s.files[page]; !exists {
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
func (s site) address(page string) string {
	stem, isIndex := strings.CutSuffix(page, "/index.html")
	if !isIndex {
		stem = strings.TrimSuffix(page, ".html")
	}
	switch {
	case stem == "" || s.config.HTMLHandling == forceTrailingSlash, isIndex && s.config.HTMLHandling != dropTrailingSlash:
		return stem + "/"
	}
	return stem
}

// notFound is the page for what is not there, "" for none.
func (s siteRequest) notFound() (name string, status int) {
	switch s.config.NotFoundHandling {
	case "single-page-application":
		if _, exists := s.files["/index.html"]; exists {
			return "/index.html", http.StatusOK
		}
	case "404-page":
		for folder := s.path; ; {
			folder = path.Dir(folder)
			page := path.Join(folder, "404.html")
			if _, exists := s.files[page]; exists {
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
func (c siteConfig) workerFirst(at string) bool {
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
