package runtime

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/wfpsync/wfpsync/internal/assetrules"
)

// siteRules are what _headers and _redirects say.
type siteRules struct {
	headers   assetrules.Headers
	redirects assetrules.Redirects
}

// ruleTexts are what rules are made of. Workers that serve one directory have the same.
type ruleTexts struct {
	headers, redirects string
	pages              bool // served without their .html
}

// ruleCache keeps the rules of the texts that were asked for last: 2,000 redirects take longer to read than to answer.
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
		// What is wrong in them was said when they were uploaded.
		rules.headers, _ = assetrules.ParseHeaders(texts.headers)
		rules.redirects, _ = assetrules.ParseRedirects(texts.redirects, texts.pages)
		c.read[texts] = rules
	}
	return rules
}

// An address is the URL of a request, in the parts that rules look at. A request may be for what Go takes for no URL, as
// /%zz is none.
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

// hostname is the host without its port.
func (a address) hostname() string {
	parsed, err := url.Parse(a.origin)
	if err != nil {
		return ""
	}
	return parsed.Hostname()
}

// resolveTarget is where a redirect leads: as a browser is told it, and the path alone. A target without a query keeps
// the request's.
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

// decoded is the name of a file that a path asks for. What is not encoded right stands for itself.
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

// encoded is the path of a file's name, as encodeURIComponent writes its parts.
func encoded(name string) string {
	segments := strings.Split(name, "/")
	for i, segment := range segments {
		segments[i] = plainly.Replace(url.QueryEscape(segment))
	}
	return strings.Join(segments, "/")
}

// withHeaders is an answer with the headers that the file _headers gives it.
func (s siteRequest) withHeaders(made response) response {
	return func(w http.ResponseWriter, request *http.Request) {
		made(&ruledWriter{ResponseWriter: w, site: s}, request)
	}
}

// ruledWriter changes the headers when they are complete.
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
	// How long the body is, and how it travels, is no rule's to say.
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
