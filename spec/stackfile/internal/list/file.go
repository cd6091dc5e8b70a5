package list

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// input is a list's file that is open.
type input struct {
	name string // as messages call it
	text *textReader
	file fs.File
}

func (in *input) at(line, column int) diag.Range {
	return diag.Range{File: in.name, Line: line, Column: column}
}

func (in *input) close() { _ = in.file.Close() } // it was only read

// open opens the file that a declaration names; nil when that is reported as a
// problem.
func (l *loader) open(given *document.Value) *input {
	name, ok := l.resolve(given, "a file")
	if !ok {
		return nil
	}
	// A pipe or a device is not opened, because that alone can wait forever.
	info, err := fs.Stat(l.fsys, name)
	if err == nil && !info.Mode().IsRegular() {
		l.reportValue(RuleListFile, given, fmt.Sprintf("%q is not a file", given.Text), "")
		return nil
	}
	var file fs.File
	if err == nil {
		file, err = l.fsys.Open(name)
	}
	if err != nil {
		l.reportAccess(given, err)
		return nil
	}
	return &input{name: l.shown(given.Text), file: file, text: newTextReader(file)}
}

// shown returns a path in the stack file as messages call it.
func (l *loader) shown(given string) string { return path.Join(l.shownFolder, given) }

// resolve returns the path in the project that the stack file gives.
func (l *loader) resolve(given *document.Value, what string) (string, bool) {
	if given.Kind != document.String || given.Text == "" {
		l.reportValue(RuleListSource, given, "expected the path of "+what, "")
		return "", false
	}
	if path.IsAbs(given.Text) || strings.Contains(given.Text, `\`) {
		l.reportValue(RuleListFile, given, fmt.Sprintf("%q is not a path in the project", given.Text), "name it from the folder of the stack file, with `/` between folders")
		return "", false
	}
	name := path.Join(l.folder, given.Text)
	if !fs.ValidPath(name) {
		l.reportValue(RuleListFile, given, fmt.Sprintf("%q leads out of the project", given.Text), outsideHint)
		return "", false
	}
	return name, true
}

const outsideHint = "a list's files must be in the project: copy the file there, or choose a wider --root"

func (l *loader) reportAccess(given *document.Value, err error) {
	var failed *fs.PathError
	cause := err.Error()
	if errors.As(err, &failed) {
		cause = failed.Err.Error()
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		l.reportValue(RuleListFile, given, fmt.Sprintf("file %q not found", l.shown(given.Text)), "write the path from the stack file's folder")
	case strings.Contains(cause, "escapes"): // os.Root has no error value for it
		l.reportValue(RuleListFile, given, fmt.Sprintf("%q leads out of the project", given.Text), outsideHint)
	default:
		l.reportValue(RuleListFile, given, fmt.Sprintf("%q cannot be read: %s", given.Text, cause), "")
	}
}

// reportRead reports what ended the reading of a file.
func (l *loader) reportRead(in *input, err error) {
	var wrong *textError
	if errors.As(err, &wrong) {
		l.report(RuleListFile, in.at(wrong.line, wrong.column), wrong.message, wrong.hint)
		return
	}
	l.report(RuleListFile, diag.Range{File: in.name}, "the file cannot be read: "+err.Error(), "")
}
