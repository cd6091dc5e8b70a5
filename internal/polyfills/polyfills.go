// Package polyfills installs, checks and reads what wrangler puts in the place
// of modules and globals of Node.js that the runtime does not have yet: the
// packages @cloudflare/unenv-preset and unenv, in the pinned versions.
// wfpsync runs none of them.
package polyfills

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/internal/npm"
)

// pins is a project that depends on the two packages: their versions, their sha512, and in polyfills.sha256 the digest of the
// files that Open reads of them, which `make pin-runtime` writes.
//
//go:embed npm
var pins embed.FS

// Preset is the package whose version says which polyfills there are.
const Preset = "@cloudflare/unenv-preset"

// folders are what a bundle may take of the packages, from node_modules.
var folders = []string{Preset + "/dist/runtime", "unenv/dist/runtime", "unenv/lib"}

// Files are the files of the polyfills by their path in node_modules, such as
// unenv/dist/runtime/node/tty.mjs.
type Files map[string][]byte

// ErrNotFound is what Open's error is when no polyfills are installed.
var ErrNotFound = errors.New("no polyfills are installed")

// ErrAltered is what Open's error is when what is installed is not what was pinned.
var ErrAltered = errors.New("are not the polyfills that wfpsync installs")

// Cache returns the folder that Install installs into for this user.
func Cache() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no folder for polyfills: %w", err)
	}
	return filepath.Join(cache, "wfpsync", "polyfills"), nil
}

// Install installs the pinned polyfills into the cache, and again where
// something else is in their place.
func Install(ctx context.Context, client npm.Client, cache string) (string, error) {
	files, err := fs.Sub(pins, "npm")
	if err != nil {
		return "", err
	}
	version, digest, err := pinned()
	if err != nil {
		return "", err
	}
	check := func(folder string) error {
		_, err := read(folder, digest)
		return err
	}
	return npm.Project{Name: "the polyfills", Package: Preset, Version: version, Files: files, Check: check}.Install(ctx, client, cache)
}

// Open reads the polyfills that Install has installed into the cache.
func Open(cache string) (Files, error) {
	version, digest, err := pinned()
	if err != nil {
		return nil, err
	}
	files, err := read(filepath.Join(cache, version), digest)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotFound
	}
	return files, err
}

// pinned is the version of the preset and the digest of all files.
func pinned() (version, digest string, err error) {
	raw, err := pins.ReadFile("npm/package.json")
	if err != nil {
		return "", "", err
	}
	var project struct{ Dependencies map[string]string }
	if err := json.Unmarshal(raw, &project); err != nil {
		return "", "", err
	}
	raw, err = pins.ReadFile("npm/polyfills.sha256")
	return project.Dependencies[Preset], strings.TrimSpace(string(raw)), err
}

// read reads the files below a folder that npm has installed into, and compares
// their digest.
func read(folder, digest string) (Files, error) {
	root, err := os.OpenRoot(filepath.Join(folder, "node_modules"))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	files := Files{}
	for _, below := range folders {
		err := fs.WalkDir(root.FS(), below, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() || !slices.Contains([]string{".mjs", ".cjs"}, path.Ext(name)) {
				return err
			}
			files[name], err = root.ReadFile(filepath.FromSlash(name))
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if got := files.digest(); got != digest {
		return nil, fmt.Errorf("%s %w: their sha256 is %s, and that of what is pinned is %s", folder, ErrAltered, got, digest)
	}
	return files, nil
}

// digest is the sha256 of the list that sha256sum prints of all files.
func (f Files) digest() string {
	list := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(f)) {
		fmt.Fprintf(list, "%x  %s\n", sha256.Sum256(f[name]), name)
	}
	return hex.EncodeToString(list.Sum(nil))
}

// Name is the file that an import of one of the two packages leads to, as their
// package.json say.
func Name(specifier string) string {
	if specifier == "unenv/mock/proxy-cjs" {
		return "unenv/lib/mock.cjs"
	}
	for _, name := range []string{Preset, "unenv"} {
		if rest, ok := strings.CutPrefix(specifier, name+"/"); ok {
			return name + "/dist/runtime/" + rest + ".mjs"
		}
	}
	return ""
}
