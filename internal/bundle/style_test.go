package bundle

import (
	"context"
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/spec"
)

func TestStyleSheets(t *testing.T) {
	code := build(t, files{
		"src/main.ts": `
			import "./style.css";
			import "widget/whole.css";
			import nothing from "./style.css";
			import styles, { button } from "./page.module.css";
			import { widget } from "widget";
			export default { fetch: () => Response.json([nothing, styles, button, widget]) };`,
		"src/style.css":                    `@import "https://fonts.example.com/a.css"; @import "./more.css"; p { background: url("./gone.png") }`,
		"src/more.css":                     `i { src: url(../fonts/a.woff2) }`,
		"src/page.module.css":              `.button { composes: base from "./base.module.css"; color: red } .unused { color: blue }`,
		"src/base.module.css":              `.base { margin: 0 }`,
		"node_modules/widget/package.json": `{"main": "index.js"}`,
		"node_modules/widget/whole.css":    `b { color: red }`,
		"node_modules/widget/w.module.css": `.w { color: red }`,
		"node_modules/widget/index.js":     `import "./whole.css"; import s from "./w.module.css"; export const widget = s.w;`,
	})
	if len(code.Modules) != 1 {
		t.Errorf("the modules are %v, want the main one", names(code))
	}
	wantIn(t, code, `"base_base page_button"`, `"w_w"`)
	wantNotIn(t, code, "color", "fonts.example.com")
}

// A source map is of the code, and not of the style sheet beside it.
func TestOriginsBesideAStyleSheet(t *testing.T) {
	root := newProject(t, files{
		"src/main.ts":   "import \"./style.css\";\n\nexport default { fetch: (): Response => new Response(\"twelve\") };\n",
		"src/style.css": "p { color: red }",
	})
	code := entrypoint("src/main.ts")
	wantNone(t, Build(context.Background(), root, []*spec.Code{code}))
	if place, _, found := FindOrigins(context.Background(), root, code).FindText("twelve"); !found || place.File != "src/main.ts" || place.Line != 3 {
		t.Errorf("the text comes from %v, want line 3 of src/main.ts", place)
	}
}

func TestStyleSheetOutsideTheProject(t *testing.T) {
	code := entrypoint("src/main.ts")
	diags := Build(context.Background(), newProject(t, files{
		"src/main.ts": `import "./style.css"; export default {};`, "src/style.css": `@import "../../a.css";`, "../a.css": "p {}",
	}), []*spec.Code{code})
	if got := render(diags); !strings.Contains(got, "a.css\" lies outside the project folder [WFP302]") {
		t.Error(got)
	}
}

func TestSyntaxOfTheRuntime(t *testing.T) {
	code := build(t, files{
		"src/main.ts": `
			import source add from "./add.wasm";
			export default { async fetch() { await using a = open(); using b = open(); return new Response(String(new WebAssembly.Instance(add))); } };`,
		"src/add.wasm": "\x00asm\x01\x00\x00\x00",
	})
	wantIn(t, code, `import source add from "./`, "await using a = open()", "using b = open()")
	if len(code.Modules) != 2 {
		t.Errorf("the modules are %v, want the main one and the WebAssembly", names(code))
	}
}

// Bindings of other Workers lead to classes, so a Worker need not answer requests.
func TestClassesAlone(t *testing.T) {
	const classes = `import { WorkerEntrypoint, DurableObject } from "cloudflare:workers";
		export class Api extends WorkerEntrypoint { ping() { return "pong"; } }
		export class Room extends DurableObject {}`
	build(t, files{"src/main.ts": classes})
	whole := entrypoint("src/main.js")
	whole.Options.NoBundle = true
	wantNone(t, Build(context.Background(), newProject(t, files{"src/main.js": classes}), []*spec.Code{whole}))
	wantNone(t, Build(context.Background(), newProject(t, files{}), []*spec.Code{inline(classes)}))
	diags := Build(context.Background(), newProject(t, files{"src/main.ts": `export const app = {};`}), []*spec.Code{entrypoint("src/main.ts")})
	if got := render(diags); !strings.Contains(got, "has no default export [WFP303]") {
		t.Errorf("got %q", got)
	}
}
