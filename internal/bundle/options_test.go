package bundle

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// buildWith bundles an entrypoint of a project in a certain way.
func buildWith(t testing.TB, name string, how spec.CodeOptions, content files) (*spec.Code, diag.List) {
	t.Helper()
	code := entrypoint(name)
	code.Options = how
	return code, Build(context.Background(), newProject(t, content), []*spec.Code{code})
}

// mustBuildWith wants no diagnostics.
func mustBuildWith(t testing.TB, how spec.CodeOptions, content files) *spec.Code {
	t.Helper()
	code, diags := buildWith(t, "src/main.ts", how, content)
	wantNone(t, diags)
	return code
}

// wantOne checks that a build was refused with one message that holds text.
func wantOne(t testing.TB, diags diag.List, text string) {
	t.Helper()
	if len(diags) != 1 || !strings.Contains(render(diags), text) {
		t.Errorf("want one message with %q, got:\n%s", text, render(diags))
	}
}

func TestMinify(t *testing.T) {
	content := files{"src/main.ts": `
		function answerTheRequest(request: Request) { return new Response(request.url); }
		export default { fetch: answerTheRequest };`}
	plain, small := mustBuildWith(t, spec.CodeOptions{}, content), mustBuildWith(t, spec.CodeOptions{Minify: true}, content)
	if small.Size() >= plain.Size() {
		t.Errorf("minified, the bundle has %d bytes, and %d as it is", small.Size(), plain.Size())
	}
	wantIn(t, small, `"answerTheRequest"`) // the name survives as what it is called
}

func TestDefine(t *testing.T) {
	code := mustBuildWith(t, spec.CodeOptions{Define: map[string]string{"STAGE": `"live"`, "process.env.NODE_ENV": `"staging"`}}, files{
		"src/main.ts": `declare const STAGE: string; export default { fetch: () => new Response(STAGE + process.env.NODE_ENV) };`,
	})
	wantIn(t, code, `"livestaging"`)
	wantNotIn(t, code, "STAGE", "production")
}

func TestNodeEnvIsProduction(t *testing.T) {
	code := build(t, files{"src/main.ts": `
		declare const global: any, process: any;
		export default { fetch: () => Response.json([process.env.NODE_ENV, global.process.env.NODE_ENV, globalThis.process?.env?.NODE_ENV]) };`})
	wantIn(t, code, `["production", "production", "production"]`)
}

// What spec/stackfile takes is what esbuild takes.
func TestDefineInEverySpelling(t *testing.T) {
	code := mustBuildWith(t, spec.CodeOptions{Define: map[string]string{
		"A": `'it"s'`, "B": "10n", "C": "-31e0", "D": "[1, 'two',]", "E": `{'a': 0.5, "b": [null]}`, "F": "undefined", "G": "globalThis.navigator",
		`import.meta.env["X"]`: "[1n]", "H['a-b'].c": "true",
	}}, files{
		"src/main.ts": `export default { fetch: () => console.log([A, B, C, D, E, F, G, import.meta.env.X, H["a-b"].c]) };`,
	})
	wantIn(t, code, `it"s`, "10n", "-31", `"two"`, "0.5", "navigator", "[1n]", "true")
	wantNotIn(t, code, "[A,", "import.meta.env.X", "H[")
}

func TestAlias(t *testing.T) {
	code := mustBuildWith(t, spec.CodeOptions{
		Runtime: spec.Runtime{Date: "2026-10-01"},
		Alias: map[string]string{
			"node-fetch": "./src/fetch.ts", "fs": "shim", "page": "./src/page.txt", "old": "crypto", "shim": "./gone.ts",
		},
	}, files{
		"src/main.ts": `
			import fetch from "node-fetch";
			import fs from "fs";
			import page from "page";
			import crypto from "old";
			import deep from "node-fetch/deep.js";
			export default { fetch, fs, page, crypto, deep };`,
		"src/fetch.ts":                    `export default "our own fetch";`,
		"src/page.txt":                    "page",
		"node_modules/shim/index.js":      `module.exports = "in place of fs"`,
		"node_modules/node-fetch/deep.js": `module.exports = "only the whole name counts"`,
	})
	wantIn(t, code, "our own fetch", "in place of fs", "only the whole name counts", `from "node:crypto"`, `-page.txt"`)
}

func TestAliasToNowhere(t *testing.T) {
	_, diags := buildWith(t, "src/main.ts", spec.CodeOptions{Alias: map[string]string{"a": "./gone.ts"}}, files{
		"src/main.ts": `import a from "a"; export default { a };`,
	})
	wantOne(t, diags, "cannot find \"./gone.ts\", which `alias` puts in the place of \"a\"")
}

func TestAliasStaysInTheProject(t *testing.T) {
	_, diags := buildWith(t, "src/main.ts", spec.CodeOptions{Alias: map[string]string{"a": "../secret.ts"}}, files{
		"src/main.ts":  `import a from "a"; export default { a };`,
		"../secret.ts": `export default "planted";`,
	})
	wantOne(t, diags, "lies outside the project folder")
}

func TestRuntimeModules(t *testing.T) {
	content := files{
		"src/main.ts":               `import fs from "fs"; import pkg from "pkg"; export default { fs, pkg };`,
		"node_modules/pkg/index.js": `module.exports = require("stream/web");`,
		"node_modules/fs/index.js":  `module.exports = "a package that is called like the module";`,
	}
	for _, on := range []spec.Runtime{{Date: "2026-10-01"}, {Date: "2025-09-15", Flags: []string{"nodejs_compat"}}} {
		code := mustBuildWith(t, spec.CodeOptions{Runtime: on}, content)
		wantIn(t, code, `from "node:fs"`, `import library from "node:stream/web"`)
		wantNotIn(t, code, "called like the module", "Dynamic require")
		for _, options := range []spec.CodeOptions{{Runtime: on}, {Runtime: on, NoBundle: true}} {
			_, diags := buildWith(t, "src/main.js", options, files{"src/main.js": `import fs from "fs"; export default { fs };`})
			wantNone(t, diags)
		}
		script := inline(`import fs from "fs"; export default { fs };`)
		script.Options.Runtime = on
		wantNone(t, Build(context.Background(), newProject(t, nil), []*spec.Code{script}))
	}

	off := spec.CodeOptions{Runtime: spec.Runtime{Date: "2026-10-01", Flags: []string{"no_nodejs_compat", "no_nodejs_compat_v2"}}}
	_, diags := buildWith(t, "src/main.ts", off, content)
	wantOne(t, diags, `the runtime has no module "stream/web" with compatibility_date 2026-10-01 and compatibility_flags [no_nodejs_compat, no_nodejs_compat_v2], and the package "pkg" imports it`)
	delete(content, "node_modules/pkg/index.js")
	content["src/main.ts"] = `import fs from "fs"; export default { fs };`
	wantIn(t, mustBuildWith(t, off, content), "called like the module")
}

// What a program imports to see whether it is there may be missing.
func TestRuntimeModuleThatMayBeMissing(t *testing.T) {
	source := `
		let tty; try { tty = require("tty"); } catch { tty = null }
		export default { async fetch() { try { await import("node:repl") } catch {} return new Response(String(tty)) } };`
	at := spec.Runtime{Date: "2025-10-08", Flags: []string{"nodejs_compat"}}
	for _, options := range []spec.CodeOptions{{Runtime: at}, {Runtime: at, NoBundle: true}} {
		_, diags := buildWith(t, "src/main.js", options, files{"src/main.js": source})
		wantNone(t, diags)
	}
	script := inline(source)
	script.Options.Runtime = at
	wantNone(t, Build(context.Background(), newProject(t, nil), []*spec.Code{script}))
}

// Each way that a hint tells leads to the module.
func TestWaysToAModule(t *testing.T) {
	for specifier, tests := range map[string]map[string]string{
		"node:tty": {
			"2025-10-08 nodejs_compat": `it is there from compatibility_date 2026-03-17 on, or with the flag "enable_nodejs_tty_module"`,
			"2025-10-08":               `it is there from compatibility_date 2026-08-04 on, or with the flags "nodejs_compat" and "enable_nodejs_tty_module"`,
			"2026-03-20 nodejs_compat disable_nodejs_tty_module": `it is there without the flag "disable_nodejs_tty_module"`,
			"2026-10-01 no_nodejs_compat":                        `it is there with the flag "enable_nodejs_tty_module", or without the flag "no_nodejs_compat"`,
		},
		"crypto": {
			"2024-01-01 nodejs_compat": `it is there from compatibility_date 2024-09-23 on, or with the flag "nodejs_compat_v2", or as "node:crypto"`,
			"2026-07-01":               `it is there from compatibility_date 2026-08-04 on, or with the flag "nodejs_compat"`,
		},
		"node:async_hooks": {"2026-07-01": `it is there from compatibility_date 2026-08-04 on, or with the flag "nodejs_compat"`},
		"node:sea":         {"2026-10-01": `no compatibility_date and no flag brings it`},
		"workerd:unsafe":   {"2026-10-01": `no compatibility_date and no flag brings it`},
		"fs":               {"": `write "node:fs"`},
	} {
		for settings, want := range tests {
			at := spec.Runtime{}
			for i, word := range strings.Fields(settings) {
				if i == 0 {
					at.Date = word
				} else {
					at.Flags = append(at.Flags, word)
				}
			}
			if hasModule(at, specifier) {
				t.Errorf("%s is there at %s", specifier, settings)
			}
			if _, got := lacksModule(at, specifier); got != want {
				t.Errorf("%s at %s:\n got %s\nwant %s", specifier, settings, got, want)
			}
		}
	}
}

func TestRules(t *testing.T) {
	rules := []spec.ModuleRule{
		{Type: spec.TextModule, Globs: []string{"**/*.md", "*.css"}, Fallthrough: true},
		{Type: spec.BinaryModule, Globs: []string{"**/*.png"}},
	}
	content := files{
		"src/main.ts": `
			import page from "../page.md";
			import style from "./deep/style.css";
			import text from "./text.txt";
			import icon from "./icon.png";
			export default { page, style, text, icon };`,
		"page.md": "page", "src/deep/style.css": "p {}", "src/text.txt": "text", "src/icon.png": "\x89PNG",
	}
	types := map[string]spec.ModuleType{}
	for _, m := range mustBuildWith(t, spec.CodeOptions{Rules: rules}, content).Modules {
		_, name, _ := strings.Cut(m.Name, "-")
		types[name] = m.Type
	}
	want := map[string]spec.ModuleType{
		"": spec.ESModule, "page.md": spec.TextModule, "style.css": spec.TextModule, "text.txt": spec.TextModule, "icon.png": spec.BinaryModule,
	}
	if diff := cmp.Diff(want, types); diff != "" {
		t.Errorf("modules differ (-want +got):\n%s", diff)
	}

	rules[0].Fallthrough = false
	_, diags := buildWith(t, "src/main.ts", spec.CodeOptions{Rules: rules}, content)
	wantOne(t, diags, `"./text.txt" matches the rule for "**/*.txt", which an earlier rule of its type keeps from counting`)
}

func TestGlobs(t *testing.T) {
	for _, test := range []struct {
		glob, name       string
		imported, beside bool
	}{
		{"**/*.js", "a.js", true, true},
		{"**/*.js", "./a/b.js", true, true},
		{"*.js", "a/b.js", true, false},
		{"a/*.js", "a/b.js", true, true},
		{"a/**", "a/b/c.js", true, true},
		{"**/*.wasm?module", "./a.wasm?module", true, true},
		{"**/*.js", "a.jsx", false, false},
		{"**/*.js", "a-js", false, false},
	} {
		if got := compileGlob(test.glob, true).MatchString(test.name); got != test.imported {
			t.Errorf("%s matches the import of %s: %v", test.glob, test.name, got)
		}
		if got := compileGlob(test.glob, false).MatchString(test.name); got != test.beside {
			t.Errorf("%s matches the file %s: %v", test.glob, test.name, got)
		}
	}
}

func TestNoBundle(t *testing.T) {
	const source = "import a from './lib/a.js' ;\nimport text from \"./text.txt\";\nexport default { fetch: () => import(`./lib/${a}.js`) };\n"
	content := files{
		"dist/main.js":                   source,
		"dist/lib/a.js":                  "export default text",
		"dist/text.txt":                  "text",
		"dist/image.png":                 "not matched",
		"dist/.cache/b.js":               "hidden",
		"dist/node_modules/pkg/index.js": "installed",
		"elsewhere.js":                   "not beside it",
	}
	how := spec.CodeOptions{NoBundle: true, FindModules: true, Rules: []spec.ModuleRule{{Type: spec.ESModule, Globs: []string{"**/*.js"}}}}
	code, diags := buildWith(t, "dist/main.js", how, content)
	wantNone(t, diags)
	if want := []string{"lib/a.js", "main.js", "text.txt"}; !slices.Equal(names(code), want) {
		t.Errorf("modules %v, want %v", names(code), want)
	}
	if m := module(t, code, "main.js"); string(m.Content) != source || m.Type != spec.ESModule || code.MainModule != "main.js" {
		t.Errorf("main %q, module %+v", code.MainModule, m)
	}

	how.BaseDir = "."
	code, diags = buildWith(t, "dist/main.js", how, content)
	wantNone(t, diags)
	if want := []string{"dist/lib/a.js", "dist/main.js", "dist/text.txt", "elsewhere.js"}; !slices.Equal(names(code), want) || code.MainModule != "dist/main.js" {
		t.Errorf("modules %v, want %v", names(code), want)
	}

	_, diags = buildWith(t, "dist/main.js", spec.CodeOptions{NoBundle: true, FindModules: true}, content)
	wantOne(t, diags, `cannot import "./lib/a.js": no module of that name is uploaded`)
}

// TestAdditionalModules leaves what the rules match out of the bundle, however
// it is imported, and finds it again from where the bundle is.
func TestAdditionalModules(t *testing.T) {
	content := files{
		"src/main.ts": `
			import fr from "./lang/fr.mjs";
			import { deep } from "./deep/deeper.ts";
			import page from "./page.txt";
			import icon from "../shared/icon.png";
			export default { fetch: async (lang: string) => [fr, deep, page, icon, await import("./lang/en.mjs"), await import("./themes/" + lang + ".mjs")] };`,
		"src/deep/deeper.ts":      `import de from "../lang/de.mjs"; export const deep = de + "bundled";`,
		"src/lang/fr.mjs":         `export default "bonjour";`,
		"src/lang/de.mjs":         `export default "hallo";`,
		"src/lang/en.mjs":         `export default "hello";`,
		"src/themes/dark.mjs":     `export default "black";`,
		"src/page.txt":            "page",
		"shared/icon.png":         "\x89PNG",
		"src/.hidden/x.mjs":       "hidden",
		"src/node_modules/x.mjs":  "installed",
		"src/not-imported.mjs":    `export default "only a variable may name it";`,
		"shared/not-matched.mjs2": "",
	}
	how := spec.CodeOptions{FindModules: true, Rules: []spec.ModuleRule{
		{Type: spec.ESModule, Globs: []string{"**/*.mjs"}}, {Type: spec.BinaryModule, Globs: []string{"**/*.png"}},
	}}
	for base, want := range map[string]struct{ names, imports []string }{
		"": {
			[]string{"HASH-icon.png", "lang/de.mjs", "lang/en.mjs", "lang/fr.mjs", "main.js", "not-imported.mjs", "page.txt", "themes/dark.mjs"},
			[]string{`"./lang/fr.mjs"`, `"./lang/de.mjs"`, `import("./lang/en.mjs")`, `"./themes/dark.mjs"`, `"./page.txt"`, `-icon.png"`, "bundled"},
		},
		".": {
			[]string{"shared/icon.png", "src/lang/de.mjs", "src/lang/en.mjs", "src/lang/fr.mjs", "src/main.js", "src/not-imported.mjs", "src/page.txt", "src/themes/dark.mjs"},
			[]string{`"./lang/fr.mjs"`, `"./lang/de.mjs"`, `import("./lang/en.mjs")`, `"./themes/dark.mjs"`, `"./page.txt"`, `"../shared/icon.png"`, "bundled"},
		},
	} {
		how.BaseDir = base
		code := mustBuildWith(t, how, content)
		got := names(code)
		for i, name := range got {
			if hash, file, hashed := strings.Cut(name, "-"); hashed && len(hash) == 32 {
				got[i] = "HASH-" + file
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(want.names, got); diff != "" {
			t.Errorf("base_dir %q: modules differ (-want +got):\n%s", base, diff)
		}
		wantIn(t, code, want.imports...)
		wantNotIn(t, code, "bonjour", "hallo", "hello", "black")
	}
	if code := mustBuildWith(t, spec.CodeOptions{Rules: how.Rules}, content); len(code.Modules) != 3 {
		t.Errorf("without find_additional_modules, the modules are %v", names(code))
	}
}

func TestAdditionalModulesAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		main, file, glob, want string
	}{
		"TypeScript":     {`import fr from "./fr.ts"; export default { fr }`, "src/fr.ts", "**/*.ts", `"src/fr.ts" matches the rule for "**/*.ts", and would be uploaded as it is`},
		"the same name":  {"export default {}", "src/main.js", "**/*.js", `"src/main.js" is beside the entrypoint "src/main.ts", whose bundle has that name`},
		"a require":      {`export default require("./fr.cjs")`, "src/fr.cjs", "**/*.cjs", `cannot require "./fr.cjs"`},
		"a dropped rule": {"export default {}", "src/x.wasm", "*.none", `which an earlier rule of its type keeps from counting`},
	} {
		t.Run(name, func(t *testing.T) {
			kind := spec.ESModule
			if name == "a dropped rule" {
				kind = spec.WebAssembly
			}
			how := spec.CodeOptions{FindModules: true, Rules: []spec.ModuleRule{{Type: kind, Globs: []string{test.glob}}}}
			_, diags := buildWith(t, "src/main.ts", how, files{"src/main.ts": test.main, test.file: "export default 1"})
			wantOne(t, diags, test.want)
		})
	}
}

func TestNoBundleIsRefused(t *testing.T) {
	how := spec.CodeOptions{NoBundle: true, FindModules: true}
	for name, test := range map[string]struct {
		main    string
		content files
		want    string
	}{
		"TypeScript": {"main.ts", files{"main.ts": "export default {}"}, `entrypoint "main.ts" cannot be uploaded as it is`},
		"no default": {"main.js", files{"main.js": "export const fetch = 1"}, `has no default export`},
		"syntax":     {"main.js", files{"main.js": "export default {"}, "main.js:1"},
		"a package":  {"main.js", files{"main.js": "import x from 'pkg'; export default x"}, `cannot import "pkg"`},
		"Node.js":    {"main.js", files{"main.js": "import x from 'fs'; export default x"}, `write "node:fs"`},
		"a way out":  {"main.js", files{"main.js": "export default {}", "out.txt": "-> ../outside.txt", "../outside.txt": "planted"}, "leads outside the project folder"},
	} {
		t.Run(name, func(t *testing.T) {
			_, diags := buildWith(t, test.main, how, test.content)
			wantOne(t, diags, test.want)
			if strings.Contains(render(diags), "planted") {
				t.Error("a file outside the project was read")
			}
		})
	}
}

func TestOptionsTellSourcesApart(t *testing.T) {
	root := newProject(t, files{"main.ts": `declare const N: number; export default { fetch: () => N };`})
	var codes []*spec.Code
	for _, n := range []string{"1", "2", "1"} {
		code := entrypoint("main.ts")
		code.Options.Define = map[string]string{"N": n}
		codes = append(codes, code)
	}
	wantNone(t, Build(context.Background(), root, codes))
	if codes[0].Digest == codes[1].Digest || &codes[0].Modules[0].Content[0] != &codes[2].Modules[0].Content[0] {
		t.Error("codes share a build exactly when their options are equal")
	}
}
