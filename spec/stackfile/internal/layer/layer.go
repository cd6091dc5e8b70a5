// Package layer puts a stack file together: the files that it includes beside it, and
// an environment over it.
package layer

import (
	"errors"
	"io/fs"
	"path"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/complaint"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// A File is a stack file that was put together.
type File struct {
	Name string // of the stack file, in FS
	FS   fs.FS

	// Root is what the file says with the environment over it, and Base without.
	Root, Base *document.Value

	// Environments are the file's environments; nil where it has none.
	Environments *document.Value

	// Environment is the name that expressions read.
	Environment string
}

// StackName returns the name that the stack's Workers are marked with.
func (f *File) StackName() string {
	name := f.Root.Get("name").String()
	if f.Environment != "" {
		name += "." + f.Environment // its Workers are not another environment's
	}
	return name
}

// EnvironmentNames returns the names of the file's environments, in its order.
func (f *File) EnvironmentNames() []string {
	var names []string
	for _, m := range f.Environments.MembersOrNil() {
		names = append(names, m.Key)
	}
	return names
}

// In returns the file with another environment over it.
func (f *File) In(environment document.Member) *File {
	other := *f
	other.Root, other.Environment = withOverlay(f.Base, environment.Value), environment.Key
	return &other
}

// A layering puts one file together.
type layering struct {
	*complaint.Collector
	file     *File
	sections []string // the keys of sections
}

// Read puts a file together. Its sections are the keys whose entries an included file
// may have as well. Where there is no environment to lay over it, expressions read the
// name asIf instead.
func Read(c *complaint.Collector, files fs.FS, name string, root *document.Value, sections []string, environment, asIf string) *File {
	l := &layering{c, &File{Name: name, FS: files, Root: root, Environment: asIf}, sections}
	l.include()
	l.file.Environments, l.file.Base = l.file.Root.Get("environments"), l.file.Root.Without("environments")
	l.checkEnvironmentsShape()
	l.file.Root = l.file.Base
	if environment != "" {
		l.overlay(environment)
	}
	return l.file
}

// ReadFile reads a file. A pipe or a device is not opened, because that alone can
// wait forever.
func ReadFile(files fs.FS, name string) ([]byte, error) {
	if info, err := fs.Stat(files, name); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errors.New("it is not a regular file")}
	}
	return fs.ReadFile(files, name)
}

// Unreadable says that a file cannot be read, with a hint for one that is not there.
func Unreadable(name string, err error, missing string) diag.Diagnostic {
	d := diag.Diagnostic{Severity: diag.Error, Rule: spec.RuleUnreadable, Message: "cannot be read: " + err.Error(), Range: diag.Range{File: name}}
	if errors.Is(err, fs.ErrNotExist) {
		d.Message = "no such file"
		d.Hint = missing
	}
	return d
}

// CleanPath returns a path of the stack file in the one form in which equal paths
// are equal.
func CleanPath(p string) string {
	if p == "" {
		return ""
	}
	return path.Clean(p)
}
