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

// mostCached bounds what Workers keep with the Cache API, in bytes of bodies.
const maxCached = 64 << 20

// A responseCache is what Workers keep with the Cache API. It is in memory: a cache may forget everything at any time.
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

// A responseHead travels beside a body, so that nobody on the way takes the body for encoded as the headers say.
type responseHead struct {
	Status  int         `json:"status"`
	Headers [][2]string `json:"headers"` // by name and value, and in order
}

// responseHeader is where a responseHead travels, in JSON and escaped.
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

// drop is for who holds the lock.
func (c *responseCache) drop(key string) (found bool) {
	response, found := c.responses[key]
	delete(c.responses, key)
	c.size -= len(response.body)
	return found
}

// cacheScope is with whom a Worker shares what it keeps: a user Worker with none, unless its namespace is trusted.
// Source: https://developers.cloudflare.com/cloudflare-for-platforms/workers-for-platforms/reference/worker-isolation
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

// matchCached answers as an HTTP server would that has the response as a file: with 304 or a part where it is asked for.
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
		_, _ = w.Write(made.body.Bytes()) // the host has gone; there is nobody to tell
	}, err
}

// A recordedResponse is an answer that is not on its way yet.
type recordedResponse struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (r *recordedResponse) Header() http.Header         { return r.header }
func (r *recordedResponse) WriteHeader(status int)      { r.status = status }
func (r *recordedResponse) Write(b []byte) (int, error) { return r.body.Write(b) }

// putCached keeps a response, unless its headers say that nobody may.
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

// usualLifetimes are for responses that do not say how long they may be kept.
// Source: https://developers.cloudflare.com/cache/how-to/configure-cache-status-code/#edge-ttl
var defaultLifetimes = map[int]time.Duration{
	http.StatusOK: 2 * time.Hour, http.StatusPartialContent: 2 * time.Hour, http.StatusMovedPermanently: 2 * time.Hour,
	http.StatusFound: 20 * time.Minute, http.StatusSeeOther: 20 * time.Minute,
	http.StatusNotFound: 3 * time.Minute, http.StatusGone: 3 * time.Minute,
}

// cacheable is what may be kept of a response, and until when. Cookies are somebody's: with them it is not kept, unless it
// says that they are all that is private, and then without them.
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
		at, _ := http.ParseTime(expires) // what is no time has passed
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
