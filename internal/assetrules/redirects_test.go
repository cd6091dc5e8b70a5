package assetrules

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// told returns problems as "line:column text: message", with an exclamation
// mark before those that are refused.
func told(problems []Problem) []string {
	var all []string
	for _, p := range problems {
		refused := ""
		if p.Refused {
			refused = "!"
		}
		all = append(all, fmt.Sprintf("%s%d:%d %s: %s", refused, p.Line, p.Column, p.Text, p.Message))
	}
	return all
}

func TestRedirects(t *testing.T) {
	const file = `
# comments, and lines of nothing
/home301 / 301   # and at the end of a line
/home302 /
/query /new?a=b#part 307
no-slash /slash
/sp%20ace/ü /somewhere
/a/../up /down
/absolute https://Example.com/path?x=y 308
/other-host //example.com/path
/blog/* /new/:splat
/news/:year/:month /archive/:month-of-:year/:day 303
/users/:id/:id_2 /u/:id_2?id=:id
/same /second
/app/* /application/:splat 200
/open/* /:splat
/mail/:name https://:name.example.com/
`
	redirects, problems := ParseRedirects(file, true)
	if len(problems) > 0 {
		t.Fatal(told(problems))
	}
	for path, want := range map[string]string{
		"/home301":            "301 /",
		"/home302":            "302 /",
		"/home302/":           "",
		"/HOME302":            "",
		"/query":              "307 /new?a=b#part",
		"/no-slash":           "302 /slash",
		"/sp%20ace/%C3%BC":    "302 /somewhere",
		"/up":                 "302 /down",
		"/absolute":           "308 https://Example.com/path?x=y",
		"/other-host":         "302 //example.com/path",
		"/blog/":              "302 /new/",
		"/blog":               "",
		"/blog/2026/a%2Fb":    "302 /new/2026/a%2Fb",
		"/news/2026/11":       "303 /archive/11-of-2026/:day",
		"/news/2026/11/22":    "",
		"/users/1/2":          "302 /u/2?id=1",
		"/same":               "302 /second",
		"/app/deep/file.html": "200 /application/deep/file.html",
		"/open//evil.com/x":   "302 /evil.com/x",
		"/open/\\/evil.com":   "302 /evil.com",
		"/mail/anna":          "302 https://anna.example.com/",
	} {
		got := ""
		if r, ok := redirects.Match("localhost", path); ok {
			got = fmt.Sprint(r.Status, " ", r.To)
		}
		if got != want {
			t.Errorf("%s leads to %q, want %q", path, got, want)
		}
	}
}

// TestRedirectOrder: redirects without placeholders win if they stand first.
func TestRedirectOrder(t *testing.T) {
	redirects, _ := ParseRedirects("/a /static\n/:any /dynamic\n/b /late\n", true)
	for path, want := range map[string]string{"/a": "/static", "/b": "/dynamic"} {
		if got, _ := redirects.Match("", path); got.To != want {
			t.Errorf("%s leads to %s, want %s", path, got.To, want)
		}
	}
}

func TestRedirectProblems(t *testing.T) {
	for line, want := range map[string]string{
		"/alone":                          `1:1 /alone: the line has 1 words, and is ignored`,
		"  /a /b 301 Country=de":          `1:3 /a /b 301 Country=de: the line has 4 words, and is ignored`,
		"https://example.com/* /a":        `1:1 https://example.com/* /a: the redirect is ignored: "https://example.com/*" is not a path`,
		"/a http://example.com":           `1:1 /a http://example.com: the redirect is ignored: "http://example.com" is neither a path, with a slash before it, nor an address with https://`,
		"/a /b 301!":                      `1:1 /a /b 301!: the redirect is ignored: "301!" is not the status of a redirect`,
		"/a /b 404":                       `1:1 /a /b 404: the redirect is ignored: "404" is not the status of a redirect`,
		"/a https://example.com 200":      `1:1 /a https://example.com 200: the redirect is ignored: https://example.com/ is not a file of the directory; only those can be served with 200`,
		"/a /b\n/a /c":                    `2:1 /a /c: the redirect is ignored: line 1 is for /a already`,
		"/* /index.html 200":              `!1:1 /* /index.html 200: the redirect leads to itself: /index.html is answered with a redirect to the path without /index.html`,
		"/docs/ /docs/index":              `!1:1 /docs/ /docs/index: the redirect leads to itself: /docs/index is answered with a redirect to the path without /index.html`,
		"/* https://example.com/index":    "",
		"/*/a/* /b":                       `1:1 /*/a/* /b: the redirect matches nothing: * is in "/*/a/*" twice`,
		"/*/:splat /b":                    `1:1 /*/:splat /b: the redirect matches nothing: :splat is in "/*/:splat" twice`,
		"/a /" + strings.Repeat("b", 996): "",
	} {
		_, problems := ParseRedirects(line, true)
		var wanted []string
		if want != "" {
			wanted = []string{want}
		}
		if diff := cmp.Diff(wanted, told(problems)); diff != "" {
			t.Errorf("%s: %s", line, diff)
		}
	}
	// If pages keep their names, only a star makes a loop.
	_, problems := ParseRedirects("/ /index.html\n/* /index.html\n", false)
	if len(problems) != 1 || problems[0].Line != 2 || !problems[0].Refused {
		t.Error(told(problems))
	}
	if _, problems := ParseRedirects("/a /"+strings.Repeat("b", 997), true); len(problems) != 1 || !strings.Contains(problems[0].Message, "1001 characters") {
		t.Error(told(problems))
	}
}

func TestRedirectLimits(t *testing.T) {
	var b strings.Builder
	for i := range 2002 {
		fmt.Fprintf(&b, "/s%d /t%d\n", i, i)
	}
	for i := range 103 {
		fmt.Fprintf(&b, "/d%d/* /t%d\n", i, i)
	}
	redirects, problems := ParseRedirects(b.String(), true)
	var lines []int
	for _, p := range problems {
		lines = append(lines, p.Line)
	}
	if diff := cmp.Diff([]int{2001, 2002, 2103}, lines); diff != "" {
		t.Error(diff, told(problems))
	}
	for path, want := range map[string]bool{"/s1999": true, "/s2000": false, "/d99/": true, "/d100/": false} {
		if _, ok := redirects.Match("", path); ok != want {
			t.Errorf("%s is redirected: %v", path, ok)
		}
	}
}

// FuzzRedirects: any file and any request is handled, and a visitor cannot turn
// a path into another host.
func FuzzRedirects(f *testing.F) {
	f.Add("/a /b 301\n/blog/* /:splat\n/:x/:y /:y/:x 200\n", "/blog//evil.com")
	f.Add("https://x:1/* //y/:splat\n/*/* /\n\ufeff/% /%zz # c\n", "/%zz")
	f.Add("/.. /../%2e\\x 308\r\n * *\n", "")
	f.Fuzz(func(t *testing.T, file, path string) {
		redirects, problems := ParseRedirects(file, true)
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 || p.Message == "" || !strings.Contains(p.Source, p.Text) {
				t.Errorf("%+v", p)
			}
		}
		for _, rule := range redirects.dynamic {
			values, ok := rule.from.match("host", path)
			if ok && !leavesHost.MatchString(rule.To) && leavesHost.MatchString(rule.target(values)) && strings.HasPrefix(rule.To, "/") {
				t.Errorf("%q leads %q to %q", rule.from.text, path, rule.target(values))
			}
		}
		redirects.Match("host", path)
	})
}
