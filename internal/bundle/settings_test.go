package bundle

import (
	"context"
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/spec"
)

// workspace is a project of an app in src and a package of its own, which
// node_modules links to.
func workspace(content files) files {
	all := files{
		"package.json":                  `{"name": "app"}`,
		"node_modules/@acme/billing":    "-> ../../packages/billing",
		"packages/billing/package.json": `{"name": "@acme/billing", "main": "src/index.ts"}`,
		"src/main.ts":                   `import * as billing from "@acme/billing"; export default { fetch: () => new Response(String(billing)) };`,
	}
	for name, text := range content {
		all[name] = text
	}
	return all
}

func TestEachFileHasItsOwnTSConfig(t *testing.T) {
	tests := map[string]struct {
		files files
		in    []string
		notIn []string
	}{
		"the same alias in the app and in a package": {
			files: files{
				"tsconfig.json":                  `{"compilerOptions": {"paths": {"@/*": ["./src/*"]}}}`,
				"src/config.ts":                  `export const price = "of the app";`,
				"packages/billing/tsconfig.json": `{"compilerOptions": {"paths": {"@/*": ["./src/*"]}}}`,
				"packages/billing/src/index.ts":  `import { price } from "@/config"; export const total = price;`,
				"packages/billing/src/config.ts": `export const price = "of the package";`,
			},
			in:    []string{"of the package"},
			notIn: []string{"of the app"},
		},
		"a baseUrl of the package alone": {
			files: files{
				"packages/billing/tsconfig.json":    `{"compilerOptions": {"baseUrl": "src"}}`,
				"packages/billing/src/index.ts":     `export { slug } from "util/slug";`,
				"packages/billing/src/util/slug.ts": `export const slug = "found";`,
			},
			in: []string{"found"},
		},
		"an alias of the app alone is none of the package's": {
			files: files{
				"tsconfig.json":                                 `{"compilerOptions": {"paths": {"config": ["./src/config.ts"]}}}`,
				"src/config.ts":                                 `export const price = "of the app";`,
				"packages/billing/tsconfig.json":                `{}`,
				"packages/billing/src/index.ts":                 `import { price } from "config"; export const total = price;`,
				"packages/billing/node_modules/config/index.js": `export const price = "of npm";`,
			},
			in:    []string{"of npm"},
			notIn: []string{"of the app"},
		},
		"a package without one takes what is above it": {
			files: files{
				"tsconfig.json":                 `{"compilerOptions": {"paths": {"@/*": ["./src/*"]}}}`,
				"src/config.ts":                 `export const price = "of the app";`,
				"packages/billing/src/index.ts": `import { price } from "@/config"; export const total = price;`,
			},
			in: []string{"of the app"},
		},
		"an installed package has none": {
			files: files{
				"tsconfig.json":                          `{"compilerOptions": {"jsx": "react-jsx", "jsxImportSource": "of-the-app"}}`,
				"node_modules/of-the-app/jsx-runtime.js": `export const jsx = "of the app";`,
				"packages/billing/src/index.ts":          `export * from "widget";`,
				"node_modules/widget/package.json":       `{"main": "index.tsx"}`,
				"node_modules/widget/tsconfig.json":      `{"compilerOptions": {"jsx": "react", "jsxFactory": "ofTheTarball"}}`,
				"node_modules/widget/index.tsx":          `declare const React: any; export const a = <a/>;`,
			},
			in:    []string{"React.createElement("},
			notIn: []string{"of the app", "ofTheTarball"},
		},
		"an alias to a package of type module": {
			files: files{
				"packages/billing/package.json":  `{"name": "@acme/billing", "type": "module", "main": "src/index.ts"}`,
				"packages/billing/tsconfig.json": `{"compilerOptions": {"paths": {"@/*": ["./src/*"]}}}`,
				"packages/billing/src/index.ts":  `import made, { used, type Shape } from "@/made"; export type { Shape }; export { Other } from "@/made"; export const total = [made, used];`,
				"packages/billing/src/made.ts":   `import lib from "lib"; export interface Shape { a: 1 } export interface Other { b: 1 } export const used = lib; export const unused = "dead"; export default "default export";`,
				"node_modules/lib/index.js":      `exports.__esModule = true; exports.default = 1;`,
			},
			// As in Node.js, the default import of an ES module is all of a CommonJS module.
			in:    []string{"__toESM(require_lib(), 1)", "default export"},
			notIn: []string{"dead"},
		},
		"an alias that is required": {
			files: files{
				"packages/billing/package.json":  `{"name": "@acme/billing", "type": "module", "main": "src/index.ts"}`,
				"packages/billing/tsconfig.json": `{"compilerOptions": {"paths": {"@/*": ["./src/*"]}}}`,
				"packages/billing/src/index.ts":  `export const total = require("@/made").used;`,
				"packages/billing/src/made.ts":   `export const used = "required";`,
			},
			in: []string{"required"},
		},
		"jsx of the package alone": {
			files: files{
				"packages/billing/tsconfig.json":   `{"compilerOptions": {"jsx": "react-jsx", "jsxImportSource": "tiny"}}`,
				"packages/billing/src/index.ts":    `export { view } from "./view";`,
				"packages/billing/src/view.tsx":    `export const view = <p>hi</p>;`,
				"node_modules/tiny/jsx-runtime.js": `export const jsx = (tag) => "tiny " + tag;`,
			},
			in:    []string{"jsx("},
			notIn: []string{"React"},
		},
		"a jsxFactory in JavaScript": {
			files: files{
				"tsconfig.json":                  `{"compilerOptions": {"jsx": "react-jsx", "jsxImportSource": "tiny"}}`,
				"packages/billing/jsconfig.json": `{"compilerOptions": {"jsxFactory": "h", "jsxFragmentFactory": "F"}}`,
				"packages/billing/src/index.ts":  `export { view } from "./view.js";`,
				"packages/billing/src/view.js":   `const h = (...a) => a, F = "f"; export const view = <><p>hi</p></>;`,
			},
			in: []string{`h(F, null, /* @__PURE__ */ h("p", null, "hi"))`},
		},
		"experimental decorators": {
			files: files{
				"packages/billing/tsconfig.json": `{"compilerOptions": {"experimentalDecorators": true}}`,
				"packages/billing/src/index.ts":  `const d = (...a: any[]): any => a; export class C { m(@d x: number) { return x } }`,
			},
			in: []string{"__decorateParam"},
		},
		"fields that are assigned": {
			files: files{
				"packages/billing/tsconfig.json": `{"compilerOptions": {"target": "ES2021"}}`,
				"packages/billing/src/index.ts":  `class B { set x(v) {} } export class C extends B { x = 7; y: string; }`,
			},
			in:    []string{"this.x = 7"},
			notIn: []string{"\n  y;"},
		},
		"fields that are defined, though the app's are assigned": {
			files: files{
				"tsconfig.json":                  `{"compilerOptions": {"useDefineForClassFields": false}}`,
				"packages/billing/tsconfig.json": `{}`,
				"packages/billing/src/index.ts":  `class B { set x(v) {} } export class C extends B { x = 7; static z = 8; }`,
			},
			in:    []string{`__publicField(this, "x", 7)`, `__publicField(C, "z", 8)`},
			notIn: []string{"this.x = 7"},
		},
		"imports that stay": {
			files: files{
				"packages/billing/tsconfig.json": `{"compilerOptions": {"verbatimModuleSyntax": true}}`,
				"packages/billing/src/index.ts":  `import { unused } from "./effect"; export const a = 1;`,
				"packages/billing/src/effect.ts": `console.log("effect"); export const unused = 1;`,
			},
			in: []string{`console.log("effect")`},
		},
		"imports that go, though the app's stay": {
			files: files{
				"tsconfig.json":                  `{"compilerOptions": {"verbatimModuleSyntax": true}}`,
				"packages/billing/tsconfig.json": `{"compilerOptions": {"verbatimModuleSyntax": false}}`,
				"packages/billing/src/index.ts":  `import { Type } from "./effect"; export const a: Type = 1;`,
				"packages/billing/src/effect.ts": `console.log("effect"); export type Type = number;`,
			},
			notIn: []string{`console.log("effect")`},
		},
		"a type that goes through a file with settings of its own": {
			files: files{
				"packages/billing/tsconfig.json": `{"compilerOptions": {"verbatimModuleSyntax": true}}`,
				"packages/billing/src/index.ts":  `export { Shape, shape } from "./shape";`,
				"packages/billing/src/shape.ts":  `export interface Shape { a: 1 } export const shape = "shape";`,
			},
			in: []string{`"shape"`},
		},
		"a const enum of the app stays inlined": {
			files: files{
				"src/dir.ts":                     `export const enum Dir { Up = 41 }`,
				"src/main.ts":                    `import { Dir } from "./dir"; import { a } from "@acme/billing"; export default { fetch: () => new Response(String([Dir.Up, a])) };`,
				"packages/billing/tsconfig.json": `{"compilerOptions": {"verbatimModuleSyntax": true}}`,
				"packages/billing/src/index.ts":  `import { Size } from "./size"; export const a = Size.Big;`,
				"packages/billing/src/size.ts":   `export const enum Size { Big = 42 }`,
			},
			in: []string{"41 /* Up */", "42"},
		},
		"a file that the package wants replaced by nothing": {
			files: files{
				"packages/billing/package.json":  `{"name": "@acme/billing", "main": "src/index.ts", "browser": {"./src/node.ts": false}}`,
				"packages/billing/tsconfig.json": `{"compilerOptions": {"verbatimModuleSyntax": true}}`,
				"packages/billing/src/index.ts":  `import "./effect"; import * as node from "./node"; export const a = node;`,
				"packages/billing/src/effect.ts": `console.log("effect");`,
				"packages/billing/src/node.ts":   `import "./effect"; console.log("for Node.js");`,
			},
			in:    []string{`console.log("effect")`},
			notIn: []string{"for Node.js"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			code := build(t, workspace(test.files))
			wantIn(t, code, test.in...)
			wantNotIn(t, code, test.notIn...)
		})
	}
}

// transformedPackage is a package whose file is not bundled as it stands.
func transformedPackage(index string) files {
	return workspace(files{
		"packages/billing/tsconfig.json": `{"compilerOptions": {"verbatimModuleSyntax": true}}`,
		"packages/billing/src/index.ts":  index,
	})
}

func TestMessagesAboutTransformedFilesHaveTheirPlaces(t *testing.T) {
	code := entrypoint("src/main.ts")
	diags := Build(context.Background(), newProject(t, transformedPackage("interface Long {\n  a: string;\n}\n\n  import { x } from \"./no\";\nexport const y: Long = x;\n")), []*spec.Code{code})
	got := render(diags)
	if want := "packages/billing/src/index.ts:5:21: error: cannot find \"./no\" [WFP300]\n    |   import { x } from \"./no\";\n    |                     ^^^^^^\n"; !strings.HasPrefix(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestOriginsLeadToTransformedFiles(t *testing.T) {
	root := newProject(t, transformedPackage("import \"./other\";\n\ninterface Long {\n  a: string;\n}\nexport const y: number = Number(\"twelve\");\n"))
	files{"packages/billing/src/other.ts": ""}.write(t, root)
	code := entrypoint("src/main.ts")
	wantNone(t, Build(context.Background(), root, []*spec.Code{code}))
	place, snippet, found := FindOrigins(context.Background(), root, code).FindText(`"twelve"`)
	if !found || place.File != "packages/billing/src/index.ts" || place.Line != 6 || !strings.Contains(snippet, "twelve") {
		t.Errorf("the text comes from %v (%q), want line 6 of packages/billing/src/index.ts", place, snippet)
	}
}

func TestTSConfigOfAPackageThatCannotBeRead(t *testing.T) {
	tests := map[string]struct{ config, want string }{
		"not JSON": {`{"compilerOptions": }`, `packages/billing/tsconfig.json:1:21: error: "packages/billing/tsconfig.json" is not valid`},
		"extends what is outside": {`{"extends": "../../../../elsewhere.json"}`,
			`packages/billing/tsconfig.json:1:13: warning: cannot find "../../../../elsewhere.json" in the project folder; it is not read`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			content := transformedPackage(`export const y = 1;`)
			content["packages/billing/tsconfig.json"] = test.config
			content["../../elsewhere.json"] = `{}`
			code := entrypoint("src/main.ts")
			diags := Build(context.Background(), newProject(t, content), []*spec.Code{code})
			if got := render(diags); !strings.HasPrefix(got, test.want) || len(diags) != 1 {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}
