package bundle

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/spec"
)

func assetsIn(directory string) *spec.AssetFiles {
	return &spec.AssetFiles{Directory: directory, At: stackPosition}
}

// readAssets reads the directory "public" of a project, and wants no diagnostics.
func readAssets(t testing.TB, content files) *spec.AssetFiles {
	t.Helper()
	directory := assetsIn("public")
	wantNone(t, ReadAssets(context.Background(), newProject(t, content), []*spec.AssetFiles{directory}))
	return directory
}

func paths(directory *spec.AssetFiles) []string {
	var list []string
	for _, file := range directory.Files {
		list = append(list, file.Path)
	}
	return list
}

func TestReadAssets(t *testing.T) {
	content := files{
		"public/index.html":           "<h1>hi</h1>",
		"public/Umlaut ä.TXT":         "text",
		"public/deep/er/app.js":       "let a",
		"public/deep/_headers":        "served like any other file here",
		"public/.well-known/security": "contact",
		"public/linked.css":           "-> ../styles/main.css",
		"public/_headers":             "/*\n  X: y\n",
		"public/_redirects":           "/a /b\n",
		"public/.assetsignore":        "*.map\n",
		"public/app.js.map":           "{}",
		"styles/main.css":             "a {}",
		"elsewhere.html":              "no",
	}
	directory := readAssets(t, content)
	want := []string{"/.well-known/security", "/Umlaut ä.TXT", "/deep/_headers", "/deep/er/app.js", "/index.html", "/linked.css"}
	if diff := cmp.Diff(want, paths(directory)); diff != "" {
		t.Error(diff)
	}
	if directory.Headers != content["public/_headers"] || directory.Redirects != content["public/_redirects"] {
		t.Errorf("headers %q, redirects %q", directory.Headers, directory.Redirects)
	}
	types := map[string]string{}
	for _, file := range directory.Files {
		types[file.Path] = file.Type
		reader, err := directory.OpenAsset(file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(reader)
		if err != nil || int64(len(got)) != file.Size {
			t.Errorf("%s: %q, %v", file.Path, got, err)
		}
		if err := reader.Close(); err != nil {
			t.Error(err)
		}
	}
	if types["/index.html"] != "text/html; charset=utf-8" || types["/Umlaut ä.TXT"] != "text/plain; charset=utf-8" || types["/.well-known/security"] != "" {
		t.Errorf("types %v", types)
	}
	if again := readAssets(t, content); again.Digest != directory.Digest {
		t.Error("the digest depends on where the project lies")
	}
	content["public/index.html"] = "<h1>ho</h1>"
	if other := readAssets(t, content); other.Digest == directory.Digest {
		t.Error("the digest does not depend on the contents")
	}
}

// A file that becomes a link out of the project after it was read is not opened.
func TestAssetBecomesLink(t *testing.T) {
	root := newProject(t, files{"public/index.html": "hello", "../secret": "hello"})
	directory := assetsIn("public")
	wantNone(t, ReadAssets(context.Background(), root, []*spec.AssetFiles{directory}))
	name := filepath.Join(root, "public", "index.html")
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../../secret", name); err != nil {
		t.Fatal(err)
	}
	if _, err := directory.OpenAsset(directory.Files[0]); err == nil || strings.Contains(err.Error(), root) {
		t.Errorf("opened, or an error that names the machine's folders: %v", err)
	}
}

func TestAssetMessages(t *testing.T) {
	for name, test := range map[string]struct {
		directory string
		content   files
		limits    assetLimits
		want      string
	}{
		"missing":             {"public", files{"other": ""}, platformLimits, `the directory of assets "public" does not exist [WFP305]`},
		"a file":              {"public", files{"public": ""}, platformLimits, `the directory of assets "public" is not a folder [WFP305]`},
		"the project":         {".", files{"index.html": ""}, platformLimits, `the directory of assets "." is the project folder itself: its sources would be served to everybody [WFP305]`},
		"empty":               {"public", files{"public/_headers": "/*\n  X: y", "public/.assetsignore": "*.html", "public/a.html": ""}, platformLimits, `the directory of assets "public" has no files to serve [WFP305]`},
		"binary headers":      {"public", files{"public/_headers": "\x00", "public/a": ""}, platformLimits, `"public/_headers" is not a text file in UTF-8 [WFP305]`},
		"outside by name":     {"../public", files{"../public/a": ""}, platformLimits, `the directory of assets "../public" lies outside the project folder [WFP306]`},
		"absolute":            {"/etc", files{"a": ""}, platformLimits, `the directory of assets "/etc" lies outside the project folder [WFP306]`},
		"outside by link":     {"public", files{"public": "-> ..", "../a": ""}, platformLimits, `the directory of assets "public" lies outside the project folder [WFP306]`},
		"a link outside":      {"public", files{"public/key": "-> ../../key", "../key": "secret", "public/a": ""}, platformLimits, `"public/key" leads outside the project folder [WFP306]`},
		"headers outside":     {"public", files{"public/_headers": "-> ../../key", "../key": "secret", "public/a": ""}, platformLimits, `"public/_headers" cannot be read: path escapes from parent [WFP305]`},
		"a folder link":       {"public", files{"public/more": "-> ../more", "more/a": "", "public/a": ""}, platformLimits, `"public/more" is a link to a folder, whose files would not be served [WFP306]`},
		"a dangling link":     {"public", files{"public/a": "-> nowhere", "public/b": ""}, platformLimits, `"public/a" cannot be read: no such file or directory [WFP305]`},
		"too large":           {"public", files{"public/film.mp4": "12345", "public/a": "1234"}, assetLimits{10, 4, 10}, `"public/film.mp4" has 5 bytes; the platform takes files of 4 [WFP307]`},
		"too many":            {"public", files{"public/a": "", "public/b": "", "public/c": "", "public/d/e": ""}, assetLimits{2, 4, 10}, `the directory of assets "public" has more files than the 2 that the platform takes [WFP307]`},
		"many headers":        {"public", files{"public/_headers": "12345678901", "public/a": ""}, assetLimits{2, 4, 10}, `"public/_headers" has 11 bytes; 10 are the most [WFP307]`},
		"code of Pages":       {"public", files{"public/_worker.js": "", "public/a": ""}, platformLimits, `"public/_worker.js" is the code of a Pages project, and everybody could read it [WFP307]`},
		"code of Pages, many": {"public", files{"public/_worker.js/index.js": "", "public/a": ""}, platformLimits, `"public/_worker.js" is the code of a Pages project, and everybody could read it [WFP307]`},
		"code that is meant":  {"public", files{"public/_worker.js": "", "public/.assetsignore": ""}, platformLimits, ""},
		"ignored mistakes":    {"public", files{"public/more": "-> ../..", "public/a": "", "public/.assetsignore": "more"}, platformLimits, ""},
	} {
		t.Run(name, func(t *testing.T) {
			root := newProject(t, test.content)
			p, err := openProject(root)
			if err != nil {
				t.Fatal(err)
			}
			defer p.close()
			directory := assetsIn(test.directory)
			r := assetReader{project: p, directory: directory, limits: test.limits}
			var got []string
			for _, d := range r.read(context.Background()) {
				got = append(got, fmt.Sprintf("%s [%s]", d.Message, d.Rule))
				if d.Range != stackPosition {
					t.Errorf("the message points at %v", d.Range)
				}
			}
			if diff := cmp.Diff(test.want, strings.Join(got, "\n")); diff != "" {
				t.Error(diff)
			}
			if (directory.Digest == "") != (test.want != "") {
				t.Errorf("completed with the digest %q", directory.Digest)
			}
		})
	}
}

// What .assetsignore leaves out, by its lines and the files that are there.
func TestIgnorePatterns(t *testing.T) {
	for _, test := range []struct{ lines, files, want string }{
		{"", "a b/c", "/a /b/c"},
		{"# a comment\n\n  \n", "a", "/a"},
		{"*.map", "a.map b/c.map a.mapx", "/a.mapx"},
		{"/*.map", "a.map b/c.map", "/b/c.map"},
		{"b/", "b/c a/b", "/a/b"},
		{"b", "b/c a/b a/bc", "/a/bc"},
		{"a/b", "a/b c/a/b", "/c/a/b"},
		{"**/b", "b a/b a/c/b a/d", "/a/d"},
		{"a/**", "a/b a/c/d b", "/b"},
		{"a/**/z", "a/z a/b/z a/b/c/z b/z", "/b/z"},
		{"a**z", "a/z abz", "/a/z"},
		{"?.js", "a.js ab.js", "/ab.js"},
		{"[a-c].js", "a.js d.js", "/d.js"},
		{"[!a-c].js", "a.js d.js", "/a.js"},
		{"*.js\n!keep.js", "a.js keep.js", "/keep.js"},
		{"!keep.js\n*.js", "a.js keep.js b", "/b"},
		{"lib/\n!lib/keep.js", "lib/keep.js b", "/b"},
		{"lib/*\n!lib/keep.js", "lib/keep.js lib/a b", "/b /lib/keep.js"},
		{"UPPER.txt", "upper.TXT b", "/b"},
		{`\#a`, "#a b", "/b"},
		{`\!a`, "!a b", "/b"},
		{"a   ", "a b", "/b"},
		{"a\r\nb\r\n", "a b c", "/c"},
		{"[", "[ b", "/b"},
		{"[z-a]", "a b", "/a /b"},
		{"!", "a", "/a"},
		{"/", "a", "/a"},
		{"a.b", "a.b axb", "/axb"},
	} {
		content := files{"public/.assetsignore": test.lines}
		for name := range strings.FieldsSeq(test.files) {
			content["public/"+name] = name
		}
		if got := strings.Join(paths(readAssets(t, content)), " "); got != test.want {
			t.Errorf("%q of %s leaves %q, want %q", test.lines, test.files, got, test.want)
		}
	}
}

func FuzzIgnorePatterns(f *testing.F) {
	for _, line := range []string{"*.map", "/a/**/b/", "![a-z]?", `\#[`, "[!]]", "**", "[a\\]b]"} {
		f.Add(line, "a/b.map")
	}
	f.Fuzz(func(t *testing.T, line, name string) {
		p := parseIgnorePatterns(line) // no line is a reason to panic
		if !strings.Contains(line, "!") && p.match(name, false) && !p.match(name, true) {
			t.Errorf("%q leaves out the file %q, and would not a folder of that name", line, name)
		}
	})
}
