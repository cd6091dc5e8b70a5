package planner

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A guard that is missing from the list could not be acknowledged.
func TestEveryGuardHasAName(t *testing.T) {
	packages, err := parser.ParseDir(token.NewFileSet(), ".", func(f fs.FileInfo) bool {
		return !strings.HasSuffix(f.Name(), "_test.go")
	}, 0)
	if err != nil {
		t.Fatal(err)
	}
	var guards []string
	for _, file := range packages["planner"].Files {
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if ok && strings.HasPrefix(spec.Names[0].Name, "Guard") {
				name, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				guards = append(guards, name)
			}
			return true
		})
	}
	slices.Sort(guards)
	if !slices.Equal(guards, guardNames) {
		t.Errorf("the list has %v, and the package %v", guardNames, guards)
	}
}
