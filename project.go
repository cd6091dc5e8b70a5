package wfpsync

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/internal/bundle"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile"
)

// DefaultFile is the name of a stack file if only its folder is given.
const DefaultFile = "wfpsync.yaml"

// Options affect the meaning of a stack file. All are optional.
type Options struct {
	// Environment is the name of an environment in the file; "" for none.
	Environment string

	// Variables are values for the variables that the file declares.
	Variables map[string]any

	// LookupEnv reads the environment variables that the file names for
	// variables, whose names begin with [stackfile.VariablePrefix], and for
	// secrets. Most programs pass os.LookupEnv; with nil, none is set.
	LookupEnv func(name string) (string, bool)

	// SecretsKey is the key of the fingerprints by which a plan notices that a
	// secret has a new value. Without it, a plan compares no values.
	SecretsKey *spec.SecretsKey
}

func (o Options) lookupEnv(name string) (string, bool) {
	if o.LookupEnv == nil {
		return "", false
	}
	return o.LookupEnv(name)
}

// stackOptions returns the options for the loader.
func (o Options) stackOptions() stackfile.Options {
	return stackfile.Options{Environment: o.Environment, Variables: o.Variables, LookupVariable: o.lookupEnv}
}

// Project is a stack file and its folder. Everything that the file names is
// inside that folder. It is not safe for concurrent use.
type Project struct {
	dir     string // as the caller named it
	name    string // of the file in dir
	options Options
	stack   *spec.Stack

	// live has the part of the account in which the file's lists look for user
	// Workers; nil if it was not read.
	live  *spec.Snapshot
	built bool

	diagnostics diag.List // with the caller's paths
}

// Open reads and checks a stack file, or the one in a folder. An error means
// that it cannot be read. [Project.Diagnostics] has what is wrong with it, and
// nothing is planned while that contains errors.
func Open(file string, options Options) (*Project, error) {
	return open(file, options, func(*stackfile.Options) {})
}

// open is [Open] with options that only this package sets.
func open(file string, options Options, change func(*stackfile.Options)) (*Project, error) {
	p := newProject(file, options)
	loading := options.stackOptions()
	change(&loading)
	err := p.inFolder(func(root fs.FS) (list diag.List) {
		p.stack, list = stackfile.Load(root, p.name, loading)
		return list
	})
	if err != nil {
		return nil, err
	}
	p.live = loading.Live
	return p, nil
}

// reopen reads the file again, with the part of the account in which its lists
// look for user Workers.
func (p *Project) reopen(live *spec.Snapshot) error {
	again, err := open(filepath.Join(p.dir, p.name), p.options, func(o *stackfile.Options) { o.Live = live })
	if err == nil {
		*p = *again
	}
	return err
}

func newProject(file string, options Options) *Project {
	p := &Project{options: options}
	p.dir, p.name = SplitFile(file)
	return p
}

// Render writes the effective document of a stack file, with its includes,
// environment, defaults and lists resolved. It writes nothing if the
// diagnostics that it returns have errors.
func Render(w io.Writer, file string, options Options) (diag.List, error) {
	p := newProject(file, options)
	var failed error
	err := p.inFolder(func(root fs.FS) (list diag.List) {
		list, failed = stackfile.Render(w, root, p.name, options.stackOptions())
		return list
	})
	return p.diagnostics, errors.Join(err, failed)
}

// inFolder calls read with the project's folder, and notes the diagnostics.
// read cannot reach outside that folder.
func (p *Project) inFolder(read func(root fs.FS) diag.List) error {
	root, err := openFolder(p.dir)
	if err != nil {
		return err
	}
	defer root.Close()
	p.note(read(root.FS()))
	return nil
}

// SplitFile returns the folder and the name of a stack file. If only a folder
// is given, the name is [DefaultFile].
func SplitFile(file string) (dir, name string) {
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		return file, DefaultFile
	}
	return filepath.Dir(file), filepath.Base(file)
}

func openFolder(dir string) (*os.Root, error) {
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("folder not found: " + dir)
	}
	return root, err
}

// Dir returns the stack file's folder, as the caller named it.
func (p *Project) Dir() string { return p.dir }

// File returns the name of the stack file in its folder.
func (p *Project) File() string { return p.name }

// Stack returns what the file declares. Lists that look for user Workers in the
// account are empty until there is a plan.
func (p *Project) Stack() *spec.Stack { return p.stack }

// Diagnostics returns what was found in the file and, once it is built, in its
// code.
func (p *Project) Diagnostics() diag.List { return p.diagnostics }

// Err returns the diagnostics as an error; nil if they have no errors.
func (p *Project) Err() error { return p.diagnostics.Err() }

// Build bundles the code of the stack and reads its static files, so that their
// errors show without an account. It does nothing if the stack has errors, if
// it is built already, or if its user Workers must be looked for in the account
// first. [Project.Plan] builds by itself.
func (p *Project) Build(ctx context.Context) error {
	if p.built || p.mustDiscover() {
		return nil
	}
	return buildEach(ctx, p)
}

// buildEach builds a file in several environments, which share most of their
// code.
func buildEach(ctx context.Context, projects ...*Project) error {
	projects = slices.DeleteFunc(slices.Clone(projects), func(p *Project) bool { return p.diagnostics.HasErrors() })
	if len(projects) == 0 {
		return nil
	}
	root, err := filepath.Abs(projects[0].dir)
	if err != nil {
		return err
	}
	var codes [][]*spec.Code
	var assets [][]*spec.AssetFiles
	for _, p := range projects {
		codes = append(codes, p.stack.Codes())
		assets = append(assets, p.stack.Assets())
	}
	inCode, inAssets := bundle.BuildEach(ctx, root, codes), bundle.ReadAssetsEach(ctx, root, assets)
	for i, p := range projects {
		p.note(inCode[i])
		p.note(inAssets[i])
		p.built = ctx.Err() == nil
	}
	return ctx.Err()
}

// note adds diagnostics, with paths that begin where the caller's do.
func (p *Project) note(list diag.List) {
	for _, d := range list {
		if d.Snippet == "" && p.isOfStackFile(d.Range.File) {
			d.Snippet = p.line(d.Range)
		}
		d.Range = p.forCaller(d.Range)
		related := make([]diag.Related, len(d.Related))
		for i, r := range d.Related {
			related[i] = diag.Related{Range: p.forCaller(r.Range), Message: r.Message}
		}
		d.Related = related
		p.diagnostics = append(p.diagnostics, d)
	}
	p.diagnostics = p.diagnostics.Sorted()
}

// isOfStackFile reports whether a file is the stack file, or part of it.
func (p *Project) isOfStackFile(name string) bool {
	return name == p.name || p.stack != nil && slices.Contains(p.stack.Files, name)
}

// line returns a line of the stack file, or of a file that is part of it, for
// diagnostics without a snippet.
func (p *Project) line(at diag.Range) string {
	if at.Line < 1 {
		return "" // the file may not be readable
	}
	content, err := os.ReadFile(filepath.Join(p.dir, filepath.FromSlash(at.File)))
	lines := strings.Split(string(content), "\n")
	if err != nil || at.Line > len(lines) {
		return ""
	}
	return strings.TrimSuffix(lines[at.Line-1], "\r")
}

// forCaller returns a place in the project with a path for the caller.
func (p *Project) forCaller(r diag.Range) diag.Range {
	if r.File != "" && !path.IsAbs(r.File) {
		r.File = path.Join(filepath.ToSlash(p.dir), r.File)
	}
	return r
}
