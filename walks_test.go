package wfpsync_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"testing"
)

// step is a line of a walk in ARCHITECTURE.md.
var step = regexp.MustCompile(`(?m)^    ([\w/]+\.go):(\w+)$`)

// The walks of ARCHITECTURE.md lead through functions that exist.
func TestWalks(t *testing.T) {
	text, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	steps := step.FindAllStringSubmatch(string(text), -1)
	if len(steps) < 20 {
		t.Errorf("there are %d steps, fewer than three walks have", len(steps))
	}
	for _, s := range steps {
		file, err := parser.ParseFile(token.NewFileSet(), s[1], nil, 0)
		if err != nil {
			t.Errorf("%s: %v", s[0], err)
			continue
		}
		found := false
		for _, d := range file.Decls {
			f, isFunc := d.(*ast.FuncDecl)
			found = found || isFunc && f.Name.Name == s[2]
		}
		if !found {
			t.Errorf("%s has no function %s", s[1], s[2])
		}
	}
}
