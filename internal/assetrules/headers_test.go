package assetrules

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHeaders(t *testing.T) {
	const file = `
# all of them
/*
  X-Frame-Options: DENY
  X-Tag: one
  X-Tag: two
  X-Url: https://example.com/:splat

/static/*
  Access-Control-Allow-Origin: *
  X-Tag: static
  ! Cache-Control
/static/bare.txt
  ! X-Frame-Options
https://:project.pages.dev/*
  X-Robots-Tag: noindex
  X-Project: :project
/movies/:title
  X-Movie: You watch ":title" of :year
`
	headers, problems := ParseHeaders(file)
	if len(problems) > 0 {
		t.Fatal(told(problems))
	}
	all := http.Header{"X-Frame-Options": {"DENY"}, "X-Tag": {"one, two"}, "Cache-Control": {"public"}}
	for address, change := range map[string]http.Header{
		"localhost /":                 {"X-Url": {"https://example.com/"}},
		"localhost /a%20b":            {"X-Url": {"https://example.com/a%20b"}},
		"localhost /static/x.css":     {"X-Url": {"https://example.com/static/x.css"}, "X-Tag": {"one, two", "static"}, "Access-Control-Allow-Origin": {"*"}, "Cache-Control": nil},
		"localhost /static/bare.txt":  {"X-Url": {"https://example.com/static/bare.txt"}, "X-Tag": {"one, two", "static"}, "Access-Control-Allow-Origin": {"*"}, "Cache-Control": nil, "X-Frame-Options": nil},
		"mine.pages.dev /":            {"X-Url": {"https://example.com/"}, "X-Robots-Tag": {"noindex"}, "X-Project": {"mine"}},
		"new.mine.pages.dev /":        {"X-Url": {"https://example.com/"}},
		"localhost /movies/alien":     {"X-Url": {"https://example.com/movies/alien"}, "X-Movie": {`You watch "alien" of :year`}},
		"localhost /movies/alien/two": {"X-Url": {"https://example.com/movies/alien/two"}},
	} {
		host, path, _ := strings.Cut(address, " ")
		want := all.Clone()
		for name, values := range change {
			if want[name] = values; values == nil {
				delete(want, name)
			}
		}
		got := http.Header{"Cache-Control": {"public"}, "X-Tag": {"the platform's"}}
		headers.Apply(got, host, path)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", address, diff)
		}
	}
}

func TestHeaderProblems(t *testing.T) {
	for file, want := range map[string][]string{
		"X-A: b\n  nothing":                     {`!1:1 X-A: b: "X-A: b" comes before any path`, `!2:3 nothing: "nothing" comes before any path`},
		"/a\n/b\n  A: b":                        {`1:1 /a: the rule is ignored: it has no headers`},
		"/a\n  nothing\n  A: b":                 {`2:3 nothing: the line is ignored: "nothing" is not a header`},
		"/a\n  ! \n  A: b":                      {`2:3 !: the line is ignored: "!" is not a header`},
		"/a\n  A B: c\n  A: b":                  {`2:3 A B: c: the line is ignored: "A B" is not the name of a header`},
		"/a\n  : c\n  A: b":                     {`2:3 : c: the line is ignored: "" is not the name of a header`},
		"/a\n  C:\n  A: b":                      {`2:3 C:: the line is ignored: the header C has an invalid value`},
		"/a\n  C: “\n  A: b":                    {`2:3 C: “: the line is ignored: the header C has an invalid value`},
		"https://a:80/\n  A: b\n  C: d":         {`1:1 https://a:80/: the rule is ignored: "https://a:80/" has a port, which rules cannot have`},
		"http://a/\n  A: b":                     {`1:1 http://a/: the rule is ignored: "http://a/" is neither a path, with a slash before it, nor an address with https://`},
		"/*/a/*\n  A: b":                        {`1:1 /*/a/*: the rule is ignored: * is in "/*/a/*" twice`},
		"/a\n  A: b\n/c\n D: e\n/a\n F:g":       {`1:1 /a: the rule is ignored: line 5 is for /a too, and the last one counts`},
		"/a\n  A: " + strings.Repeat("b", 1997): nil,
	} {
		if _, problems := ParseHeaders(file); cmp.Diff(want, told(problems)) != "" {
			t.Errorf("%q: %s", file, cmp.Diff(want, told(problems)))
		}
	}
	if _, problems := ParseHeaders("/a\n  A: b\n  C: " + strings.Repeat("d", 1998)); len(problems) != 1 || problems[0].Line != 3 {
		t.Error(told(problems))
	}
}

func TestHeaderLimit(t *testing.T) {
	var b strings.Builder
	for i := range 102 {
		fmt.Fprintf(&b, "/%d\n  A: b\n", i)
	}
	headers, problems := ParseHeaders(b.String())
	if len(problems) != 1 || problems[0].Line != 201 {
		t.Error(told(problems))
	}
	for path, want := range map[string]string{"/99": "b", "/100": ""} {
		got := http.Header{}
		if headers.Apply(got, "", path); got.Get("A") != want {
			t.Errorf("%s gets %v", path, got)
		}
	}
}

// FuzzHeaders: any file and any request is handled, and only valid headers are
// set.
func FuzzHeaders(f *testing.F) {
	f.Add("/*\n  A: b\n  ! C\nhttps://:x.y/:z\n  D: :x :z\n", "a.y", "/q")
	f.Add("https://*0\x9f\n0:0", "0", "0")
	f.Add("\ufeffx: y\n/%\n: a\n! \nhttps://\n", "", "")
	f.Fuzz(func(t *testing.T, file, host, path string) {
		headers, problems := ParseHeaders(file)
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 || p.Message == "" || !strings.Contains(p.Source, p.Text) {
				t.Errorf("%+v", p)
			}
		}
		got := http.Header{}
		headers.Apply(got, host, path)
		for name := range got {
			if !headerName.MatchString(name) {
				t.Errorf("%q is set", name)
			}
		}
	})
}

func BenchmarkHeaders(b *testing.B) {
	file := strings.Repeat("/*\n  X-Frame-Options: DENY\n/static/:name\n  Cache-Control: public, max-age=31556952, immutable\n", 10)
	for b.Loop() {
		headers, _ := ParseHeaders(file)
		headers.Apply(http.Header{}, "localhost", "/static/app.js")
	}
}

func BenchmarkRedirects(b *testing.B) {
	var file strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&file, "/from/a/long/path/%d /to/a/long/path/%d 301\n", i, i)
	}
	for i := range 100 {
		fmt.Fprintf(&file, "/dynamic/%d/* /to/:splat\n", i)
	}
	for b.Loop() {
		redirects, _ := ParseRedirects(file.String(), true)
		redirects.Match("localhost", "/dynamic/99/x")
	}
}
