package runtime

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/wfpsync/wfpsync/internal/assetrules"
)

const (
	testHeaders = "/*\n  X-Rules: yes\n/style.css\n  Cache-Control: no-store\n  ! Etag\n/none\n  X-Missing: here\n"

	testRedirects = "/old /new?a=b#c 301\n/plain /style.css\n/away https://example.com/x?y=z#f 308\n/same http-is-no-path\n" +
		"/back https://localhost/index 303\n/users/:id /users/id 200\n/docs/* /:splat 200\n/go/* /:splat/there\n/raw/* /users/id.html 200\n"
)

func TestSiteRules(t *testing.T) {
	paths := []string{"/index.html", "/style.css", "/users/id.html", "/a b.txt", "/a+@(b).txt"}
	for name, test := range map[string]struct {
		method, url string
		header      http.Header
		hasWorker   bool
		want        string // status, Location and the headers of rules
	}{
		"a file":                    {url: "/style.css", want: "200  yes no-store"},
		"one that is encoded":       {url: "/a%20b.txt", want: "200  yes public, max-age=0, must-revalidate"},
		"one that is encoded oddly": {url: "/%61+@(b).txt?x", want: "307 /a%2B%40(b).txt?x yes "},
		"and as it should be":       {url: "/a%2B%40(b).txt", want: "200  yes public, max-age=0, must-revalidate"},
		"one with too many slashes": {url: "//users///id", want: "307 /users/id yes "},
		"part of one":               {url: "/a%20b.txt", header: http.Header{"Range": {"bytes=0-1"}}, want: "206  yes "},
		"nothing":                   {url: "/none", want: "404  yes "},
		"nothing, with code":        {url: "/none", hasWorker: true, want: "worker"},
		"a redirect":                {url: "/old?x=1", want: "301 /new?a=b#c yes "},
		"one that keeps the query":  {url: "/plain?x=1", hasWorker: true, want: "302 /style.css?x=1 yes "},
		"to another host":           {url: "/away?x=1", want: "308 https://example.com/x?y=z#f yes "},
		"to this host":              {url: "/back?x=1", want: "303 /index?x=1 yes "},
		"for a form":                {method: "POST", url: "/old", hasWorker: true, want: "301 /new?a=b#c yes "},
		"another file":              {url: "/users/17", want: "200  yes public, max-age=0, must-revalidate"},
		"another file, by the rest": {url: "/docs/style.css", want: "200  yes public, max-age=0, must-revalidate"},
		"no other file, with code":  {url: "/docs/none", hasWorker: true, want: "404  yes "},
		"a page's own redirect":     {url: "/index.html?x=1", want: "307 /?x=1 yes "},
		"and that of another file":  {url: "/raw/x", want: "307 /users/id yes "},
		"not to who asks for it":    {url: "/go//example.com", want: "302 /example.com/there yes "},
		"a path that Go rejects":    {url: "/go/%zz", want: "302 /%zz/there yes "},
		"a line that was left out":  {url: "/same", want: "404  yes "},
	} {
		t.Run(name, func(t *testing.T) {
			site := siteWith(siteConfig{}, paths...)
			site.headers, _ = assetrules.ParseHeaders(testHeaders)
			site.redirects, _ = assetrules.ParseRedirects(testRedirects, true)
			asked := httptest.NewRequest(test.method, "/asset", nil)
			asked.Header = test.header
			w := httptest.NewRecorder()
			siteRequest{site: site, address: addressOf("https://localhost" + test.url), method: asked.Method, hasWorker: test.hasWorker}.respond()(w, asked)
			h := w.Header()
			got := fmt.Sprint(w.Code, " ", h.Get("Location"), " ", h.Get("X-Rules"), " ", h.Get("Cache-Control"))
			if h.Get(workerHeader) != "" {
				got = "worker"
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if test.url == "/style.css" && h.Get("Etag") != "" || test.url == "/none" && !test.hasWorker && h.Get("X-Missing") != "here" {
				t.Errorf("headers %v", h)
			}
		})
	}
}

// TestRulesLeaveTheBody: a rule cannot set the length, and if it removes the
// type, none is guessed.
func TestRulesLeaveTheBody(t *testing.T) {
	site := siteWith(siteConfig{}, "/page.css")
	site.headers, _ = assetrules.ParseHeaders("/*\n  Content-Length: 1\n  Transfer-Encoding: chunked\n  ! Content-Type\n")
	server := httptest.NewServer(http.HandlerFunc(siteRequest{site: site, address: addressOf("http://a/page.css"), method: "GET"}.respond()))
	defer server.Close()
	response, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.ContentLength != int64(len("/page.css")) || response.Header["Content-Type"] != nil {
		t.Errorf("length %d, headers %v", response.ContentLength, response.Header)
	}
}

// TestRulesAreReadOnce: Workers with the same rules share them, and they are
// not kept for ever.
func TestRulesAreReadOnce(t *testing.T) {
	var c ruleCache
	for i := range 3 * maxRuleTexts {
		texts := ruleTexts{headers: fmt.Sprintf("/*\n  A: %d\n", i/2)}
		got := http.Header{}
		if c.of(texts).headers.Apply(got, "", "/"); got.Get("A") != fmt.Sprint(i/2) {
			t.Errorf("got %v for %d", got, i)
		}
		if want := min(i/2+1, (i/2)%maxRuleTexts+1); len(c.read) != want {
			t.Fatalf("%d texts are kept, want %d", len(c.read), want)
		}
	}
}
