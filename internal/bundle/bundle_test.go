package bundle

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile"
)

// application uses everything that could tie a bundle to its surroundings:
// packages of both kinds, modules beside the script, names, JSX and settings.
var application = files{
	"src/main.ts": `
		import { render } from "./page";
		import commonJS from "common";
		import greeting from "./greeting.txt";
		import config from "./config.json";
		import add from "@app/add.wasm?module";
		export default {
			async fetch(request: Request): Promise<Response> {
				return new Response([render(), commonJS, greeting, config.name, add, __filename].join());
			},
		};
		declare const __filename: string;`,
	"src/page.tsx":                     `import { h } from "tiny-jsx"; export function render() { return <p class="x">hi</p>; }`,
	"src/greeting.txt":                 "hello\n",
	"src/config.json":                  `{ "name": "app" }`,
	"src/app/add.wasm":                 "\x00asm\x01\x00\x00\x00",
	"node_modules/common/package.json": `{ "main": "./lib.js" }`,
	"node_modules/common/lib.js":       `module.exports = require("node:path").join("a", "b");`,
	"node_modules/tiny-jsx/index.js":   `export function h(...args) { return JSON.stringify(args); }`,
	"tsconfig.json": `{
		// comments and trailing commas are allowed
		"compilerOptions": { "jsxFactory": "h", "paths": { "@app/*": ["./src/app/*"], }, },
	}`,
}

func TestTheFolderLeavesNoTraceInTheBundle(t *testing.T) {
	first, second := build(t, application), build(t, application)
	if diff := cmp.Diff(first.Modules, second.Modules); diff != "" {
		t.Errorf("the same files in two folders gave different modules:\n%s", diff)
	}
	if first.Digest == "" || first.Digest != second.Digest {
		t.Errorf("digests %q and %q, want one", first.Digest, second.Digest)
	}
	for _, m := range first.Modules {
		if strings.Contains(string(m.Content), os.TempDir()) {
			t.Errorf("module %q names the machine's folders:\n%s", m.Name, m.Content)
		}
	}
}

func TestManifestsAboveTheProjectLeaveNoTraceInTheBundle(t *testing.T) {
	alone := build(t, application)
	surrounded := build(t, merge(application, files{
		"../package.json":  `{ "type": "module", "sideEffects": false }`,
		"../tsconfig.json": `{ "compilerOptions": { "jsxFactory": "other", "experimentalDecorators": true } }`,
	}))
	if alone.Digest != surrounded.Digest {
		t.Errorf("files above the project changed the bundle:\n%s", cmp.Diff(alone.Modules, surrounded.Modules))
	}
}

// The test above would pass idly if "type" made no difference at all.
func TestManifestOfTheProjectCounts(t *testing.T) {
	alone := build(t, application)
	described := build(t, merge(application, files{"package.json": `{ "type": "module" }`}))
	if alone.Digest == described.Digest {
		t.Error(`"type": "module" in the project's package.json changed nothing`)
	}
}

func TestMainModuleIsNamedAfterTheEntrypoint(t *testing.T) {
	root := newProject(t, files{
		"index.ts":          "export default {};",
		"src/router.mts":    "export default {};",
		"src/a.b/c.d.js":    "export default {};",
		"src/component.jsx": "export default {};",
	})
	want := map[string]string{
		"index.ts":          "index.js",
		"./src/router.mts":  "router.js",
		"src/a.b/c.d.js":    "c.d.js",
		"src/component.jsx": "component.js",
	}
	for name, main := range want {
		code := entrypoint(name)
		wantNone(t, Build(context.Background(), root, []*spec.Code{code}))
		if code.MainModule != main || !slices.Equal(names(code), []string{main}) {
			t.Errorf("%s: main module %q of %v, want %q", name, code.MainModule, names(code), main)
		}
		if m := module(t, code, main); m.Type != spec.ESModule || !strings.Contains(string(m.Content), " as default") {
			t.Errorf("%s: not an ES module with a default export: %s\n%s", name, m.Type, m.Content)
		}
	}
}

func TestEachSourceIsBuiltOnce(t *testing.T) {
	content := files{}
	var codes []*spec.Code
	for i := range 5 {
		content[fmt.Sprintf("src/worker%d.ts", i)] = fmt.Sprintf("export default { number: %d };", i)
	}
	for i := range 100 {
		codes = append(codes, entrypoint(fmt.Sprintf("src/worker%d.ts", i%5)))
	}
	wantNone(t, Build(context.Background(), newProject(t, content), codes))

	// Codes that came out of one build share the bytes, not just their value.
	builds := map[*byte]string{}
	for _, code := range codes {
		builds[&code.Modules[0].Content[0]] = code.Digest
	}
	if len(builds) != 5 {
		t.Errorf("%d builds of 5 entrypoints", len(builds))
	}
}

func TestEveryCodeOfABrokenSourceIsReported(t *testing.T) {
	at := func(line int) diag.Range { return diag.Range{File: "wfpsync.yaml", Line: line, Column: 1} }
	codes := []*spec.Code{{Entrypoint: "gone.ts", At: at(1)}, {Entrypoint: "gone.ts", At: at(2)}}
	diags := Build(context.Background(), newProject(t, nil), codes)
	if len(diags) != 2 || diags[0].Range != at(1) || diags[1].Range != at(2) {
		t.Errorf("want one error at each place, got:\n%s", render(diags))
	}
	for _, code := range codes {
		if code.MainModule != "" || code.Digest != "" || code.Modules != nil {
			t.Errorf("a code that could not be built was completed: %+v", code)
		}
	}
}

func TestOneBrokenSourceDoesNotKeepOthersFromBeingBuilt(t *testing.T) {
	good := entrypoint("src/good.ts")
	root := newProject(t, files{"src/good.ts": "export default {};"})
	diags := Build(context.Background(), root, []*spec.Code{entrypoint("gone.ts"), good, inline("}")})
	if len(diags) != 2 || good.Digest == "" {
		t.Errorf("want two errors and one complete code, got digest %q and:\n%s", good.Digest, render(diags))
	}
}

func TestFilesThatAreNotScriptsBecomeModules(t *testing.T) {
	code := build(t, files{
		"src/main.ts": `
			import compiled from "./add.wasm";
			import again from "../src/add.wasm?module";
			import page from "./page.html";
			import query from "../sql/query.sql";
			import text from "pkg/text.txt";
			import bytes from "./bytes.bin";
			export default { fetch: () => [compiled, again, page, query, text, bytes] };`,
		"src/add.wasm":              "\x00asm",
		"src/page.html":             "<p>",
		"sql/query.sql":             "select 1",
		"node_modules/pkg/text.txt": "text",
		"src/bytes.bin":             "\x00\x01",
	})
	want := map[string]spec.ModuleType{
		"cd5d4935a48c0672cb06407bb443bc00-add.wasm":  spec.WebAssembly,
		"33f2799467177287a29260780a107ac9-page.html": spec.TextModule,
		"822ae07d4783158bc1912bb623e5107c-query.sql": spec.TextModule,
		"982d9e3eb996f559e633f4d194def376-text.txt":  spec.TextModule,
		"b413f47d13ee2fe6c845b2ee141af81d-bytes.bin": spec.BinaryModule,
		"main.js": spec.ESModule,
	}
	got := map[string]spec.ModuleType{}
	for _, m := range code.Modules {
		got[m.Name] = m.Type
		if m.Name != "main.js" {
			wantIn(t, code, `from "./`+m.Name+`"`)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("modules differ (-want +got):\n%s", diff)
	}
	if content := module(t, code, "cd5d4935a48c0672cb06407bb443bc00-add.wasm").Content; string(content) != "\x00asm" {
		t.Errorf("content changed on the way: %q", content)
	}
}

func TestRuntimeModulesStayImports(t *testing.T) {
	code := build(t, files{
		"src/main.ts": `
			import { WorkerEntrypoint } from "cloudflare:workers";
			import { Buffer } from "node:buffer";
			import join from "common";
			export default class extends WorkerEntrypoint { fetch() { return new Response(Buffer.from(join("a"))); } }`,
		"node_modules/common/index.js": `module.exports = require("node:path").join;`,
	})
	wantIn(t, code, `from "cloudflare:workers"`, `from "node:buffer"`, `import library from "node:path"`)
	wantNotIn(t, code, `require("node:path")`, "Dynamic require of")
}

func TestJSX(t *testing.T) {
	code := build(t, files{
		"src/main.ts":       `import page from "./page.js"; import other from "./other.tsx"; export default { page, other };`,
		"src/page.js":       `export default () => <p>JavaScript files may hold JSX, as with wrangler</p>;`,
		"src/other.tsx":     `export default () => <b />;`,
		"src/tsconfig.json": `{ "compilerOptions": { "jsx": "react", "jsxFactory": "h" } }`,
	})
	wantIn(t, code, `h("p", null`, `h("b", null`)
	wantNotIn(t, code, "React")
}

func TestPackagesAreResolvedForWorkers(t *testing.T) {
	code := build(t, files{
		"src/main.ts": `
			import conditional from "conditional";
			import fields from "fields";
			import { used } from "library";
			export default { conditional, fields, used };`,
		"node_modules/conditional/package.json": `{ "exports": { "node": "./node.js", "workerd": "./workerd.js", "default": "./default.js" } }`,
		"node_modules/conditional/node.js":      `export default "for Node.js";`,
		"node_modules/conditional/workerd.js":   `export default "for workerd";`,
		"node_modules/conditional/default.js":   `export default "for all";`,
		"node_modules/fields/package.json":      `{ "main": "./main.js", "browser": "./browser.js" }`,
		"node_modules/fields/main.js":           `module.exports = "the main field";`,
		"node_modules/fields/browser.js":        `module.exports = "the browser field";`,
		"node_modules/library/package.json":     `{ "sideEffects": false, "module": "./index.mjs" }`,
		"node_modules/library/index.mjs":        `export * from "./used.mjs"; export * from "./unused.mjs";`,
		"node_modules/library/used.mjs":         `export const used = "shaken in";`,
		"node_modules/library/unused.mjs":       `console.log("shaken out"); export const unused = 1;`,
	})
	wantIn(t, code, "for workerd", "the browser field", "shaken in")
	wantNotIn(t, code, "for Node.js", "for all", "the main field", "shaken out")
}

// Package managers link packages into place, workspaces link them to folders.
func TestLinksInsideTheProjectAreFollowed(t *testing.T) {
	code := build(t, files{
		"src/main.ts":                         `import a from "stored"; import b from "workspace"; export default { a, b };`,
		"node_modules/.store/stored/index.js": `export default "from the store";`,
		"node_modules/stored":                 "-> .store/stored",
		"packages/workspace/package.json":     `{ "main": "./src/index.ts" }`,
		"packages/workspace/src/index.ts":     `const text: string = "from the workspace"; export default text;`,
		"node_modules/workspace":              "-> ../packages/workspace",
	})
	wantIn(t, code, "from the store", "from the workspace")
}

func TestFilesAPackageWantsLeftOutAreEmpty(t *testing.T) {
	code := build(t, files{
		"src/main.ts":                   `import pkg from "pkg"; export default { pkg };`,
		"node_modules/pkg/package.json": `{ "browser": { "./server.js": false, "fs": false } }`,
		"node_modules/pkg/index.js":     `module.exports = [require("./server.js"), require("fs")];`,
		"node_modules/pkg/server.js":    `module.exports = "for servers only";`,
	})
	wantNotIn(t, code, "for servers only")
}

func TestOutputDoesNotDependOnTheEnvironment(t *testing.T) {
	t.Setenv("NODE_ENV", "staging")
	t.Setenv("NODE_PATH", t.TempDir())
	code := build(t, files{"src/main.ts": `export default { fetch: () => new Response(process.env.NODE_ENV) };`})
	wantIn(t, code, `"production"`)
}

func TestStoppedBuildIsAnError(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	codes := []*spec.Code{entrypoint("src/main.ts"), inline("export default {};")}
	diags := Build(ctx, newProject(t, files{"src/main.ts": "export default {};"}), codes)
	if !diags.HasErrors() || !strings.Contains(diags[0].Message, "bundling was stopped: context canceled") {
		t.Errorf("want an error about the cancelled context, got:\n%s", render(diags))
	}
	for _, code := range codes {
		if code.Digest != "" {
			t.Error("a code was completed although the context was cancelled")
		}
	}
}

func TestProjectFolderMustBeUsable(t *testing.T) {
	for _, root := range []string{"relative", filepath.Join(t.TempDir(), "gone")} {
		code := entrypoint("main.ts")
		if diags := Build(context.Background(), root, []*spec.Code{code}); !diags.HasErrors() {
			t.Errorf("%q: no error", root)
		}
	}
}

func TestProjectFolderMayBeReachedThroughALink(t *testing.T) {
	root := newProject(t, application)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(root, link); err != nil {
		t.Fatal(err)
	}
	code := entrypoint("src/main.ts")
	wantNone(t, Build(context.Background(), link, []*spec.Code{code}))
	if want := build(t, application).Digest; code.Digest != want {
		t.Error("the bundle depends on how the folder is reached")
	}
}

func TestExamplesBuild(t *testing.T) {
	stacks, err := filepath.Glob("../../examples/*/wfpsync.yaml")
	if err != nil || len(stacks) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, file := range stacks {
		root, err := filepath.Abs(filepath.Dir(file))
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(root), func(t *testing.T) {
			stack, diags := stackfile.Load(os.DirFS(root), filepath.Base(file), stackfile.Options{})
			wantNone(t, diags)
			codes := stack.Codes()
			wantNone(t, Build(context.Background(), root, codes))
			for _, code := range codes {
				if code.Digest == "" {
					t.Errorf("no digest for %q %q", code.Entrypoint, code.Inline)
				}
			}
		})
	}
}

func merge(all ...files) files {
	merged := files{}
	for _, f := range all {
		for name, content := range f {
			merged[name] = content
		}
	}
	return merged
}
