package stackfile_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec/stackfile"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestBadFiles loads every file of testdata/bad and compares the messages with
// the golden file beside it.
func TestBadFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			_, list := stackfile.Load(os.DirFS("testdata/bad"), filepath.Base(file), optionsOf(t, file))
			if !list.HasErrors() {
				t.Error("no error was found")
			}
			for _, d := range list {
				if d.Range.Line == 0 || d.Range.Column == 0 {
					t.Errorf("no place: %+v", d)
				}
			}
			compareGolden(t, strings.TrimSuffix(file, ".yaml")+".golden", describe(list))
		})
	}
}

// TestGoodFiles loads every file of testdata/good without a diagnostic.
func TestGoodFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/good/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			_, list := stackfile.Load(os.DirFS("testdata/good"), filepath.Base(file), optionsOf(t, file))
			if len(list) > 0 {
				t.Error(describe(list))
			}
		})
	}
}

// optionsOf returns the options that a file is to be loaded with, which its
// first line may give: "# with: env=staging var.region=eu".
func optionsOf(t *testing.T, file string) stackfile.Options {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var options stackfile.Options
	first, _, _ := strings.Cut(string(text), "\n")
	given, _ := strings.CutPrefix(first, "# with: ")
	for _, word := range strings.Fields(given) {
		name, value, _ := strings.Cut(word, "=")
		if variable, ok := strings.CutPrefix(name, "var."); ok {
			options.Variables = map[string]any{variable: value}
		} else if name == "env" {
			options.Environment = value
		}
	}
	return options
}

// describe writes diagnostics with everything that a person would see of them.
func describe(list diag.List) string {
	var b strings.Builder
	for _, d := range list {
		fmt.Fprintf(&b, "%s: %s: %s [%s]\n", d.Range, d.Severity, d.Message, d.Rule)
		fmt.Fprintf(&b, "  | %s\n  | %s\n", d.Snippet, caret(d.Range))
		if d.Hint != "" {
			fmt.Fprintf(&b, "  hint: %s\n", d.Hint)
		}
		for _, r := range d.Related {
			fmt.Fprintf(&b, "  %s: %s\n", r.Range, r.Message)
		}
	}
	return b.String()
}

func caret(r diag.Range) string {
	width := 1
	if r.EndLine == r.Line {
		width = max(1, r.EndColumn-r.Column)
	}
	return strings.Repeat(" ", max(0, r.Column-1)) + strings.Repeat("^", width)
}

func compareGolden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s differs (-want +got):\n%s", name, d)
	}
}
