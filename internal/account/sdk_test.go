package account

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	sdkRoot   = "github.com/cloudflare/cloudflare-go/v4"
	sdkOption = sdkRoot + "/internal/requestconfig.RequestOption"
)

// A call of the SDK with its own options can upload one customer's code as
// another's; see mixing_test.go.
func TestNoSDKCallHasOptionsOfItsOwn(t *testing.T) {
	fset, files := parsePackage(t)
	calls, faults := checkSDKCalls(t, fset, files)
	for _, fault := range faults {
		t.Error(fault)
	}
	if calls < 15 {
		t.Errorf("only %d calls of the SDK were found", calls)
	}
}

// parsePackage reads the files of this package without its tests.
func parsePackage(t *testing.T) (*token.FileSet, []*ast.File) {
	t.Helper()
	fset := token.NewFileSet()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return fset, files
}

// The check finds the faults that it is for.
func TestSDKCallsThatAreFaults(t *testing.T) {
	const source = `package faulty

import (
	"context"

	"github.com/cloudflare/cloudflare-go/v4/kv"
	"github.com/cloudflare/cloudflare-go/v4/option"
)

func faulty(options []option.RequestOption) {
	s := kv.NewNamespaceService(options...)
	s = kv.NewNamespaceService(option.WithMaxRetries(0))
	s.List(context.Background(), kv.NamespaceListParams{})
	s.List(context.Background(), kv.NamespaceListParams{}, option.WithMaxRetries(0))
	s.List(context.Background(), kv.NamespaceListParams{}, options...)
	list := s.List
	list(context.Background(), kv.NamespaceListParams{}, options...)
	s.ListAutoPaging(context.Background(), kv.NamespaceListParams{})
}
`
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "faulty.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	calls, faults := checkSDKCalls(t, fset, []*ast.File{file})
	want := []string{"faulty.go:12", "faulty.go:14", "faulty.go:15", "faulty.go:17", "faulty.go:18"}
	if calls != 7 || len(faults) != len(want) {
		t.Fatalf("%d calls, %d faults: %v", calls, len(faults), faults)
	}
	for i := range want {
		if !strings.HasPrefix(faults[i], want[i]+":") {
			t.Errorf("fault %d is %s, want %s", i, faults[i], want[i])
		}
	}
}

// checkSDKCalls type-checks files and looks at every call that takes request
// options. A constructor must get one slice, which newServices clips, and every
// other call no option at all. The SDK's own pager passes options, too.
func checkSDKCalls(t *testing.T, fset *token.FileSet, files []*ast.File) (calls int, faults []string) {
	t.Helper()
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: importer.ForCompiler(fset, "gc", exportData(t))}
	if _, err := config.Check("account", fset, files, info); err != nil {
		t.Fatal(err)
	}
	fault := func(n ast.Node, format string, args ...any) {
		p := fset.Position(n.Pos())
		faults = append(faults, fmt.Sprintf("%s:%d: %s", p.Filename, p.Line, fmt.Sprintf(format, args...)))
	}
	for _, file := range files {
		for _, imported := range file.Imports {
			if imported.Path.Value == `"`+sdkRoot+`"` {
				fault(imported, "the root package of the SDK is imported")
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			signature, ok := info.TypeOf(call.Fun).(*types.Signature)
			if !ok || !takesOptions(signature) {
				return true
			}
			calls++
			name := types.ExprString(call.Fun)
			_, unqualified, _ := strings.Cut(name, ".")
			switch options := len(call.Args) - (signature.Params().Len() - 1); {
			case strings.HasPrefix(unqualified, "New") && strings.HasSuffix(unqualified, "Service"):
				if !call.Ellipsis.IsValid() {
					fault(call, "%s is not given the shared, clipped options", name)
				}
			case options > 0:
				fault(call, "%s is given options of its own", name)
			case strings.HasSuffix(name, "AutoPaging"):
				fault(call, "%s pages without the context and without an end", name)
			}
			return true
		})
	}
	return calls, faults
}

func takesOptions(s *types.Signature) bool {
	if !s.Variadic() {
		return false
	}
	last := s.Params().At(s.Params().Len() - 1).Type()
	slice, ok := last.(*types.Slice)
	return ok && types.Unalias(slice.Elem()).String() == sdkOption
}

// exportData gives the type checker the compiled packages that this one
// imports.
func exportData(t *testing.T) importer.Lookup {
	t.Helper()
	list := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}}={{.Export}}", ".")
	var stderr bytes.Buffer
	list.Stderr = &stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	exports := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), "=")
		exports[path] = file
	}
	return func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) }
}
