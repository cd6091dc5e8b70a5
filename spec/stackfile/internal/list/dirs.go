package list

import (
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// folder is an item that is a folder of the project. Its path is as the stack
// file would write it.
type folder struct {
	path string
	file string // the same, as messages call it
}

func (f *folder) At() diag.Range { return diag.Range{File: f.file} }

func (f *folder) Map() map[string]any {
	return map[string]any{"name": path.Base(f.path), "path": f.path}
}

func (f *folder) Get(field string) (any, bool) {
	value, ok := f.Map()[field]
	return value, ok
}

func isFolder(item Item) bool {
	_, is := item.(*folder)
	return is
}

// readDirs finds the folders that a pattern such as customers/* matches. Hidden
// ones are only found by a pattern that begins with a dot, as in a shell.
func (l *loader) readDirs(given *document.Value) {
	pattern, ok := l.resolve(given, "folders, such as customers/*")
	if !ok {
		return
	}
	if strings.Contains(given.Text, "**") {
		l.reportValue(RuleListSource, given, "`**` is not supported in dirs", "`*` stands for one folder's name: customers/*")
		return
	}
	matches, err := fs.Glob(l.fsys, pattern)
	if err != nil {
		l.reportValue(RuleListSource, given, fmt.Sprintf("%q is not a pattern: %s", given.Text, err), "")
		return
	}
	slices.Sort(matches)
	for _, match := range matches {
		if hidden := strings.HasPrefix(path.Base(match), "."); hidden && !strings.HasPrefix(path.Base(pattern), ".") {
			continue
		}
		info, err := fs.Stat(l.fsys, match)
		if err != nil {
			l.reportAccess(given, err)
			return // the others that lead there say the same
		}
		if info.IsDir() {
			relative := l.relative(match)
			l.add(&folder{path: relative, file: l.shown(relative)})
		}
	}
	if len(l.list.Items) == 0 && !l.diagnostics.HasErrors() {
		at := given.Range()
		l.complain(diag.Diagnostic{Severity: diag.Warning, Rule: RuleListFile, Message: fmt.Sprintf("no folder matches %q", given.Text), Hint: "the list is empty", Range: at, Snippet: given.Line(at.Line)})
	}
}

// relative returns a path in the project as the stack file names it.
func (l *loader) relative(name string) string {
	relative, err := filepath.Rel(filepath.FromSlash(l.folder), filepath.FromSlash(name))
	if err != nil {
		return name // only for paths that do not share a root, and these do
	}
	return filepath.ToSlash(relative)
}
