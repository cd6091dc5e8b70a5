package runtime

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	goruntime "runtime"
	"strings"
)

// pins is a project whose only dependency is workerd. It has the pinned versions,
// the sha512 of each platform's package, and the sha256 of the program in it,
// which `make pin-runtime` writes.
//
//go:embed npm/package.json npm/package-lock.json npm/workerd.sha256
var pins embed.FS

// platforms are npm's names of the platforms on which we can run workerd.
// Windows cannot pass sockets to a child.
var platforms = map[string]string{
	"darwin/amd64": "darwin-64",
	"darwin/arm64": "darwin-arm64",
	"linux/amd64":  "linux-64",
	"linux/arm64":  "linux-arm64",
}

// A pin is the workerd that Install installs on this platform.
type pin struct {
	name    string // of the package
	version string
	sha256  string // of the program
}

// pinned reads the pin of this platform.
func pinned() (pin, error) {
	platform, known := platforms[goruntime.GOOS+"/"+goruntime.GOARCH]
	if !known {
		return pin{}, fmt.Errorf("wfpsync cannot run workerd on %s with %s", goruntime.GOOS, goruntime.GOARCH)
	}
	raw, err := pins.ReadFile("npm/workerd.sha256")
	if err != nil {
		return pin{}, err
	}
	name := "@cloudflare/workerd-" + platform
	for line := range strings.Lines(string(raw)) {
		digest, about, _ := strings.Cut(strings.TrimSpace(line), "  ")
		if version, ok := strings.CutPrefix(about, name+"@"); ok {
			return pin{name: name, version: version, sha256: digest}, nil
		}
	}
	return pin{}, fmt.Errorf("no %s is pinned", name)
}

// file returns the path of workerd below a folder that npm has installed into.
func (p pin) file() string { return filepath.Join("node_modules", p.name, "bin", "workerd") }

// Places are the only places where Find looks. A program in a project, in a
// folder above it or in the PATH cannot be trusted.
type Places struct {
	Named string // a file that the user named; empty: none
	Cache string // the folder that Install installs into; empty: none
}

// Cache returns the folder that Install installs into for this user.
func Cache() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no folder for workerd: %w", err)
	}
	return filepath.Join(cache, "wfpsync", "workerd"), nil
}

// ErrNotFound is Find's error if there is no workerd.
var ErrNotFound = errors.New("workerd, which runs Workers, is not installed")

// ErrAltered is Find's error if the installed program is not the pinned one.
var ErrAltered = errors.New("is not the workerd that wfpsync installs")

// Find returns the path of workerd.
func Find(p Places) (string, error) {
	if p.Named != "" {
		if !isProgram(p.Named) {
			return "", fmt.Errorf("%s is not a program", p.Named)
		}
		return filepath.Abs(p.Named)
	}
	if p.Cache == "" {
		return "", ErrNotFound
	}
	pin, err := pinned()
	if err != nil { // there is none for this platform
		return "", ErrNotFound
	}
	return pin.find(p.Cache)
}

// find returns the program in the cache.
func (p pin) find(cache string) (string, error) {
	installed := filepath.Join(cache, p.version)
	switch err := p.check(installed); {
	case errors.Is(err, fs.ErrNotExist):
		return "", ErrNotFound
	case err != nil:
		return "", err
	}
	return filepath.Join(installed, p.file()), nil
}

// check compares the digest of the program that npm has installed into a folder
// with the pinned one. It hashes a file once, because 160 MB take most of a
// second, and keeps the file's identity beside it.
func (p pin) check(folder string) error {
	name := filepath.Join(folder, p.file())
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	seen, checked := p.sha256+" "+identity(info)+"\n", filepath.Join(folder, "checked")
	if before, err := os.ReadFile(checked); err == nil && string(before) == seen {
		return nil
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return err
	}
	if digest := hex.EncodeToString(hash.Sum(nil)); digest != p.sha256 {
		return fmt.Errorf("%s %w: its sha256 is %s, and that of %s %s is %s", name, ErrAltered, digest, p.name, p.version, p.sha256)
	}
	_ = os.WriteFile(checked, []byte(seen), 0o600) // on an error, the file is hashed each time
	return nil
}

// isProgram distinguishes a program from the script that npm links in
// node_modules/.bin, which needs Node.js.
func isProgram(name string) bool {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	file, err := os.Open(name)
	if err != nil {
		return false
	}
	defer file.Close()
	start := make([]byte, 2)
	n, _ := file.Read(start) // an empty file is not a program either
	return n == 2 && !strings.HasPrefix(string(start), "#!")
}
