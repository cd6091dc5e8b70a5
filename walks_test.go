package wfpsync_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"testing"
)

// step matches a line of a walk in ARCHITECTURE.md, or of its section "Where
// is".
var step = regexp.MustCompile(`(?m)^    ([\w/]+\.go):(\w+)$`)

// The walks of ARCHITECTURE.md name functions that exist.
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
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				found = found || n.Name.Name == s[2]
				return false // it declares local names
			case *ast.TypeSpec:
				found = found || n.Name.Name == s[2]
			case *ast.ValueSpec:
				found = found || slices.ContainsFunc(n.Names, func(name *ast.Ident) bool { return name.Name == s[2] })
			}
			return true
		})
		if !found {
			t.Errorf("%s does not declare %s", s[1], s[2])
		}
	}
}
