package emulator_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// bindingTable is the only file that distinguishes binding types.
const bindingTable = "store/binding_type.go"

// sameWord are files that compare with the name of a binding type, but mean
// something else.
var sameWord = map[string]string{
	"api/kv_value.go": "json", // the type of values in a bulk read
}

// TestOneTableOfBindingTypes keeps everything about binding types in one table:
// no other file compares with one, or has one as a case of a switch or the key
// of a table.
func TestOneTableOfBindingTypes(t *testing.T) {
	types := map[string]bool{}
	eachGoFile(t, func(path string, file *ast.File, _ *token.FileSet) {
		if path == bindingTable {
			ast.Inspect(file, func(n ast.Node) bool {
				if field, ok := n.(*ast.KeyValueExpr); ok && isIdent(field.Key, "Name") {
					types[literal(field.Value)] = true
				}
				return true
			})
		}
	})
	if !types["kv_namespace"] || !types["service"] {
		t.Fatalf("%s describes %v", bindingTable, types)
	}
	eachGoFile(t, func(path string, file *ast.File, files *token.FileSet) {
		if path == bindingTable {
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			for _, expression := range told(n) {
				if word := literal(expression); types[word] && word != "" && sameWord[path] != word {
					t.Errorf("%s tells the binding type %q apart: let its row in %s say it", files.Position(n.Pos()), word, bindingTable)
				}
			}
			return true
		})
	})
}

// told returns the expressions by which a node distinguishes values.
func told(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.CaseClause:
		return n.List
	case *ast.BinaryExpr:
		if n.Op == token.EQL || n.Op == token.NEQ {
			return []ast.Expr{n.X, n.Y}
		}
	case *ast.CompositeLit:
		if m, ok := n.Type.(*ast.MapType); !ok || isIdent(m.Value, "any") { // a document, not a table
			return nil
		}
		var keys []ast.Expr
		for _, element := range n.Elts {
			keys = append(keys, element.(*ast.KeyValueExpr).Key)
		}
		return keys
	}
	return nil
}

func literal(e ast.Expr) string {
	if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
		if text, err := strconv.Unquote(lit.Value); err == nil {
			return text
		}
	}
	return ""
}

func isIdent(e ast.Expr, name string) bool {
	ident, ok := e.(*ast.Ident)
	return ok && ident.Name == name
}

// eachGoFile parses the files of the emulator that are not tests.
func eachGoFile(t *testing.T, do func(path string, file *ast.File, files *token.FileSet)) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, 0)
		if err == nil {
			do(filepath.ToSlash(path), file, files)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
