package runtime

import (
	"strings"
	"testing"
)

// TestWhichPage tests cases that the documentation leaves out: files with
// similar names. The expected results are those of the asset Worker of
// workers-sdk.
func TestWhichPage(t *testing.T) {
	for _, test := range []struct{ mode, files, at, want string }{
		{"auto-trailing-slash", "/a.html /a/index.html", "/a", "/a.html"},
		{"auto-trailing-slash", "/a.html /a/index.html", "/a/", "/a/index.html"},
		{"auto-trailing-slash", "/a /a.html", "/a.html", "/a.html"},
		{"auto-trailing-slash", "/a /a.html", "/a/", ""},
		{"auto-trailing-slash", "/a /a.html /a/index.html /a/index", "/a.html", "→/a/"},
		{"auto-trailing-slash", "/a.html", "/a/index.html", "→/a"},
		{"auto-trailing-slash", "/a.html", "/a/index", "→/a"},
		{"auto-trailing-slash", "/a.html /a.html.html", "/a.html.html", "/a.html.html"},
		{"auto-trailing-slash", "/a /a.html", "/a.html/", ""},
		{"force-trailing-slash", "/a.html", "/a/index.html", "→/a/"},
		{"force-trailing-slash", "/a.html", "/a/index", "→/a/"},
		{"force-trailing-slash", "/a/index.html /a/index", "/a/index", "/a/index"},
		{"force-trailing-slash", "/index/index.html", "/index", "→/index/"},
		{"force-trailing-slash", "/a /a.html", "/a.html", "→/a/"},
		{"drop-trailing-slash", "/a/index.html", "/a.html", "→/a"},
		{"drop-trailing-slash", "/a.html", "/a/index.html", "→/a"},
		{"drop-trailing-slash", "/a /a/index.html", "/a/index.html", "/a/index.html"},
		{"drop-trailing-slash", "/index.html", "/index", "→/"},
		{"drop-trailing-slash", "/index /index/index.html", "/index/", ""},
		{"none", "/a.html", "/a", ""},
	} {
		name, redirect := siteWith(siteConfig{HTMLHandling: test.mode}, strings.Fields(test.files)...).resolve(test.at)
		if redirect != "" {
			name = "→" + redirect
		}
		if name != test.want {
			t.Errorf("%s, %s: %s is %q, want %q", test.mode, test.files, test.at, name, test.want)
		}
	}
}
