package bundle

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/spec"
)

var update = flag.Bool("update", false, "rewrite the expected messages in testdata/messages")

// Each archive in testdata/messages is a project and, after "want", all that is
// said about it. The comment lists the codes, one a line:
//
//	main: PATH         an entrypoint
//	script: FILE       an inline script, the content of a file of the archive
//
// They have an older compatibility date, where Node.js is an opt-in.
func TestMessages(t *testing.T) {
	archives, err := filepath.Glob("testdata/messages/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			given, want, _ := strings.Cut(string(text), wantMark)
			comment, content := parseArchive(given)
			root := newProject(t, content)

			got := render(Build(context.Background(), root, codesOf(comment, content)))
			if *update {
				if err := os.WriteFile(name, []byte(given+wantMark+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("messages differ (-want +got):\n%s", diff)
			}
			if strings.Contains(got, filepath.Dir(root)) {
				t.Errorf("a message names the machine's folders:\n%s", got)
			}
		})
	}
}

const wantMark = "-- want --\n"

var fileMark = regexp.MustCompile(`(?m)^-- (.*) --\n`)

// parseArchive reads the comment and the files of an archive. "\x00" in a file
// stands for the byte, so that the archives stay text.
func parseArchive(text string) (comment string, content files) {
	content = files{}
	marks := fileMark.FindAllStringSubmatchIndex(text, -1)
	for i, mark := range marks {
		end := len(text)
		if i+1 < len(marks) {
			end = marks[i+1][0]
		}
		content[text[mark[2]:mark[3]]] = strings.ReplaceAll(text[mark[1]:end], `\x00`, "\x00")
	}
	return text[:marks[0][0]], content
}

func codesOf(comment string, content files) []*spec.Code {
	var codes []*spec.Code
	for line := range strings.Lines(comment) {
		if name, ok := strings.CutPrefix(line, "main:"); ok {
			codes = append(codes, entrypoint(strings.TrimSpace(name)))
		}
		if name, ok := strings.CutPrefix(line, "script:"); ok {
			codes = append(codes, inline(content[strings.TrimSpace(name)]))
		}
	}
	for _, code := range codes {
		code.Options.Runtime.Date = "2025-10-08"
	}
	return codes
}
