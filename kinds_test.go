package wfpsync_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/spec"
)

// A kind of resource is described once, by its [spec.KindInfo], and each
// package has a kindOps of what it does with resources of the kind. No other
// code tells kinds apart, so that a new one cannot be forgotten. The same holds
// for binding types.
//
// That no description and no kindOps is incomplete is tested next to the
// tables: spec/kind_whole_test.go, planner/kind_test.go,
// internal/account/kind_test.go and spec/stackfile/kind_test.go.

func TestNothingElseTellsKindsApart(t *testing.T) {
	found := map[string][]string{}
	for _, p := range packages(t) {
		for _, name := range p.GoFiles {
			file := filepath.Join(p.Dir, name)
			folder := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, strings.TrimSuffix(module, "/")), "/")
			if places := tellingApart(t, file); len(places) > 0 {
				found[filepath.ToSlash(filepath.Join(folder, name))] = places
			}
		}
	}
	for _, file := range slices.Sorted(maps.Keys(found)) {
		t.Errorf("%s tells kinds or binding types apart: say it in the kind's description or its kindOps\n  %s", file, strings.Join(found[file], "\n  "))
	}
}

// tellingApart returns the switches, map literals and conditions of a file that
// name more than one kind, or more than one binding type.
func tellingApart(t *testing.T, name string) []string {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var places []string
	note := func(n ast.Node, what string, names map[string]bool) {
		if len(names) > 1 {
			places = append(places, fmt.Sprintf("line %d: %s of %s", files.Position(n.Pos()).Line, what, strings.Join(slices.Sorted(maps.Keys(names)), ", ")))
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SwitchStmt:
			names := map[string]bool{}
			for _, clause := range n.Body.List {
				for _, value := range clause.(*ast.CaseClause).List {
					addCompared(names, value)
				}
			}
			note(n, "a switch", names)
		case *ast.CompositeLit:
			names := map[string]bool{}
			for _, element := range n.Elts {
				if pair, ok := element.(*ast.KeyValueExpr); ok {
					addName(names, pair.Key)
				}
			}
			note(n, "a map", names)
		case *ast.IfStmt:
			names := map[string]bool{}
			for next := ast.Stmt(n); next != nil; {
				one, ok := next.(*ast.IfStmt)
				if !ok {
					break
				}
				addCompared(names, one.Cond)
				next = one.Else
			}
			note(n, "a chain of conditions", names)
		}
		return true
	})
	return places
}

// addCompared adds the kinds and types that a condition compares with, or that
// a case is.
func addCompared(names map[string]bool, condition ast.Expr) {
	addName(names, condition)
	ast.Inspect(condition, func(n ast.Node) bool {
		if comparison, ok := n.(*ast.BinaryExpr); ok && (comparison.Op == token.EQL || comparison.Op == token.NEQ) {
			addName(names, comparison.X)
			addName(names, comparison.Y)
		}
		return true
	})
}

// addName adds an expression that is the constant of a kind or of a binding
// type, or its text.
func addName(names map[string]bool, e ast.Expr) {
	switch e := e.(type) {
	case *ast.SelectorExpr:
		addName(names, e.Sel)
	case *ast.Ident:
		if kindConstants[e.Name] {
			names[e.Name] = true
		}
	case *ast.BasicLit:
		if text := strings.Trim(e.Value, "`\""); bindingTexts[text] {
			names[text] = true
		}
	}
}

// kindConstants are the constants of package spec for kinds and binding types.
// bindingTexts are the API's names of types that cannot be mistaken for an
// ordinary word.
var (
	kindConstants = map[string]bool{}
	bindingTexts  = map[string]bool{"plain_text": true, "secret_text": true, "secret_key": true, "kv_namespace": true, "r2_bucket": true, "durable_object_namespace": true, "dispatch_namespace": true}
)

func init() {
	files, err := filepath.Glob("spec/*.go")
	if err != nil {
		panic(err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			panic(err)
		}
		for _, object := range file.Scope.Objects {
			if object.Kind == ast.Con && (strings.HasPrefix(object.Name, "Kind") || strings.HasPrefix(object.Name, "Binding")) {
				kindConstants[object.Name] = true
			}
		}
	}
}

// The test above relies on the descriptions of package spec.
func TestKindsHaveConstants(t *testing.T) {
	if n := len(spec.Kinds()); n < 15 || len(kindConstants) < n {
		t.Errorf("%d kinds and %d constants", n, len(kindConstants))
	}
}

var update = flag.Bool("update", false, "rewrite what the documentation says of kinds")

// docs/existing-account.md lists the permission that a token needs for each
// kind. `make golden` writes it.
func TestDocumentedPermissions(t *testing.T) {
	const file, head = "docs/existing-account.md", "| in the file | what the token needs |\n|---|---|\n"
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(content), head)
	table, after, ended := strings.Cut(rest, "\n\n")
	if !found || !ended {
		t.Fatalf("%s has no table that begins with %q", file, head)
	}
	want := strings.Join(permissionRows(spec.Kinds()), "\n")
	if *update {
		if err := os.WriteFile(file, []byte(before+head+want+"\n\n"+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if table != want {
		t.Errorf("the table of %s is not what the kinds say; `make golden` writes it:\n%s", file, want)
	}
}

// permissionRows returns the rows of the table, those of the account before
// those of zones.
func permissionRows(kinds []spec.KindInfo) []string {
	nouns := map[spec.Permission][]string{}
	for _, k := range kinds {
		nouns[k.Permission] = append(nouns[k.Permission], k.Plural)
	}
	var rows []string
	for _, p := range slices.SortedFunc(maps.Keys(nouns), func(a, b spec.Permission) int { return strings.Compare(a.String(), b.String()) }) {
		zone := ""
		if p.Scope == "Zone" {
			zone = ", Zone · Zone · Read"
		}
		rows = append(rows, fmt.Sprintf("| %s | %s%s |", strings.Join(nouns[p], ", "), p, zone))
	}
	return rows
}
