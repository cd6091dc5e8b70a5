package main

import (
	"context"
	"errors"
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

// project is a stack file and the folder it is in, which everything that the
// file names must be inside of.
type project struct {
	dir   string // as the person named it
	name  string // of the file in dir
	stack *spec.Stack

	// live is what the account has where the file's lists look for user Workers;
	// nil before it was asked.
	live *spec.Snapshot

	// diagnostics are the findings so far, as paths from where the person is.
	diagnostics diag.List
}

// openProject reads and checks the stack file. Findings are in the project; an
// error means that there was nothing to find them in.
func (a *app) openProject() (*project, error) { return a.openProjectWith(func(*stackfile.Options) {}) }

// openProjectKnowing is [app.openProject] with what the account has where the
// file's lists look for user Workers.
func (a *app) openProjectKnowing(live *spec.Snapshot) (*project, error) {
	p, err := a.openProjectWith(func(o *stackfile.Options) { o.Live = live })
	if err == nil {
		p.live = live
	}
	return p, err
}

// openProjectWith is [app.openProject] with other options than the command line
// says.
func (a *app) openProjectWith(change func(*stackfile.Options)) (*project, error) {
	var stack *spec.Stack
	p, err := a.readStackFile(func(root fs.FS, name string, options stackfile.Options) (list diag.List) {
		change(&options)
		stack, list = stackfile.Load(root, name, options)
		return list
	})
	if err != nil {
		return nil, err
	}
	p.stack = stack
	return p, nil
}

// readStackFile lets something read the stack file, and whatever that names in
// its folder, and notes what it finds.
func (a *app) readStackFile(read func(root fs.FS, name string, options stackfile.Options) diag.List) (*project, error) {
	dir, name := a.stackFile()
	options, err := a.stackOptions()
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, noFolder(dir, err)
	}
	defer root.Close()
	p := &project{dir: dir, name: name}
	p.note(read(root.FS(), name, options))
	return p, nil
}

// stackFile is the folder and the name of the stack file, which the flag may
// leave out.
func (a *app) stackFile() (dir, name string) {
	if info, err := os.Stat(a.flags.file); err == nil && info.IsDir() {
		return a.flags.file, defaultStackFile
	}
	return filepath.Dir(a.flags.file), filepath.Base(a.flags.file)
}

// stackIsThere is the error of a stack file that is not: who waits for it to be put
// right would wait in the wrong place.
func (a *app) stackIsThere() error {
	if _, err := os.Stat(filepath.Join(a.stackFile())); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	p, err := a.openProject()
	if err != nil {
		return err
	}
	return p.diagnostics.Err()
}

func noFolder(dir string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("there is no folder " + dir)
	}
	return err
}

// build bundles the stack's code and reads its static files, unless the stack
// itself is wrong.
func (p *project) build(ctx context.Context) error { return buildEach(ctx, p) }

// buildEach is [project.build] for one file in several environments, which have
// most of their code in common.
func buildEach(ctx context.Context, projects ...*project) error {
	projects = slices.DeleteFunc(slices.Clone(projects), func(p *project) bool { return p.diagnostics.HasErrors() })
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
	}
	return ctx.Err()
}

// note adds findings, and makes their paths start where the person is.
func (p *project) note(list diag.List) {
	for _, d := range list {
		if d.Snippet == "" && p.isOfStackFile(d.Range.File) {
			d.Snippet = p.line(d.Range)
		}
		d.Range = p.seen(d.Range)
		related := make([]diag.Related, len(d.Related))
		for i, r := range d.Related {
			related[i] = diag.Related{Range: p.seen(r.Range), Message: r.Message}
		}
		d.Related = related
		p.diagnostics = append(p.diagnostics, d)
	}
	p.diagnostics = p.diagnostics.Sorted()
}

// isOfStackFile reports whether a file is the stack file, or part of it.
func (p *project) isOfStackFile(name string) bool {
	return name == p.name || p.stack != nil && slices.Contains(p.stack.Files, name)
}

// line is a line of the stack file, or of one that is part of it, for findings
// of those who do not have it.
func (p *project) line(at diag.Range) string {
	if at.Line < 1 {
		return "" // it may be what cannot be read
	}
	content, err := os.ReadFile(filepath.Join(p.dir, filepath.FromSlash(at.File)))
	lines := strings.Split(string(content), "\n")
	if err != nil || at.Line > len(lines) {
		return ""
	}
	return strings.TrimSuffix(lines[at.Line-1], "\r")
}

func (p *project) seen(r diag.Range) diag.Range {
	if r.File != "" && !path.IsAbs(r.File) {
		r.File = path.Join(filepath.ToSlash(p.dir), r.File)
	}
	return r
}
