package wfpsync_test

import (
	"go/ast"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// vague are words that hide who acts or what is wrong. CONTRIBUTING says what
// to write instead.
var vague = regexp.MustCompile(`(?i)\b(nobody|somebody|whoever|anew|is no|of which|that there is)\b`)

// plain are phrases in which one of them is plain English.
var plain = strings.NewReplacer("is no longer", "")

// vagueIn returns the first vague words of text; "" if there are none.
func vagueIn(text string) string {
	return vague.FindString(plain.Replace(strings.Join(strings.Fields(text), " ")))
}

// TestMessagesNameWhoActs checks every text that the program can print.
func TestMessagesNameWhoActs(t *testing.T) {
	texts := 0
	for _, p := range packages(t) {
		if strings.HasSuffix(p.ImportPath, "test") { // only tests print it
			continue
		}
		for _, name := range p.GoFiles {
			inspectFile(t, filepath.Join(p.Dir, name), func(n ast.Node, at token.Position) {
				literal, ok := n.(*ast.BasicLit)
				if !ok || literal.Kind != token.STRING {
					return
				}
				texts++
				if text, _ := strconv.Unquote(literal.Value); vagueIn(text) != "" {
					t.Errorf("%s: %q in %q: name who acts, or what it is not", at, vagueIn(text), text)
				}
			})
		}
	}
	if texts < 1000 {
		t.Errorf("%d texts were looked at", texts)
	}
}

// TestPagesNameWhoActs checks what else people read: pages, examples, and the
// schemas that editors show.
func TestPagesNameWhoActs(t *testing.T) {
	listed, err := exec.Command("git", "ls-files", "*.md", "schema/*.json", "cmd/wfpsync/starter", "cmd/wfpsync/ci", "ci", "action.yml").Output()
	if err != nil {
		t.Skip("this is not a clone: ", err)
	}
	for name := range strings.Lines(string(listed)) {
		name = strings.TrimSpace(name)
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if name == "CONTRIBUTING.md" { // it quotes them
			continue
		}
		for i, line := range strings.Split(string(content), "\n") {
			if vagueIn(line) != "" {
				t.Errorf("%s:%d: %q: name who acts, or what it is not", name, i+1, vagueIn(line))
			}
		}
	}
}
