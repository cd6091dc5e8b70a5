package stackfile_test

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/schema"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile"
)

func readTestdata(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile("testdata/from_wrangler/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// project returns a folder with a stack file and others.
func project(stack string, files map[string]string) fstest.MapFS {
	folder := fstest.MapFS{"wfpsync.yaml": {Data: []byte(stack)}}
	for name, text := range files {
		folder[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return folder
}

// loaded returns what a stack file means, and what it is in the end.
func loaded(t *testing.T, folder fstest.MapFS, options stackfile.Options) (*spec.Stack, string) {
	t.Helper()
	stack, list := stackfile.Load(folder, "wfpsync.yaml", options)
	text, more := rendering(t, folder, "wfpsync.yaml", options)
	if len(list)+len(more) > 0 {
		t.Fatal(describe(append(list, more...)))
	}
	stack.Files = nil
	return stack, string(text)
}

// TestFromWranglerIsAPaste compares a file of wrangler that has every key which
// a Worker has, too, with the same as TOML, and pasted into the stack file.
func TestFromWranglerIsAPaste(t *testing.T) {
	jsonc, toml := readTestdata(t, "wrangler.jsonc"), readTestdata(t, "wrangler.toml")
	block := regexp.MustCompile(`(?m)^ *//.*\n`).ReplaceAllString(jsonc, "")
	block = strings.ReplaceAll(strings.TrimSpace(block), "\n", "\n    ")

	const head = "version: 1\nname: s\ndispatch_namespaces: { customers: {} }\nworkers:\n"
	want, wantText := loaded(t, project(head+"  everything: "+block+"\n", nil), stackfile.Options{})
	if !strings.Contains(wantText, "COUNTER") {
		t.Fatalf("rendered:\n%s", wantText)
	}
	files := map[string]string{"wrangler.jsonc": jsonc, "wrangler.toml": toml}
	for name := range files {
		got, gotText := loaded(t, project(head+"  everything: { from_wrangler: ./"+name+" }\n", files), stackfile.Options{})
		if diff := cmp.Diff(wantText, gotText); diff != "" {
			t.Errorf("%s rendered (-pasted +imported):\n%s", name, diff)
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreTypes(diag.Range{}), cmpopts.IgnoreUnexported(spec.Assets{})); diff != "" {
			t.Errorf("%s (-pasted +imported):\n%s", name, diff)
		}
	}
}

// TestEveryKeyIsCompared holds the file of wrangler to what the schema has: a
// key that a Worker learns to have is compared as well.
func TestEveryKeyIsCompared(t *testing.T) {
	notOfWrangler := []string{
		"adopt", "bindings", "carry_over", "dispatch_namespace", "extends", "external", "for_each", "from_wrangler",
		"depends_on", "manage", "protect", "rollout", "route", "script", "secrets", "tags", "where",
	}
	text := readTestdata(t, "wrangler.jsonc")
	for _, key := range schema.WorkerKeys() {
		if !slices.Contains(notOfWrangler, key) && !strings.Contains(text, "\n  \""+key+"\":") {
			t.Errorf("add %q to wrangler.jsonc and wrangler.toml in testdata/from_wrangler, or to the keys that wrangler does not know", key)
		}
	}
}

// TestFromWranglerOrder lays what there is over each other: defaults, profile,
// wrangler's configuration, and what stands beside it.
func TestFromWranglerOrder(t *testing.T) {
	stack := `
version: 1
name: s
defaults:
  compatibility_date: 2026-01-01
  vars: { A: default, B: default, C: default, D: default }
  kv_namespaces: [{ binding: K, id: default }, { binding: L, id: default }]
  compatibility_flags: [default]
profiles:
  pro: { vars: { B: profile, C: profile, D: profile }, logpush: true, minify: true }
workers:
  a:
    extends: pro
    from_wrangler: ./apps/a/wrangler.jsonc
    vars: { D: beside, NAME: "${self.name}" }
    kv_namespaces: [{ binding: L, id: beside }]
    logpush: null
    define: null
`
	wrangler := `{
		"name": "from-wrangler", "main": "../b/index.ts", "alias": { "x": "./x.ts", "y": "yy" }, "minify": false,
		"vars": { "C": "wrangler", "D": "wrangler", "E": "${1}" }, "define": { "X": "1" },
		"kv_namespaces": [{ "binding": "L", "id": "wrangler" }, { "binding": "M", "id": "wrangler", "preview_id": "p", "remote": true }]
	}`
	_, text := loaded(t, project(stack, map[string]string{"apps/a/wrangler.jsonc": wrangler}), stackfile.Options{})
	want := `version: 1
name: s
workers:
  a:
    name: from-wrangler
    compatibility_date: "2026-01-01"
    vars:
      A: default
      B: profile
      C: wrangler
      D: beside
      E: $${1}
      NAME: from-wrangler
    kv_namespaces:
      - binding: K
        id: default
      - binding: L
        id: beside
      - binding: M
        id: wrangler
    compatibility_flags:
      - default
    minify: false
    main: ./apps/b/index.ts
    alias:
      x: ./apps/a/x.ts
      y: yy
`
	if diff := cmp.Diff(want, text); diff != "" {
		t.Errorf("rendered (-want +got):\n%s", diff)
	}
}

// TestWranglerEnvironments takes over environments, with wrangler's inheritance.
func TestWranglerEnvironments(t *testing.T) {
	wrangler := `
name = "api"
main = "src/index.ts"
compatibility_date = 2026-10-01
compatibility_flags = ["top"]
limits = { cpu_ms = 50, subrequests = 5 }
alias = { a = "./a.ts" }

[env.production]
limits.cpu_ms = 100
vars.STAGE = "production"

[env.staging]
name = "api-for-tests"
compatibility_flags = []
`
	stack := `
version: 1
name: s
workers:
  top: { from_wrangler: ./wrangler.toml }
  none: { from_wrangler: { path: wrangler.toml, environment: "${environment}" }, name: none }
  production: { from_wrangler: { path: ./wrangler.toml, environment: production } }
  staging: { from_wrangler: { path: ././wrangler.toml, environment: staging } }
environments: { production: {} }
`
	_, text := loaded(t, project(stack, map[string]string{"wrangler.toml": wrangler}), stackfile.Options{})
	names := regexp.MustCompile(`(?m)^    (name|compatibility_flags|limits|vars|alias):.*(?:\n      .*)*`).FindAllString(text, -1)
	want := []string{
		"    name: api", "    compatibility_flags:\n      - top", "    limits:\n      cpu_ms: 50\n      subrequests: 5", "    alias:\n      a: ./a.ts",
		"    name: none", "    compatibility_flags:\n      - top", "    limits:\n      cpu_ms: 50\n      subrequests: 5", "    alias:\n      a: ./a.ts",
		"    name: api-production", "    compatibility_flags:\n      - top", "    alias:\n      a: ./a.ts", "    limits:\n      cpu_ms: 100", "    vars:\n      STAGE: production",
		"    name: api-for-tests", "    limits:\n      cpu_ms: 50\n      subrequests: 5", "    alias:\n      a: ./a.ts", "    compatibility_flags: []",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("-want +got:\n%s\n%s", diff, text)
	}
}

// TestFromWranglerOfAFleet takes over one file for each item.
func TestFromWranglerOfAFleet(t *testing.T) {
	stack := `
version: 1
name: s
dispatch_namespaces: { customers: {} }
lists: { themes: { key: name, dirs: ./themes/* } }
user_workers:
  themes:
    for_each: { theme: themes }
    dispatch_namespace: customers
    from_wrangler: ${theme.path}/wrangler.toml
    vars: { THEME: "${theme.name}" }
  same:
    for_each: { theme: themes }
    name: null
    dispatch_namespace: customers
    from_wrangler: { path: ./themes/dark/wrangler.toml }
`
	files := map[string]string{}
	for _, theme := range []string{"dark", "light"} {
		files["themes/"+theme+"/wrangler.toml"] = fmt.Sprintf("name = 'the-%s'\nmain = 'index.ts'\ncompatibility_date = 2026-10-01", theme)
	}
	folder := project(stack, files)
	loadedStack, list := stackfile.Load(folder, "wfpsync.yaml", stackfile.Options{})
	if len(list) > 0 {
		t.Fatal(describe(list))
	}
	got := map[string]string{}
	for _, r := range loadedStack.Resources {
		if w, ok := r.(*spec.UserWorker); ok {
			got[w.Name] = w.Code.Entrypoint
		}
	}
	want := map[string]string{
		"the-dark": "themes/dark/index.ts", "the-light": "themes/light/index.ts",
		"dark": "themes/dark/index.ts", "light": "themes/dark/index.ts",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if files := slices.Sorted(maps.Keys(files)); !slices.Equal(append(files, "wfpsync.yaml"), loadedStack.Files) {
		t.Errorf("files %v", loadedStack.Files)
	}
}

// TestWranglerFileTooLarge is refused before it is read.
func TestWranglerFileTooLarge(t *testing.T) {
	folder := project("version: 1\nname: s\nworkers: { a: { from_wrangler: a.json } }\n", map[string]string{"a.json": strings.Repeat(" ", 1<<20) + "{}"})
	_, list := stackfile.Load(folder, "wfpsync.yaml", stackfile.Options{})
	if len(list) != 1 || list[0].Rule != spec.RuleWranglerFile || !strings.Contains(list[0].Message, "larger") {
		t.Error(describe(list))
	}
}
