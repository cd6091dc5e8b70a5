package bundle

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/spec"
)

func TestOriginsLeadToTheSources(t *testing.T) {
	root := newProject(t, files{
		"src/main.ts": "import { limit } from \"./limit\";\nexport default { fetch: (): Response => new Response(String(limit)) };\n",
		"src/limit.ts": "interface None { x: string }\n\n" +
			"export const limit: number = Number(\"twelve\");\n",
	})
	code := entrypoint("src/main.ts")
	wantNone(t, Build(context.Background(), root, []*spec.Code{code}))
	bundled := string(module(t, code, "main.js").Content)
	before, _, _ := strings.Cut(bundled, `Number("twelve")`)
	line := strings.Count(before, "\n") + 1
	column := len(before) - strings.LastIndex(before, "\n")

	origins := FindOrigins(context.Background(), root, code)
	place, snippet, found := origins.Find("main.js", line, column)
	if !found || place.File != "src/limit.ts" || place.Line != 3 || !strings.Contains(snippet, "twelve") {
		t.Errorf("%d:%d of\n%s\ncomes from %v (%q), want line 3 of src/limit.ts", line, column, bundled, place, snippet)
	}
	if place, _, found := origins.FindText(`"twelve"`); !found || place.Line != 3 {
		t.Errorf("the text is found at %v", place)
	}
	for _, nowhere := range []string{"other.js", "src/limit.ts"} {
		if place, _, found := origins.Find(nowhere, 1, 1); found {
			t.Errorf("%s, which is no module, comes from %v", nowhere, place)
		}
	}
	if place, _, found := origins.Find("main.js", 1_000_000, 1); found {
		t.Errorf("a line that is not there comes from %v", place)
	}

	// Files that have changed since do not have the lines of this code.
	if err := os.WriteFile(filepath.Join(root, "src", "limit.ts"), []byte("\n\nexport const limit = 1;\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if place, _, found := FindOrigins(context.Background(), root, code).Find("main.js", line, column); found {
		t.Errorf("after the file changed, the place is still %v", place)
	}
}

func TestOriginsOfCodeThatIsNotBundled(t *testing.T) {
	root := newProject(t, files{"src/main.js": "\nexport default { fetch() {} };\n"})
	code := entrypoint("src/main.js")
	code.Options.NoBundle = true
	wantNone(t, Build(context.Background(), root, []*spec.Code{code}))
	place, _, found := FindOrigins(context.Background(), root, code).Find("main.js", 2, 3)
	if !found || place.String() != "src/main.js:2:3" {
		t.Errorf("2:3 of main.js comes from %v", place)
	}
	script := inline("export default { fetch() {} };")
	wantNone(t, Build(context.Background(), root, []*spec.Code{script}))
	if place, _, found := FindOrigins(context.Background(), root, script).Find("index.js", 1, 1); found {
		t.Errorf("a script whose lines are not lines of the file is at %v", place)
	}
}
