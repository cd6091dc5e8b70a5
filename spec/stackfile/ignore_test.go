package stackfile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile"
)

// TestWarnings loads every file of testdata/warning, in which nothing is wrong
// enough to stop for, and compares the messages with the golden file beside it.
func TestWarnings(t *testing.T) {
	files, err := filepath.Glob("testdata/warning/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			_, list := stackfile.Load(os.DirFS("testdata/warning"), filepath.Base(file), stackfile.Options{})
			if list.HasErrors() {
				t.Error("an error was found")
			}
			compareGolden(t, strings.TrimSuffix(file, ".yaml")+".golden", describe(list))
		})
	}
}

// TestEveryWarningCanBeIgnored writes a comment above every line that a file is
// warned of.
func TestEveryWarningCanBeIgnored(t *testing.T) {
	for _, name := range []string{"hostname", "certificate-depth", "placeholder", "large-integer"} {
		text, err := os.ReadFile("testdata/warning/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		_, list := stackfile.Parse("wfpsync.yaml", text)
		lines := strings.Split(string(text), "\n")
		for _, d := range list {
			above := "# wfpsync:ignore " + d.Rule
			if line := &lines[d.Range.Line-1]; !strings.HasPrefix(*line, above) {
				*line = above + "\n" + *line
			}
		}
		if _, left := stackfile.Parse("wfpsync.yaml", []byte(strings.Join(lines, "\n"))); len(list) == 0 || len(left) > 0 {
			t.Errorf("%s: of %d warnings are left\n%s", name, len(list), describe(left))
		}
	}
}

func TestErrorsCannotBeIgnored(t *testing.T) {
	_, list := stackfile.Parse("wfpsync.yaml", []byte("version: 1\nname: s\nwrokers: {} # wfpsync:ignore WFP101\n"))
	if !list.HasErrors() || len(list) != 2 || list[1].Rule != spec.RuleIgnoreComment {
		t.Error(describe(list))
	}
}

// An error can keep a warning from being found: that its comment ignores
// nothing at the moment says nothing.
func TestIgnoreCommentIsNotBlamedWhileThereAreErrors(t *testing.T) {
	_, list := stackfile.Parse("wfpsync.yaml", []byte("version: 1\nname: s\nwrokers: {} # wfpsync:ignore WFP219\n"))
	if len(list) != 1 || list[0].Severity != diag.Error {
		t.Error(describe(list))
	}
}

// The line of a comment can hold what must not be repeated.
func TestIgnoreCommentGivesNoSecretAway(t *testing.T) {
	_, list := stackfile.Parse("wfpsync.yaml", []byte("version: 1\nname: s\ndefaults:\n  secrets:\n    KEY: hunter2 # wfpsync:ignore WFP211\n"))
	if len(list) != 2 {
		t.Error(describe(list))
	}
	if text := describe(list); strings.Contains(text, "hunter2") {
		t.Error(text)
	}
}
