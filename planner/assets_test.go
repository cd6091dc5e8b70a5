package planner_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

const website = `
version: 1
name: sites
dispatch_namespaces: { customers: {} }
defaults: { compatibility_date: 2026-10-01 }
user_workers:
  a: { dispatch_namespace: customers, main: a.js, assets: { directory: public, binding: ASSETS } }
  b: { dispatch_namespace: customers, main: a.js, assets: { directory: public } }
workers:
  landing: { assets: { directory: landing } }
`

// folder is a directory of static files.
type folder map[string]string

func (f folder) OpenAsset(file spec.AssetFile) (io.ReadCloser, error) {
	content, found := f[file.Path]
	if !found {
		return nil, errors.New("gone")
	}
	return io.NopCloser(strings.NewReader(content)), nil
}

// serve parses a stack file whose directories have these files.
func serve(t testing.TB, text string, files folder) *spec.Stack {
	t.Helper()
	stack := parse(t, text)
	for _, directory := range stack.Assets() {
		var list []spec.AssetFile
		for path, content := range files {
			sum := sha256.Sum256([]byte(content))
			list = append(list, spec.AssetFile{Path: path, Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:])})
		}
		directory.Complete(list, "headers of "+directory.Directory, "", files)
	}
	return stack
}

var someFiles = folder{"/index.html": "hello", "/copy.html": "hello", "/empty": "", "/long": strings.Repeat("0123456789", 10_000)}

func TestPlanOfAssets(t *testing.T) {
	changed := folder{"/index.html": "hallo"}
	for _, test := range []struct {
		name        string
		was, wanted *spec.Stack
		want        []string
	}{
		{"nothing changed", serve(t, website, someFiles), serve(t, website, someFiles), nil},
		{"a file changed", serve(t, website, someFiles), serve(t, website, changed), []string{"replace /assets", "replace /assets", "replace /assets"}},
		{"the configuration changed", serve(t, website, someFiles), serve(t, strings.ReplaceAll(website, "directory: landing", "directory: landing, html_handling: none"), someFiles), []string{"replace /assets"}},
		{"assets more", serve(t, strings.ReplaceAll(website, ", assets: { directory: public }", ""), someFiles), serve(t, website, someFiles), []string{"add /assets"}},
		{"assets less", serve(t, website, someFiles), serve(t, strings.ReplaceAll(website, ", assets: { directory: public }", ""), someFiles), []string{"remove /assets"}},
		{"code more", serve(t, website, someFiles), serve(t, strings.ReplaceAll(website, "{ assets", "{ main: b.js, assets"), someFiles), []string{"add /code"}},
		{"code less", serve(t, strings.ReplaceAll(website, "{ assets", "{ main: b.js, assets"), someFiles), serve(t, website, someFiles), []string{"remove /code"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, c := range plan(t, test.was, test.wanted, planner.Options{}).Changes {
				for _, f := range c.Fields {
					got = append(got, string(f.Op)+" "+f.Path)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A plan holds each content once, and returns it.
func TestSavedAssets(t *testing.T) {
	p := plan(t, parse(t, "version: 1\nname: sites"), serve(t, website, someFiles), planner.Options{})
	data, err := planner.Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(data, []byte(base64.StdEncoding.EncodeToString([]byte("hello")))); n != 1 {
		t.Errorf("a content is in the plan %d times", n)
	}
	decoded, err := planner.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := decoded.Complete(); err != nil {
		t.Error(err)
	}
	again, err := planner.Encode(decoded)
	if err != nil || !bytes.Equal(data, again) {
		t.Errorf("the plan changes when it is written again: %v", err)
	}
	for _, c := range decoded.Changes {
		script, ok := c.Desired.(spec.Scripted)
		if !ok {
			continue
		}
		files := script.AsScript().Assets.Files
		if len(files.Files) != len(someFiles) || !strings.HasPrefix(files.Headers, "headers of ") {
			t.Errorf("%s: %+v", c.Address, files)
		}
		for _, file := range files.Files {
			reader, err := files.OpenAsset(file)
			if err != nil {
				t.Fatal(err)
			}
			if content, err := io.ReadAll(reader); err != nil || string(content) != someFiles[file.Path] {
				t.Errorf("%s %s: %d bytes, %v", c.Address, file.Path, len(content), err)
			}
		}
	}
	outline, err := planner.Encode(p.Outline())
	if err != nil || bytes.Contains(outline, []byte("asset_contents")) {
		t.Errorf("an outline holds contents: %v", err)
	}
	read, err := planner.Decode(outline)
	if err != nil || !errors.Is(read.Complete(), planner.ErrNoCode) {
		t.Errorf("an outline is complete: %v", err)
	}
}

func TestDecodeRefusesEditedAssets(t *testing.T) {
	data, err := planner.Encode(plan(t, parse(t, "version: 1\nname: sites"), serve(t, website, someFiles), planner.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	hello := base64.StdEncoding.EncodeToString([]byte("hello"))
	for name, edit := range map[string][2]string{
		"a content":            {hello, base64.StdEncoding.EncodeToString([]byte("hallo"))},
		"a content, cut short": {hello, ""},
		"a content, garbled":   {hello, "****"},
		"a path":               {`"path": "/index.html"`, `"path": "/other.html"`},
		"a size":               {`"size": 5`, `"size": 6`},
		"headers":              {"headers of landing", "headers of an unknown Worker"},
		"a content is gone":    {`"asset_contents": {`, `"asset_contents": {}, "more": {`},
	} {
		t.Run(name, func(t *testing.T) {
			edited := strings.Replace(string(data), edit[0], edit[1], 1)
			if edited == string(data) {
				t.Fatalf("nothing to edit: %q", edit[0])
			}
			var tampered *planner.Tampered
			if _, err := planner.Decode([]byte(edited)); !errors.As(err, &tampered) {
				t.Errorf("got %v, want a Tampered", err)
			}
		})
	}
	for name, edit := range map[string][2]string{
		"contents that are no mapping": {`"asset_contents": {`, `"asset_contents": 1, "more": {`},
		"a content that is no text":    {`"` + hello + `"`, "1"},
		"more after the end":           {"\n}\n", "\n}\n{}"},
	} {
		edited := strings.Replace(string(data), edit[0], edit[1], 1)
		if _, err := planner.Decode([]byte(edited)); err == nil || edited == string(data) {
			t.Errorf("%s: no error", name)
		}
	}
}

// A file that changes while the plan is being saved is not in it.
func TestSavingChangedAssets(t *testing.T) {
	files := folder{"/index.html": "hello"}
	p := plan(t, parse(t, "version: 1\nname: sites"), serve(t, website, files), planner.Options{})
	files["/index.html"] = "hallo"
	if _, err := planner.Encode(p); err == nil || !strings.Contains(err.Error(), "/index.html has changed") {
		t.Error(err)
	}
}
