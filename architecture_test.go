package wfpsync_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/wfpsync/wfpsync/"

// folderOf returns the folder of one of our packages, "." for the top one; ok
// is false for other packages.
func folderOf(importPath string) (folder string, ok bool) {
	if importPath+"/" == module {
		return ".", true
	}
	return strings.CutPrefix(importPath, module)
}

// emulatorTest helps the emulator's tests, and is in no program.
const emulatorTest = "internal/emulator/emulatortest"

// mayImport lists each folder, and which of ours it may import. A new folder is
// a line here, with a reason in the commit that adds it.
var mayImport = map[string][]string{
	"diag":                               {},
	"internal/browsertest":               {},
	"internal/tabletest":                 {},
	"internal/sourcemap":                 {},
	"internal/text":                      {},
	"internal/assetrules":                {},
	"schema":                             {"internal/text"},
	"docs":                               {},
	"spec/stackfile/internal/document":   {"internal/text", "diag"},
	"spec/stackfile/internal/expression": {"diag"},
	"spec/stackfile/internal/list":       {"internal/text", "diag", "spec/stackfile/internal/document"},
	"spec/stackfile/internal/wrangler":   {"diag", "spec/stackfile/internal/document"},
	"spec/internal/canon":                {},
	"spec":                               {"diag", "spec/internal/canon"},
	"spec/stackfile":                     {"internal/text", "spec", "schema", "diag", "spec/internal/canon", "spec/stackfile/internal/..."},
	"spec/stackfile/internal/check":      {"diag", "spec", "spec/stackfile/internal/complaint"},
	"spec/stackfile/internal/complaint":  {"diag", "spec", "spec/stackfile/internal/document", "spec/stackfile/internal/list"},
	"spec/stackfile/internal/cron":       {},
	"spec/stackfile/internal/expand":     {"spec", "spec/stackfile/internal/complaint", "spec/stackfile/internal/document", "spec/stackfile/internal/expression"},
	"spec/stackfile/internal/explain":    {"diag", "schema", "spec", "spec/stackfile/internal/complaint", "spec/stackfile/internal/document", "spec/stackfile/internal/wrangler"},
	"spec/stackfile/internal/layer":      {"diag", "schema", "spec", "spec/stackfile/internal/complaint", "spec/stackfile/internal/document", "spec/stackfile/internal/explain"},
	"spec/stackfile/internal/rollout":    {"diag", "spec", "spec/stackfile/internal/complaint", "spec/stackfile/internal/document"},
	"planner":                            {"internal/text", "spec", "diag"},
	"applier":                            {"planner", "spec"},
	"internal/cloudflare":                {},
	"internal/cloudflare/...":            {"internal/emulator", "internal/emulator/api"}, // what its tests and those of the account share
	"internal/account":                   {"spec", "internal/cloudflare"},
	"internal/account/guarded":           {"spec", "internal/account"},
	"internal/account/accounttest":       {"spec"},
	"internal/probe":                     {"spec"},
	"internal/npm":                       {},
	"internal/polyfills":                 {"internal/npm"},
	"internal/bundle":                    {"spec", "diag", "internal/sourcemap", "internal/assetrules", "internal/polyfills"},
	"internal/report":                    {"planner", "applier", "spec", "diag"},
	"internal/emulator":                  {"internal/emulator/..."},
	"internal/emulator/...":              {"internal/emulator/...", "internal/sourcemap", "internal/assetrules", "internal/npm"},
	emulatorTest:                         {"internal/emulator", "internal/emulator/..."},
	".":                                  {"applier", "diag", "planner", "spec", "spec/stackfile", "internal/account", "internal/account/guarded", "internal/bundle", "internal/cloudflare", "internal/emulator", "internal/emulator/...", "internal/probe"},
	"cmd/wfpsync":                        {"..."},
}

// onlyIn are libraries that only one folder may import, so that nothing else
// depends on them.
var onlyIn = map[string]string{
	"gopkg.in/yaml.v3":                       "spec/stackfile/internal/document",
	"github.com/tailscale/hujson":            "spec/stackfile/internal/wrangler",
	"github.com/pelletier/go-toml/":          "spec/stackfile/internal/wrangler",
	"github.com/santhosh-tekuri/jsonschema/": "schema",
	"github.com/evanw/esbuild/":              "internal/bundle",
	"github.com/sergi/go-diff/":              "internal/report",
	"github.com/vbauerster/mpb/":             "internal/report",
	"github.com/cloudflare/cloudflare-go/":   "internal/account",
	"go.etcd.io/bbolt":                       "internal/emulator/store",
	"github.com/spf13/cobra":                 "cmd/wfpsync",
	"github.com/fsnotify/fsnotify":           "cmd/wfpsync",
}

type goPackage struct {
	ImportPath string
	Dir        string
	Imports    []string
	GoFiles    []string
}

// packages returns the module's packages without their tests.
func packages(t *testing.T) []goPackage {
	t.Helper()
	list, err := listed()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// listed asks the go command once for all tests.
var listed = sync.OnceValues(func() ([]goPackage, error) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Dir,Imports,GoFiles", "./...").Output()
	if err != nil {
		return nil, err
	}
	var list []goPackage
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p goPackage
		if err := decoder.Decode(&p); err == io.EOF {
			return list, nil
		} else if err != nil {
			return nil, err
		}
		if len(p.GoFiles) > 0 {
			list = append(list, p)
		}
	}
})

func TestImports(t *testing.T) {
	for _, p := range packages(t) {
		folder, _ := folderOf(p.ImportPath)
		allowed, known := allowedFor(folder)
		if !known {
			t.Errorf("%s is not part of the house: add it to mayImport with what it may import", folder)
			continue
		}
		for _, imported := range p.Imports {
			if ours, ok := folderOf(imported); ok {
				if !slices.ContainsFunc(allowed, func(pattern string) bool { return matches(pattern, ours) }) {
					t.Errorf("%s imports %s, and may import %v", folder, ours, allowed)
				}
			}
			for library, owner := range onlyIn {
				if strings.HasPrefix(imported, library) && folder != owner {
					t.Errorf("%s imports %s, which belongs to %s alone", folder, imported, owner)
				}
			}
			if imported == "github.com/cloudflare/cloudflare-go/v4" {
				t.Errorf("%s imports the root of cloudflare-go, which costs minutes of build: import its sub-packages", folder)
			}
		}
	}
}

func allowedFor(folder string) ([]string, bool) {
	if allowed, ok := mayImport[folder]; ok {
		return allowed, true
	}
	for pattern, allowed := range mayImport {
		if matches(pattern, folder) {
			return allowed, true
		}
	}
	return nil, false
}

func matches(pattern, folder string) bool {
	prefix, wildcard := strings.CutSuffix(pattern, "...")
	return pattern == folder || wildcard && strings.HasPrefix(folder, prefix)
}

// outside are the functions by which a program touches the world around it.
// Only cmd/wfpsync may use them, so that every other package can be tested, and
// trusted, without a look inside.
var outside = map[string][]string{
	"os":  {"Exit", "Stdin", "Stdout", "Stderr", "Getenv", "LookupEnv", "Environ", "Setenv", "ExpandEnv"},
	"fmt": {"Print", "Printf", "Println"},
	"log": {"Print", "Printf", "Println", "Fatal", "Fatalf", "Fatalln", "Panic", "Panicf"},
}

// TestOnlyTestsReachBehindTheEmulator keeps two things out of the program:
// changes that the emulator allows only tests to make, and the packages that
// help tests.
func TestOnlyTestsReachBehindTheEmulator(t *testing.T) {
	for _, p := range packages(t) {
		for _, imported := range p.Imports {
			if strings.HasPrefix(imported, module) && strings.HasSuffix(imported, "test") {
				t.Errorf("%s imports %s, which is for tests", p.ImportPath, imported)
			}
		}
		if !slices.Contains(p.Imports, module+"internal/emulator") {
			continue
		}
		for _, name := range p.GoFiles {
			inspectFile(t, filepath.Join(p.Dir, name), func(n ast.Node, at token.Position) {
				if selector, ok := n.(*ast.SelectorExpr); ok && selector.Sel.Name == "ForTests" {
					t.Errorf("%s calls ForTests", at)
				}
			})
		}
	}
}

func TestOnlyTheCommandTouchesTheOutside(t *testing.T) {
	for _, p := range packages(t) {
		if p.ImportPath == module+"cmd/wfpsync" || p.ImportPath == module+emulatorTest {
			continue
		}
		for _, name := range p.GoFiles {
			checkFile(t, filepath.Join(p.Dir, name))
		}
	}
}

func checkFile(t *testing.T, name string) {
	t.Helper()
	inspectFile(t, name, func(n ast.Node, at token.Position) {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return
		}
		if pkg, ok := selector.X.(*ast.Ident); ok && slices.Contains(outside[pkg.Name], selector.Sel.Name) {
			t.Errorf("%s: %s.%s belongs to cmd/wfpsync alone", at, pkg.Name, selector.Sel.Name)
		}
	})
}

// inspectFile calls do with every node of a file and its position.
func inspectFile(t *testing.T, name string, do func(ast.Node, token.Position)) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if n != nil {
			do(n, files.Position(n.Pos()))
		}
		return true
	})
}
