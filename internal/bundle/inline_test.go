package bundle

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile"
)

func TestInlineScriptIsTakenByteForByte(t *testing.T) {
	script := "// a comment\nimport { env } from 'cloudflare:workers'\n\n" +
		"const unused = 1 ;\r\nexport default { fetch: () => new Response(`grüß ${env.NAME}`) }"
	code := inline(script)
	wantNone(t, Build(context.Background(), newProject(t, nil), []*spec.Code{code}))
	m := module(t, code, "index.js")
	if string(m.Content) != script || m.Type != spec.ESModule || code.MainModule != "index.js" {
		t.Errorf("main %q, module %+v", code.MainModule, m)
	}
}

func TestFormsOfDefaultExport(t *testing.T) {
	for _, script := range []string{
		"export default { fetch() {} }",
		"export default class { fetch() {} }",
		"const worker = {}; export { worker as default }",
		`import { WorkerEntrypoint } from "cloudflare:workers"; export default class extends WorkerEntrypoint {}`,
		`export { default } from "node:console"`,
	} {
		wantNone(t, Build(context.Background(), newProject(t, nil), []*spec.Code{inline(script)}))
	}
}

func TestInlineScriptReadsNoFile(t *testing.T) {
	root := newProject(t, files{
		"helper.js":     "export default 1;",
		"tsconfig.json": "broken",
		"package.json":  "broken",
	})
	wantNone(t, Build(context.Background(), root, []*spec.Code{inline("export default {};")}))
	diags := Build(context.Background(), root, []*spec.Code{inline("export { default } from './helper.js'")})
	if len(diags) != 1 || diags[0].Rule != RuleInlineScript {
		t.Errorf("want one %s, got:\n%s", RuleInlineScript, render(diags))
	}
}

func TestErrorsInABlockScalarPointIntoTheStackFile(t *testing.T) {
	const stackFile = `version: 1
name: test
dispatch_namespaces: { customers: }
user_workers:
  acme:
    dispatch_namespace: customers
    compatibility_date: 2026-10-01
    script: |
      export default {
        fetch() { return new Response("hi"); }};
      const ü = é é;
`
	stack, diags := stackfile.Load(fstest.MapFS{"wfpsync.yaml": {Data: []byte(stackFile)}}, "wfpsync.yaml", stackfile.Options{})
	wantNone(t, diags)
	diags = Build(context.Background(), newProject(t, nil), stack.Codes())
	want := diag.Range{File: "wfpsync.yaml", Line: 11, Column: 19, EndLine: 11, EndColumn: 20}
	if len(diags) != 1 || diags[0].Range != want {
		t.Fatalf("want one error at %s, got:\n%s", want, render(diags))
	}
	if line := strings.Split(stackFile, "\n")[want.Line-1]; diags[0].Snippet != line {
		t.Errorf("snippet %q, want the line of the file, %q", diags[0].Snippet, line)
	}
}

func FuzzInlineScript(f *testing.F) {
	for _, script := range []string{
		"",
		"export default {}",
		"export default {",
		"import x from './y'; export default x",
		"import('node:fs'); require('x'); export * from 'cloudflare:workers'",
		"module.exports = {}",
		"addEventListener('fetch', () => {})",
		"\ufeffexport default `${1}`",
		"<!-- -->\nexport default 1",
		"export default /[/;",
		"\xff\x00",
	} {
		f.Add(script)
	}
	root := newProject(f, nil)
	f.Fuzz(func(t *testing.T, script string) {
		code := inline(script)
		code.Body = diag.Range{File: "wfpsync.yaml", Line: 8, Column: 7}
		diags := Build(context.Background(), root, []*spec.Code{code})
		if diags.HasErrors() == (code.Digest != "") {
			t.Errorf("digest %q beside:\n%s", code.Digest, render(diags))
		}
		if code.Digest != "" && string(code.Modules[0].Content) != script {
			t.Error("the script was changed")
		}
		for _, d := range diags {
			if d.Range.File != "wfpsync.yaml" || d.Range.Line < 7 || d.Message == "" || d.Rule == "" {
				t.Errorf("incomplete diagnostic: %+v", d)
			}
			if strings.Contains(d.Message, root) {
				t.Errorf("the message names the machine's folders: %s", d.Message)
			}
		}
	})
}
