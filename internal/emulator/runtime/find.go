package runtime

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	goruntime "runtime"
	"strings"
)

// npm is a project whose only dependency is workerd: the versions that are pinned, and the sha512 of each platform's.
//
//go:embed npm/package.json npm/package-lock.json
var npm embed.FS

// platforms are npm's names of the platforms that we can run a workerd on. Windows passes no sockets on to a child.
var platforms = map[string]string{
	"darwin/amd64": "darwin-64",
	"darwin/arm64": "darwin-arm64",
	"linux/amd64":  "linux-64",
	"linux/arm64":  "linux-arm64",
}

// packageFile is where workerd is below a folder that npm has installed into.
func packageFile() (string, error) {
	platform, known := platforms[goruntime.GOOS+"/"+goruntime.GOARCH]
	if !known {
		return "", fmt.Errorf("wfpsync cannot run workerd on %s with %s", goruntime.GOOS, goruntime.GOARCH)
	}
	return filepath.Join("node_modules", "@cloudflare", "workerd-"+platform, "bin", "workerd"), nil
}

// pinned is the version that Install installs on this platform.
func pinned() (string, error) {
	file, err := packageFile()
	if err != nil {
		return "", err
	}
	var project struct {
		Pinned map[string]string `json:"optionalDependencies"`
	}
	raw, err := npm.ReadFile("npm/package.json")
	if err == nil {
		err = json.Unmarshal(raw, &project)
	}
	return project.Pinned["@cloudflare/"+filepath.Base(filepath.Dir(filepath.Dir(file)))], err
}

// Places are where Find looks.
type Places struct {
	Named  string // a file that the person named; empty: none
	Cache  string // the folder that Install installs into
	Folder string // in node_modules of it and of the folders above
	Path   string // a list of folders, as in the variable PATH
}

// ErrNotFound is what Find's error is when there is no workerd.
var ErrNotFound = errors.New("workerd, which runs Workers, is not installed")

// Find returns the file of workerd.
func Find(p Places) (string, error) {
	if p.Named != "" {
		if !isProgram(p.Named) {
			return "", fmt.Errorf("%s is not a program", p.Named)
		}
		return filepath.Abs(p.Named)
	}
	for _, file := range p.candidates() {
		if isProgram(file) && !isOld(file) {
			return filepath.Abs(file)
		}
	}
	return "", ErrNotFound
}

func (p Places) candidates() []string {
	var files []string
	if file, err := packageFile(); err == nil {
		if version, err := pinned(); err == nil && p.Cache != "" {
			files = append(files, filepath.Join(p.Cache, version, file))
		}
		for folder := p.Folder; folder != ""; folder = filepath.Dir(folder) {
			files = append(files, filepath.Join(folder, file))
			if filepath.Dir(folder) == folder {
				break
			}
		}
	}
	for _, folder := range filepath.SplitList(p.Path) {
		files = append(files, filepath.Join(folder, "workerd"))
	}
	return files
}

// oldest is the release date of the oldest workerd that the host runs on.
const oldest = "2025-12-02"

// isOld reports whether the package that npm has unpacked a program from says that it is too old: an old wrangler has
// brought it. Of a program from elsewhere that is not known until it is started.
func isOld(file string) bool {
	var about struct {
		Version string `json:"version"` // 1.20261117.1
	}
	raw, err := os.ReadFile(filepath.Join(filepath.Dir(filepath.Dir(file)), "package.json"))
	if err != nil || json.Unmarshal(raw, &about) != nil {
		return false
	}
	_, date, _ := strings.Cut(about.Version, ".")
	return date < strings.ReplaceAll(oldest, "-", "")
}

// isProgram tells a program from the script that npm links in node_modules/.bin, which needs Node.js.
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
	n, _ := file.Read(start) // an empty file is no program either
	return n == 2 && !strings.HasPrefix(string(start), "#!")
}
