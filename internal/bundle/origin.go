package bundle

import (
	"bytes"
	"context"
	"path"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/internal/sourcemap"
	"github.com/wfpsync/wfpsync/spec"
)

// Origins lead from places in the modules of a code, as the runtime names them,
// to places in the files that the modules were made of.
type Origins struct {
	root  string
	code  *spec.Code
	known bool          // the code is still what its files make
	table sourcemap.Map // of its bundle
}

// FindOrigins builds a code again, this time with a source map: few codes ever
// need one. root is the project folder, as it is for [Build]. Where the files
// are others by now, no place is found.
func FindOrigins(ctx context.Context, root string, code *spec.Code) *Origins {
	o := &Origins{root: root, code: code}
	if code.Entrypoint == "" || code.Options.NoBundle {
		o.known = true // every line is as it was written
		return o
	}
	p, err := openProject(root)
	if err != nil {
		return o
	}
	defer p.close()
	built := buildEntrypoint(ctx, p, code.Entrypoint, code.Options, true)
	if built.diags.HasErrors() {
		return o
	}
	o.table, err = sourcemap.Parse(built.mapping)
	o.known = err == nil && bytes.Equal(content(built.modules, built.main), content(code.Modules, code.MainModule))
	return o
}

func content(modules []spec.Module, name string) []byte {
	for _, m := range modules {
		if m.Name == name {
			return m.Content
		}
	}
	return nil
}

// Find returns where a place of a module was written, both counted from 1, and
// the line that it is on. File names are relative to the project folder.
func (o *Origins) Find(module string, line, column int) (place diag.Range, snippet string, found bool) {
	if !o.known || content(o.code.Modules, module) == nil {
		return diag.Range{}, "", false
	}
	switch {
	case o.code.Entrypoint == "":
		at := inStackFile(diag.Diagnostic{Range: diag.Range{Line: line, Column: column}}, o.code)
		return at.Range, "", !o.code.Body.IsZero()
	case o.code.Options.NoBundle || module != o.code.MainModule:
		place = diag.Range{File: path.Join(baseDir(path.Clean(o.code.Entrypoint), o.code.Options), module), Line: line, Column: column}
	default:
		origin, known := o.table.Find(line, column)
		if !known {
			return diag.Range{}, "", false
		}
		place = diag.Range{File: origin.Source, Line: origin.Line, Column: origin.Column}
	}
	snippet, found = o.line(place)
	return place, snippet, found
}

// FindText returns where text first stands in the main module, for an error
// that says what is wrong and not where.
func (o *Origins) FindText(text string) (place diag.Range, snippet string, found bool) {
	before, _, found := strings.Cut(string(content(o.code.Modules, o.code.MainModule)), text)
	if !found {
		return diag.Range{}, "", false
	}
	lastLine := before[strings.LastIndex(before, "\n")+1:]
	return o.Find(o.code.MainModule, strings.Count(before, "\n")+1, len([]rune(lastLine))+1)
}

// line is a line of a file of the project.
func (o *Origins) line(at diag.Range) (string, bool) {
	p, err := openProject(o.root)
	if err != nil {
		return "", false
	}
	defer p.close()
	text, err := p.read(at.File)
	lines := strings.Split(string(text), "\n")
	if err != nil || at.Line > len(lines) {
		return "", false
	}
	return snippet(lines[at.Line-1]), true
}
