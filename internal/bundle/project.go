package bundle

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"github.com/wfpsync/wfpsync/internal/polyfills"
)

// project is the folder that everything in a bundle must come from.
//
// esbuild resolves imports on the real file system, and in doing so looks at
// the folders above the project as well. Three things keep that from mattering:
// no file outside is loaded ([guard]), manifests above the project do not
// change how a file is read ([guard]), and tsconfig.json files are read here
// ([project.tsconfig]).
type project struct {
	dir  string // absolute, without symbolic links
	root *os.Root

	// underManifest: the nearest package.json above files that have none in the
	// project lies outside of it.
	underManifest bool

	mu        sync.Mutex           // builds run side by side
	tsconfigs map[string]*tsconfig // by folder

	// polyfills are those that are installed, read when the first bundle needs
	// them.
	polyfills func() (polyfills.Files, error)
}

func openProject(dir string) (*project, error) {
	if !filepath.IsAbs(dir) {
		return nil, errors.New("the path is not absolute")
	}
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &project{dir: dir, root: root, underManifest: isUnderManifest(dir), tsconfigs: map[string]*tsconfig{}, polyfills: sync.OnceValues(openPolyfills)}, nil
}

func openPolyfills() (polyfills.Files, error) {
	cache, err := polyfills.Cache()
	if err != nil {
		return nil, polyfills.ErrNotFound // there is no folder that they could be in
	}
	return polyfills.Open(cache)
}

func (p *project) close() { _ = p.root.Close() }

// dependsOn reports whether the manifest of a folder, which is the nearest at or
// above it in the project, names a package among its dependencies.
func (p *project) dependsOn(folder, name string) bool {
	for ; ; folder = path.Dir(folder) {
		content, err := p.read(path.Join(folder, manifest))
		if err != nil {
			if folder == "." || folder == "/" {
				return false
			}
			continue
		}
		var described struct{ Dependencies, DevDependencies, PeerDependencies, OptionalDependencies map[string]any }
		_ = json.Unmarshal(content, &described) // what is not JSON names none
		for _, group := range []map[string]any{described.Dependencies, described.DevDependencies, described.PeerDependencies, described.OptionalDependencies} {
			if _, named := group[name]; named {
				return true
			}
		}
		return false
	}
}

// emptied reports whether a package wants one of its files replaced by nothing,
// with "browser" in its manifest.
func (p *project) emptied(name string) bool {
	for dir := path.Dir(name); ; dir = path.Dir(dir) {
		var described struct{ Browser map[string]any }
		content, _ := p.read(path.Join(dir, manifest))
		_ = json.Unmarshal(content, &described) // what is not JSON wants nothing
		for file, replacement := range described.Browser {
			if file = path.Join(dir, file); replacement == false && (file == name || file == stem(name)) {
				return true
			}
		}
		if dir == "." {
			return false
		}
	}
}

func isUnderManifest(dir string) bool {
	if exists(filepath.Join(dir, manifest)) {
		return false
	}
	for parent := filepath.Dir(dir); parent != dir; dir, parent = parent, filepath.Dir(parent) {
		if exists(filepath.Join(parent, manifest)) {
			return true
		}
	}
	return false
}

func exists(file string) bool {
	_, err := os.Lstat(file)
	return err == nil
}

// abs is the absolute path of a slash-separated path in the project.
func (p *project) abs(name string) string { return filepath.Join(p.dir, filepath.FromSlash(name)) }

// rel is a file's slash-separated path from the project folder, with symbolic
// links followed, and whether it lies inside. What does not exist is judged by
// its name.
func (p *project) rel(abs string) (name string, inside bool) {
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		abs = real
	}
	rel, err := filepath.Rel(p.dir, abs)
	if err != nil {
		return filepath.ToSlash(abs), false // on another volume
	}
	return filepath.ToSlash(rel), filepath.IsLocal(rel)
}

// contains reports whether a slash-separated path from the project folder leads
// to something inside it.
func (p *project) contains(name string) bool {
	_, inside := p.rel(p.abs(name))
	return inside
}

// read is the content of a file in the project. os.Root refuses to leave it
// even if the file is replaced by a link at this very moment. A pipe or a device
// is not opened, because that alone can wait forever.
func (p *project) read(name string) ([]byte, error) {
	if info, err := p.stat(name); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errNotRegular}
	}
	return p.root.ReadFile(filepath.FromSlash(name))
}

var errNotRegular = errors.New("it is not a regular file")

// stat follows symbolic links inside the project.
func (p *project) stat(name string) (fs.FileInfo, error) {
	return p.root.Stat(filepath.FromSlash(name))
}

// list is the content of a folder in the project, sorted by name; nothing if it
// cannot be read.
func (p *project) list(name string) []fs.DirEntry {
	entries, _ := fs.ReadDir(p.root.FS(), name)
	return entries
}

// leavesByName reports whether a cleaned slash-separated path from the project
// folder points out of it, whatever is on the disk.
func leavesByName(name string) bool {
	return path.IsAbs(name) || name == ".." || strings.HasPrefix(name, "../")
}
