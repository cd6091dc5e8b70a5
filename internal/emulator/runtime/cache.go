package runtime

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxCached limits what Workers keep with the Cache API, in bytes of bodies.
const maxCached = 64 << 20

// A responseCache is what Workers keep with the Cache API. It is in memory: a
// cache may forget everything at any time.
type responseCache struct {
	mu        sync.Mutex
	size      int
	responses map[string]cachedResponse // by scope, cache and URL
}

type cachedResponse struct {
	responseHead
	body    []byte
	expires time.Time
}

// A responseHead is sent beside a body, so that nothing on the way decodes the
// body because of its headers.
type responseHead struct {
	Status  int         `json:"status"`
	Headers [][2]string `json:"headers"` // by name and value, in order
}

// responseHeader has a responseHead, in escaped JSON.
const responseHeader = "X-Response"

func (c *responseCache) get(key string) (cachedResponse, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	response, found := c.responses[key]
	if found && time.Now().After(response.expires) {
		c.drop(key)
		return cachedResponse{}, false
	}
	return response, found
}

func (c *responseCache) put(key string, response cachedResponse) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(key)
	if len(response.body) > maxCached {
		return
	}
	if c.size+len(response.body) > maxCached || c.responses == nil {
		c.responses, c.size = map[string]cachedResponse{}, 0
	}
	c.responses[key] = response
	c.size += len(response.body)
}

func (c *responseCache) delete(key string) (found bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.drop(key)
}

// drop must be called with the lock held.
func (c *responseCache) drop(key string) (found bool) {
	response, found := c.responses[key]
	delete(c.responses, key)
	c.size -= len(response.body)
	return found
}

// cacheScope returns the scope in which a Worker shares its cache. A user
// Worker shares it with no other, unless its namespace is trusted.
// Source:
// https://developers.cloudflare.com/cloudflare-for-platforms/workers-for-platforms/reference/worker-isolation
func cacheScope(namespaceID, worker string, trusted bool) string {
	switch {
	case namespaceID == "":
		return "account"
	case trusted:
		return "namespace-" + namespaceID
	}
	return "worker-" + url.PathEscape(workerID{namespaceID, worker}.key())
}

func cacheKey(request *http.Request) string {
	query := request.URL.Query()
	return strings.Join([]string{request.PathValue("scope"), query.Get("name"), query.Get("url")}, "\n")
}

// matchCached responds as an HTTP server with the response as a file would:
// with 304 or a part on request.
func (r *Runtime) matchCached(request *http.Request) (response, error) {
	found, ok := r.cache.get(cacheKey(request))
	if !ok {
		return nil, errNotThere
	}
	made := &recordedResponse{status: http.StatusOK, header: http.Header{"Content-Type": nil}}
	for _, h := range found.Headers {
		made.header.Add(h[0], h[1])
	}
	made.header.Set("CF-Cache-Status", "HIT")
	if found.Status == http.StatusOK {
		modified, _ := http.ParseTime(made.header.Get("Last-Modified")) // without it there is nothing to compare
		http.ServeContent(made, request, "", modified, bytes.NewReader(found.body))
	} else {
		made.status = found.Status
		made.body.Write(found.body)
	}
	head := responseHead{Status: made.status}
	for name, values := range made.header {
		for _, value := range values {
			head.Headers = append(head.Headers, [2]string{name, value})
		}
	}
	raw, err := json.Marshal(head)
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(responseHeader, url.PathEscape(string(raw)))
		_, _ = w.Write(made.body.Bytes()) // on an error, the host has gone
	}, err
}

// A recordedResponse is a response that is not sent yet.
type recordedResponse struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (r *recordedResponse) Header() http.Header         { return r.header }
func (r *recordedResponse) WriteHeader(status int)      { r.status = status }
func (r *recordedResponse) Write(b []byte) (int, error) { return r.body.Write(b) }

// putCached keeps a response, unless its headers forbid that.
func (r *Runtime) putCached(request *http.Request) (response, error) {
	raw, err := url.PathUnescape(request.Header.Get(responseHeader))
	if err != nil {
		return nil, err
	}
	var head responseHead
	if err := json.Unmarshal([]byte(raw), &head); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(request.Body, maxCached+1))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	if head, expires := cacheable(head, now); expires.After(now) {
		r.cache.put(cacheKey(request), cachedResponse{head, body, expires})
	}
	return nil, nil
}

func (r *Runtime) deleteCached(request *http.Request) (response, error) {
	if !r.cache.delete(cacheKey(request)) {
		return nil, errNotThere
	}
	return nil, nil
}

// defaultLifetimes are for responses that do not say how long to keep them.
// Source:
// https://developers.cloudflare.com/cache/how-to/configure-cache-status-code/#edge-ttl
var defaultLifetimes = map[int]time.Duration{
	http.StatusOK: 2 * time.Hour, http.StatusPartialContent: 2 * time.Hour, http.StatusMovedPermanently: 2 * time.Hour,
	http.StatusFound: 20 * time.Minute, http.StatusSeeOther: 20 * time.Minute,
	http.StatusNotFound: 3 * time.Minute, http.StatusGone: 3 * time.Minute,
}

// cacheable returns the part of a response that may be kept, and until when. A
// response with cookies is not kept, unless it says that only they are private,
// and then without them.
// Source: https://developers.cloudflare.com/workers/runtime-apis/cache/#headers
func cacheable(head responseHead, now time.Time) (responseHead, time.Time) {
	directives, expires, cookies := map[string]string{}, "", false
	for _, h := range head.Headers {
		switch strings.ToLower(h[0]) {
		case "cache-control":
			for directive := range strings.SplitSeq(h[1], ",") {
				name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
				directives[strings.ToLower(name)] = strings.Trim(value, `"`)
			}
		case "expires":
			expires = h[1]
		case "set-cookie":
			cookies = true
		}
	}
	butCookies := false
	for _, name := range []string{"private", "no-cache"} {
		value, said := directives[name]
		if said && !strings.EqualFold(value, "set-cookie") {
			return head, time.Time{}
		}
		butCookies = butCookies || said
	}
	if _, said := directives["no-store"]; said || cookies && !butCookies {
		return head, time.Time{}
	}
	if cookies {
		head.Headers = withoutCookies(head.Headers)
	}
	for _, name := range []string{"s-maxage", "max-age"} {
		if seconds, err := strconv.Atoi(directives[name]); err == nil {
			return head, now.Add(time.Duration(seconds) * time.Second)
		}
	}
	if expires != "" {
		at, _ := http.ParseTime(expires) // an invalid time has passed
		return head, at
	}
	return head, now.Add(defaultLifetimes[head.Status])
}

func withoutCookies(headers [][2]string) (rest [][2]string) {
	for _, h := range headers {
		if !strings.EqualFold(h[0], "set-cookie") {
			rest = append(rest, h)
		}
	}
	return rest
}
