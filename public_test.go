package wfpsync_test

import (
	"encoding/json"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

// public are the packages that other programs import.
var public = []string{".", "applier", "diag", "planner", "schema", "spec", "spec/stackfile"}

// A program that imports a public package can name every type that it gets:
// none of them is internal.
func TestPublicPackagesShowNoInternalTypes(t *testing.T) {
	exports := exportData(t)
	loader := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	for _, name := range public {
		pkg, err := loader.Import(path.Join(module, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range pkg.Scope().Names() {
			if o := pkg.Scope().Lookup(object); o.Exported() {
				for _, hidden := range hiddenTypes(o) {
					t.Errorf("%s.%s shows %s", pkg.Path(), object, hidden)
				}
			}
		}
	}
}

// exportData returns the compiled form of every package that the public ones
// need, by path.
func exportData(t *testing.T) map[string]string {
	t.Helper()
	args := []string{"list", "-export", "-deps", "-json=ImportPath,Export"}
	for _, name := range public {
		args = append(args, "./"+name)
	}
	out, err := exec.Command("go", args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct{ ImportPath, Export string }
		if err := decoder.Decode(&p); err == io.EOF {
			return files
		} else if err != nil {
			t.Fatal(err)
		}
		files[p.ImportPath] = p.Export
	}
}

// hiddenTypes returns the types of internal packages that an exported object,
// its exported fields and its exported methods show.
func hiddenTypes(o types.Object) []string {
	var hidden []string
	see := func(what string, t types.Type) {
		if name := internalName(t, map[types.Type]bool{}); name != "" {
			hidden = append(hidden, fmt.Sprintf("%s in %s", name, what))
		}
	}
	see("its type", o.Type())
	declared, isType := o.(*types.TypeName)
	if !isType {
		return hidden
	}
	see("its definition", declared.Type().Underlying())
	methods := types.NewMethodSet(types.NewPointer(declared.Type()))
	for m := range methods.Methods() {
		if m.Obj().Exported() {
			see("the method "+m.Obj().Name(), m.Type())
		}
	}
	return slices.Compact(hidden)
}

// internalName returns the name of an internal type that is part of a type
// where other programs see it; "" if there is none.
func internalName(t types.Type, seen map[types.Type]bool) string {
	if seen[t] {
		return ""
	}
	seen[t] = true
	inside := func(list ...types.Type) string {
		for _, part := range list {
			if name := internalName(part, seen); name != "" {
				return name
			}
		}
		return ""
	}
	switch t := t.(type) {
	case *types.Alias:
		if isInternal(t.Obj()) {
			return t.Obj().Pkg().Path() + "." + t.Obj().Name()
		}
		return inside(t.Rhs())
	case *types.Named:
		if isInternal(t.Obj()) {
			return t.Obj().Pkg().Path() + "." + t.Obj().Name()
		}
		var arguments []types.Type
		for argument := range t.TypeArgs().Types() {
			arguments = append(arguments, argument)
		}
		return inside(arguments...)
	case *types.Pointer:
		return inside(t.Elem())
	case *types.Slice:
		return inside(t.Elem())
	case *types.Array:
		return inside(t.Elem())
	case *types.Chan:
		return inside(t.Elem())
	case *types.Map:
		return inside(t.Key(), t.Elem())
	case *types.Signature:
		return inside(t.Params(), t.Results())
	case *types.Tuple:
		for v := range t.Variables() {
			if name := inside(v.Type()); name != "" {
				return name
			}
		}
	case *types.Struct:
		for field := range t.Fields() {
			if field.Exported() {
				if name := inside(field.Type()); name != "" {
					return name
				}
			}
		}
	case *types.Interface:
		for method := range t.Methods() {
			if name := inside(method.Type()); method.Exported() && name != "" {
				return name
			}
		}
	}
	return ""
}

func isInternal(o *types.TypeName) bool {
	return o.Pkg() != nil && strings.Contains(o.Pkg().Path()+"/", "/internal/")
}
