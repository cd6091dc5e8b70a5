package wfpsync_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// maxFiles is how many files of a package, without tests, a reader can keep
// track of. maxCommands is how many commands the program has, with one file
// each.
const (
	maxFiles    = 50
	maxCommands = 30
)

func TestPackagesAreNotTooLarge(t *testing.T) {
	for _, p := range packages(t) {
		folder, _ := folderOf(p.ImportPath)
		most := maxFiles
		if folder == "cmd/wfpsync" {
			most = maxCommands
		}
		if len(p.GoFiles) > most {
			t.Errorf("%s has %d files, at most %d are good: look for the package in it", folder, len(p.GoFiles), most)
		}
	}
}

// maxFields is how many fields a struct of a loading phase may have: one that
// needs more is two phases.
const maxFields = 12

// parsers read text, and are not phases: each has a field for everything that
// it knows about its place in the text.
var parsers = []string{"spec/stackfile/internal/document", "spec/stackfile/internal/list"}

func TestPhasesOfLoadingAreSmall(t *testing.T) {
	structs := 0
	for _, p := range packages(t) {
		folder, _ := folderOf(p.ImportPath)
		if !strings.HasPrefix(folder, "spec/stackfile") || slices.Contains(parsers, folder) {
			continue
		}
		for _, name := range p.GoFiles {
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, filepath.Join(p.Dir, name), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if s, ok := n.(*ast.StructType); ok {
					structs++
					if fields := countFields(s); fields > maxFields {
						t.Errorf("%s: a struct of %d fields, at most %d are good", files.Position(s.Pos()), fields, maxFields)
					}
				}
				return true
			})
		}
	}
	if structs < 50 {
		t.Errorf("%d structs were looked at", structs)
	}
}

// countFields counts the fields of a struct; an embedded one counts as one.
func countFields(s *ast.StructType) int {
	n := 0
	for _, field := range s.Fields.List {
		n += max(1, len(field.Names))
	}
	return n
}
