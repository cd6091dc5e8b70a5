package bundle

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// files are a project's files by slash-separated path from its folder. A
// content of the form "-> TARGET" makes a symbolic link.
type files map[string]string

// newProject writes a project into a folder of its own, with room above it for
// files that are none of its business.
func newProject(t testing.TB, content files) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "outer", "project")
	if err := os.MkdirAll(root, 0o755); err != nil {
		t.Fatal(err)
	}
	content.write(t, root)
	return root
}

func (f files) write(t testing.TB, root string) {
	t.Helper()
	for name, content := range f {
		file := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, isLink := strings.CutPrefix(content, "-> "); isLink {
			err = os.Symlink(filepath.FromSlash(strings.TrimSpace(target)), file)
		} else {
			err = os.WriteFile(file, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// stackPosition is where the codes of the tests are declared.
var stackPosition = diag.Range{File: "wfpsync.yaml", Line: 7, Column: 11}

func entrypoint(name string) *spec.Code { return &spec.Code{Entrypoint: name, At: stackPosition} }

func inline(script string) *spec.Code { return &spec.Code{Inline: script, At: stackPosition} }

// build bundles src/main.ts of a project and wants no diagnostics.
func build(t testing.TB, content files) *spec.Code {
	t.Helper()
	code := entrypoint("src/main.ts")
	wantNone(t, Build(context.Background(), newProject(t, content), []*spec.Code{code}))
	return code
}

func wantNone(t testing.TB, diags diag.List) {
	t.Helper()
	if len(diags) > 0 {
		t.Fatalf("unexpected diagnostics:\n%s", render(diags))
	}
}

// module is a built module by name.
func module(t testing.TB, code *spec.Code, name string) spec.Module {
	t.Helper()
	for _, m := range code.Modules {
		if m.Name == name {
			return m
		}
	}
	t.Fatalf("there is no module %q in %v", name, names(code))
	return spec.Module{}
}

func names(code *spec.Code) []string {
	var list []string
	for _, m := range code.Modules {
		list = append(list, m.Name)
	}
	return list
}

// wantIn checks that a bundle's main module holds every one of some texts.
func wantIn(t testing.TB, code *spec.Code, texts ...string) {
	t.Helper()
	main := string(module(t, code, code.MainModule).Content)
	for _, text := range texts {
		if !strings.Contains(main, text) {
			t.Errorf("the bundle does not hold %q:\n%s", text, main)
		}
	}
}

// wantNotIn checks that a bundle's main module holds none of some texts.
func wantNotIn(t testing.TB, code *spec.Code, texts ...string) {
	t.Helper()
	main := string(module(t, code, code.MainModule).Content)
	for _, text := range texts {
		if strings.Contains(main, text) {
			t.Errorf("the bundle holds %q:\n%s", text, main)
		}
	}
}

// render shows diagnostics with everything they carry.
func render(diags diag.List) string {
	var out strings.Builder
	for _, d := range diags {
		fmt.Fprintf(&out, "%s: %s: %s [%s]\n", d.Range, d.Severity, d.Message, d.Rule)
		if d.Snippet != "" {
			width := max(1, d.Range.EndColumn-d.Range.Column)
			fmt.Fprintf(&out, "    | %s\n    | %s%s\n", d.Snippet, strings.Repeat(" ", max(0, d.Range.Column-1)), strings.Repeat("^", width))
		}
		for _, r := range d.Related {
			fmt.Fprintf(&out, "    %s: %s\n", r.Range, r.Message)
		}
		if d.Hint != "" {
			fmt.Fprintf(&out, "    hint: %s\n", d.Hint)
		}
	}
	return out.String()
}
