package stackfile_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile"
)

// TestRenderedFilesMeanTheSame renders every good file, and loads the result.
func TestRenderedFilesMeanTheSame(t *testing.T) {
	files, err := filepath.Glob("testdata/good/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			root, name := os.DirFS("testdata/good"), filepath.Base(file)
			options := optionsOf(t, file)
			want, list := stackfile.Load(root, name, options)
			text, more := rendering(t, root, name, options)
			if len(list)+len(more) > 0 {
				t.Fatal(describe(append(list, more...)))
			}
			got, list := stackfile.Load(rendered{root, text}, name, stackfile.Options{})
			if list.HasErrors() {
				t.Fatalf("%s\n%s", describe(list), text)
			}
			ignore := cmp.Options{cmpopts.IgnoreTypes(diag.Range{}), cmpopts.IgnoreFields(spec.Stack{}, "Files", "Environments"),
				cmpopts.IgnoreFields(spec.Wave{}, "Of"), // a condition is true or false by then
				cmpopts.IgnoreUnexported(spec.Assets{}), cmpopts.IgnoreFields(spec.Policy{}, "Judge"),
			}
			if diff := cmp.Diff(want, got, ignore); diff != "" {
				t.Errorf("rendered, it means something else (-want +got):\n%s\n%s", diff, text)
			}
		})
	}
}

// rendered is a project whose stack file is another.
type rendered struct {
	fs.FS
	text []byte
}

func (r rendered) Open(name string) (fs.File, error) {
	if filepath.Ext(name) == ".yaml" {
		return fstest.MapFS{name: {Data: r.text}}.Open(name)
	}
	return r.FS.Open(name)
}

// TestRenderKeepsComments compares a file in the order and layout that render
// writes with itself, and looks where the comments of others go.
func TestRenderKeepsComments(t *testing.T) {
	const same = `# yaml-language-server: $schema=stack.schema.json
# The platform of example.com.

# It has two parts.
version: 1
name: platform # never change it
# What customers run.
dispatch_namespaces:
  # Those who pay.
  customers: {} # the only one
  # trials: {}
workers:
  # Sends requests to customers.
  #
  # Ask the platform team.
  router:
    # TypeScript, bundled.
    main: ./src/router.ts
    compatibility_date: "2026-10-01" # raised every January
    dispatch_namespaces:
      # The one above.
      - binding: TENANTS # as the code calls it
        namespace: customers
    routes:
      - '*.example.com/*' # wfpsync:ignore WFP219 -- no such thing
      # and without a subdomain
      - example.com/*
      # - example.org/*
    # minify: true
# the end
`
	if got := render(t, same, nil); got != same {
		t.Errorf("-want +got:\n%s", cmp.Diff(same, got))
	}
	for name, test := range map[string]struct {
		text, want string
		files      map[string]string
	}{
		"in flow mappings": {
			text: "version: 1\nname: s\nkv_namespaces: { a: {}, b: {} } # both\nworkers: # all\n  w: { external: true } # theirs\n",
			want: "version: 1\nname: s\n# both\nkv_namespaces:\n  a: {}\n  b: {}\n# all\nworkers:\n  # theirs\n  w:\n    external: true\n",
		},
		"of what goes away or is repeated": {
			text: "version: 1\nname: s\n# dates\ndefaults: # of all\n  # old\n  compatibility_date: 2026-10-01 # new\n# here\nworkers:\n  a: { main: ./a.ts } # first\n  b: { main: ./b.ts }\n",
			want: "version: 1\nname: s\n# here\nworkers:\n  # first\n  a:\n    compatibility_date: \"2026-10-01\"\n    main: ./a.ts\n  b:\n    compatibility_date: \"2026-10-01\"\n    main: ./b.ts\n",
		},
		"of an overlay": {
			text: "version: 1\nname: s\nkv_namespaces:\n  # below\n  a: { title: A } # beside\nenvironments:\n  e:\n    kv_namespaces:\n      # above\n      a:\n        # why\n        title: B\n",
			want: "version: 1\nname: s.e\nkv_namespaces:\n  # above\n  a:\n    # why\n    title: B\n",
		},
		"of a generated name": {
			text:  "version: 1\nname: s\ninclude: [more.yaml]\nlists: { l: { key: k, items: [{ k: x }] } }\nkv_namespaces:\n  # each\n  a:\n    for_each: { i: l }\n    # called\n    title: ${i.k}\n",
			files: map[string]string{"more.yaml": "# more\nqueues:\n  q: {} # small\n"},
			want:  "version: 1\nname: s\nkv_namespaces:\n  # each\n  a[x]:\n    # called\n    title: x\n# more\nqueues:\n  q: {} # small\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, render(t, test.text, test.files)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func render(t *testing.T, text string, files map[string]string) string {
	t.Helper()
	options := stackfile.Options{}
	if strings.Contains(text, "environments:") {
		options.Environment = "e"
	}
	got, list := rendering(t, project(text, files), "wfpsync.yaml", options)
	if list.HasErrors() {
		t.Fatal(describe(list))
	}
	return string(got)
}

func rendering(t *testing.T, root fs.FS, name string, options stackfile.Options) ([]byte, diag.List) {
	t.Helper()
	var text bytes.Buffer
	list, err := stackfile.Render(&text, root, name, options)
	if err != nil {
		t.Fatal(err)
	}
	return text.Bytes(), list
}
