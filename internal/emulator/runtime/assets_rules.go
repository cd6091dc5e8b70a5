package runtime

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/wfpsync/wfpsync/internal/assetrules"
)

// siteRules are the rules in _headers and _redirects.
type siteRules struct {
	headers   assetrules.Headers
	redirects assetrules.Redirects
}

// ruleTexts are the texts of rules. Workers that serve the same directory share
// them.
type ruleTexts struct {
	headers, redirects string
	pages              bool // pages are served without .html
}

// ruleCache keeps the rules of recently used texts, because 2,000 redirects
// take longer to parse than to apply.
type ruleCache struct {
	mu   sync.Mutex
	read map[ruleTexts]siteRules
}

const maxRuleTexts = 64

func (c *ruleCache) of(texts ruleTexts) siteRules {
	c.mu.Lock()
	defer c.mu.Unlock()
	rules, known := c.read[texts]
	if !known {
		if c.read == nil || len(c.read) == maxRuleTexts {
			c.read = map[ruleTexts]siteRules{}
		}
		// Errors were reported when they were uploaded.
		rules.headers, _ = assetrules.ParseHeaders(texts.headers)
		rules.redirects, _ = assetrules.ParseRedirects(texts.redirects, texts.pages)
		c.read[texts] = rules
	}
	return rules
}

// An address is the URL of a request, in the parts that rules use. A request
// may have a URL that Go rejects, such as /%zz.
type address struct {
	origin string // scheme and host
	path   string // from "/" on, encoded as it was sent
	query  string // with its question mark
}

var addressParts = regexp.MustCompile(`^(\w+://[^/?#]*)?([^?#]*)(\?[^#]*)?(#.*)?$`)

func addressOf(url string) address {
	parts := addressParts.FindStringSubmatch(url)
	if parts == nil {
		return address{path: "/"}
	}
	return address{origin: parts[1], path: "/" + strings.TrimPrefix(parts[2], "/"), query: parts[3]}
}

// hostname returns the host without its port.
func (a address) hostname() string {
	parsed, err := url.Parse(a.origin)
	if err != nil {
		return ""
	}
	return parsed.Hostname()
}

// resolveTarget returns where a redirect leads: the location for a browser, and
// the path. A target without a query keeps the request's.
func (a address) resolveTarget(to string) (location, path string) {
	if strings.HasPrefix(to, "//") {
		scheme, _, _ := strings.Cut(a.origin, "//")
		to = scheme + to
	}
	target := addressOf(to)
	query, fragment := target.query, ""
	if at := strings.IndexByte(to, '#'); at >= 0 {
		fragment = to[at:]
	}
	if query == "" {
		query = a.query
	}
	location = target.path + query + fragment
	if target.origin != "" && target.origin != a.origin {
		location = target.origin + location
	}
	return location, target.path
}

var manySlashes = regexp.MustCompile(`/+`)

// decoded returns the name of the file at a path. An invalid escape stays as it
// is.
func decoded(path string) string {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if plain, err := url.PathUnescape(segment); err == nil {
			segments[i] = plain
		}
	}
	return manySlashes.ReplaceAllString(strings.Join(segments, "/"), "/")
}

var plainly = strings.NewReplacer("+", "%20", "%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*")

// encoded returns the path of a file's name, encoded as by encodeURIComponent.
func encoded(name string) string {
	segments := strings.Split(name, "/")
	for i, segment := range segments {
		segments[i] = plainly.Replace(url.QueryEscape(segment))
	}
	return strings.Join(segments, "/")
}

// withHeaders returns a response with the headers from the file _headers.
func (s siteRequest) withHeaders(made response) response {
	return func(w http.ResponseWriter, request *http.Request) {
		made(&ruledWriter{ResponseWriter: w, site: s}, request)
	}
}

// ruledWriter changes the headers once they are complete.
type ruledWriter struct {
	http.ResponseWriter
	site siteRequest
	sent bool
}

func (w *ruledWriter) WriteHeader(code int) {
	if w.sent {
		return
	}
	w.sent = true
	header := w.Header()
	length := header["Content-Length"]
	w.site.headers.Apply(header, w.site.hostname(), w.site.path)
	// No rule may change the length of the body, or its encoding.
	header.Del("Transfer-Encoding")
	if delete(header, "Content-Length"); length != nil {
		header["Content-Length"] = length
	}
	if header.Get("Content-Type") == "" {
		header["Content-Type"] = nil // so that none is guessed
	}
	w.ResponseWriter.WriteHeader(code)
}

func (w *ruledWriter) Write(content []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.ResponseWriter.Write(content)
}
