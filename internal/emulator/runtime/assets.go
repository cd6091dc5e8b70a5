package runtime

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/wfpsync/wfpsync/internal/assetrules"
	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

// A site is the static files of a Worker, served before or beside its code.
type site struct {
	files  map[string]string // hashes by path, which begins with "/"
	read   func(hash string) siteFile
	config siteConfig
	siteRules
}

// A siteFile is a static file.
type siteFile struct {
	contentType string // empty: from its name
	content     []byte
}

// siteOf returns the static files of a script that has some. It reads the
// requested file, and must be called in the transaction.
func (r *Runtime) siteOf(tx *store.Tx, scripts *store.Scripts, script store.Script) (site, error) {
	s := site{files: map[string]string{}, read: func(hash string) siteFile {
		asset, _ := scripts.Assets().Get(hash) // a file exists as long as its container
		return siteFile{asset.Type, tx.Blob(asset.Blob)}
	}}
	for _, file := range script.Assets.Files {
		s.files[file.Path] = file.Hash
	}
	if len(script.Assets.Config) > 0 {
		if err := json.Unmarshal(script.Assets.Config, &s.config); err != nil {
			return s, err
		}
	}
	s.siteRules = r.rules.of(ruleTexts{s.config.Headers, s.config.Redirects, s.config.HTMLHandling != exactNames})
	return s, nil
}

// siteConfig has the parts of an upload's assets.config that matter here.
type siteConfig struct {
	HTMLHandling     string          `json:"html_handling"`
	NotFoundHandling string          `json:"not_found_handling"`
	RunWorkerFirst   json.RawMessage `json:"run_worker_first"` // a boolean, or patterns
	Headers          string          `json:"_headers"`
	Redirects        string          `json:"_redirects"`
}

// asset responds with a static file, or tells the host to call the Worker.
// Without route, the request comes from the Worker's binding.
func (r *Runtime) asset(request *http.Request) (response, error) {
	query := request.URL.Query()
	var made response
	err := r.parts.Store.View(func(tx *store.Tx) error {
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
		files, err := r.siteOf(tx, scripts, script)
		if err != nil {
			return err
		}
		made = siteRequest{
			site: files, address: addressOf(query.Get("url")), method: request.Method,
			hasWorker: script.EntryPoint != "" && query.Has("route"),
			// Source:
			// https://developers.cloudflare.com/workers/configuration/compatibility-flags/
			prefersFiles: script.CompatibilityDate >= "2025-04-01" && request.Header.Get("Sec-Fetch-Mode") == "navigate",
		}.respond()
		return nil
	})
	return made, err
}

// siteRequest is a request to a site.
type siteRequest struct {
	site
	address
	method       string
	hasWorker    bool // code may respond instead
	prefersFiles bool // even a "not found" page is preferred to the code
}

// workerHeader tells the host to call the Worker.
const workerHeader = "X-Worker"

// respond returns the response: a file, a redirect, or that of the code. The
// rules of the directory do not apply to the code's responses.
func (s siteRequest) respond() response {
	toWorker := func(w http.ResponseWriter, _ *http.Request) { w.Header().Set(workerHeader, "1") }
	first := s.config.first(s.path)
	if s.hasWorker && first == codeFirst {
		return toWorker
	}
	found := s.found(!s.hasWorker || s.prefersFiles || first == filesAlone || s.config.hasPatterns())
	switch {
	case found != nil:
		return s.withHeaders(found)
	case s.hasWorker && first != filesAlone:
		return toWorker
	}
	return s.withHeaders(status(http.StatusNotFound))
}

func status(code int) response {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// found returns the response from the files, or nil. anyway says that there is
// no code to call for a missing file.
func (s siteRequest) found(anyway bool) response {
	asked := s.path
	redirect, redirected := s.redirects.Match(s.hostname(), s.path)
	if redirected {
		location, path := s.resolveTarget(redirect.To)
		if redirect.Status != assetrules.Rewrite {
			return moved(location, redirect.Status)
		}
		asked = path
	}
	at := decoded(asked)
	name, page := s.resolve(at)
	code := http.StatusOK
	if name == "" && page == "" && (anyway || redirected) {
		name, code = s.notFound(at)
	}
	switch {
	case name == "" && page == "" && redirected:
		return status(http.StatusNotFound)
	case name == "" && page == "":
		return nil
	case s.method != http.MethodGet && s.method != http.MethodHead:
		return status(http.StatusMethodNotAllowed)
	}
	// A file has one path: its name, encoded in one way.
	if canonical := encoded(cmp.Or(page, at)); page != "" || canonical != asked {
		return moved(canonical+s.query, http.StatusTemporaryRedirect)
	}
	return s.file(name, code)
}

func moved(location string, code int) response {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", location)
		w.WriteHeader(code)
	}
}

func (s siteRequest) file(name string, code int) response {
	hash := s.files[name]
	f := s.read(hash)
	return func(w http.ResponseWriter, request *http.Request) {
		header := w.Header()
		if request.Header.Get("Authorization") == "" && request.Header.Get("Range") == "" {
			header.Set("Cache-Control", "public, max-age=0, must-revalidate")
		}
		if f.contentType != "" {
			header.Set("Content-Type", f.contentType)
		}
		header.Set("Etag", `"`+hash+`"`)
		if code != http.StatusOK {
			w.WriteHeader(code)
			_, _ = w.Write(f.content) // on an error, the host has gone
			return
		}
		http.ServeContent(w, request, path.Base(name), time.Time{}, bytes.NewReader(f.content))
	}
}

// notFound returns the page for missing files, or "".
func (s site) notFound(at string) (name string, status int) {
	switch s.config.NotFoundHandling {
	case "single-page-application":
		if _, exists := s.files["/index.html"]; exists {
			return "/index.html", http.StatusOK
		}
	case "404-page":
		for folder := at; ; {
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

// These say what responds to a path first.
const (
	filesFirst = iota // then the code
	codeFirst
	filesAlone
)

// first returns what responds first: always the code, or for patterns. For
// those with an exclamation mark, the code never does.
func (c siteConfig) first(at string) int {
	var always bool
	if json.Unmarshal(c.RunWorkerFirst, &always) == nil {
		if always {
			return codeFirst
		}
		return filesFirst
	}
	first := filesFirst
	for _, p := range c.patterns() {
		rule, except := strings.CutPrefix(p, "!")
		if !glob(rule, at) {
			continue
		}
		if except {
			return filesAlone
		}
		first = codeFirst
	}
	return first
}

// hasPatterns reports whether the paths of the code are listed. For any other
// path without a file, not_found_handling decides, without the code.
// Source:
// https://developers.cloudflare.com/workers/static-assets/routing/single-page-application/#advanced-routing-control
func (c siteConfig) hasPatterns() bool { return len(c.patterns()) > 0 }

func (c siteConfig) patterns() []string {
	var patterns []string
	_ = json.Unmarshal(c.RunWorkerFirst, &patterns) // the upload checked it
	return patterns
}

// glob matches a pattern in which a star matches any text.
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
