package differential_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// npm is the folder with the projects and the packages that they are made of.
// The stack files are written there as well, since a stack takes nothing from
// above its folder; what belongs to one project is in a folder of work.
const npm = "../../tools/differential"

// A column is the compatibility settings that projects are bundled and run with.
type column struct {
	name  string
	date  string
	flags []string
}

// columns has every date on which the polyfills that wrangler bundles for
// nodejs_compat change a lot, and some more. Those after the dates are for
// projects that name them.
var columns = []column{
	compat("2024-09-23"), compat("2025-04-01"), compat("2025-08-20"), compat("2025-10-08"),
	compat("2025-12-10"), compat("2026-03-01"), compat("2026-08-04"), compat("2026-11-17"),
	{"default", "2026-11-17", nil}, // nodejs_compat is on without its flag
	{"off", "2026-11-17", []string{"no_nodejs_compat", "no_nodejs_compat_v2"}},
	{"none", "2025-10-08", nil},
	{"als", "2025-10-08", []string{"nodejs_als"}},
	{"v1", "2024-01-01", []string{"nodejs_compat"}},
	{"v2", "2024-01-01", []string{"nodejs_compat_v2"}},
}

func compat(date string) column { return column{date, date, []string{"nodejs_compat"}} }

// usual are the columns that every project has, and quick those of `make test`.
var (
	usual = columns[:9]
	quick = []string{"2024-09-23", "2025-10-08", "default"}
)

// columnNamed returns the number of a column, -1 where none has the name.
func columnNamed(name string) int {
	return slices.IndexFunc(columns, func(c column) bool { return c.name == name })
}

// A project is a Worker with the requests that it must answer.
type project struct {
	name     string
	columns  []int
	quick    bool // `make test` runs it, too
	build    *build
	files    []txtar.File
	requests []request
}

// A build is the command by which a framework makes modules of a project.
type build struct {
	config  string // the wrangler configuration that it writes for these settings; empty: it is built once for all
	command []string
}

// A request is sent to both bundles of a project, and each must answer as wanted.
type request struct {
	method, path, body string
	status             int
	want               string
}

// anything is wanted of an answer that depends on the column. Both bundles must
// answer the same then.
const anything = "*"

// readProjects reads every project. Each is an archive in the format of txtar
// with the project's own files. A file whose content is "-> TARGET" is a
// symbolic link. One whose name ends with ".base64" loses that ending and is
// decoded. Before the first file are comments, which begin with "#", and these
// lines:
//
//	also: COLUMN…      columns beside the usual ones
//	quick              `make test` runs the project, too
//	build COMMAND      what builds it with the packages in starters
//	configures FILE    the wrangler configuration that this writes, for which it is built for each column
//	GET PATH           a request
//	POST PATH BODY     another
//	want STATUS BODY   what the request before it must be answered with, less the blanks around it
func readProjects(t testing.TB) []project {
	t.Helper()
	archives, err := filepath.Glob(filepath.Join(npm, "projects", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	var projects []project
	for _, name := range archives {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		p := project{name: strings.TrimSuffix(filepath.Base(name), ".txtar"), files: archive.Files}
		for i := range usual {
			p.columns = append(p.columns, i)
		}
		for n, line := range strings.Split(string(archive.Comment), "\n") {
			if err := p.read(strings.TrimSpace(line)); err != nil {
				t.Fatalf("%s:%d: %v", name, n+1, err)
			}
		}
		if len(p.requests) == 0 {
			t.Fatalf("%s has no request", name)
		}
		for _, r := range p.requests {
			if r.status == 0 {
				t.Fatalf("%s does not say what the answer to %s %s is", name, r.method, r.path)
			}
		}
		projects = append(projects, p)
	}
	return projects
}

// read takes a line before the files into the project.
func (p *project) read(line string) error {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "", "#":
	case "also:":
		for _, name := range strings.Fields(rest) {
			n := columnNamed(name)
			if n < 0 {
				return fmt.Errorf("there is no column %q", name)
			}
			p.columns = append(p.columns, n)
		}
	case "quick":
		p.quick = true
	case "build":
		p.build = &build{command: strings.Fields(rest)}
	case "configures":
		if p.build == nil {
			return fmt.Errorf("configures has no build before it")
		}
		p.build.config = rest
	case "GET", "POST":
		path, body, _ := strings.Cut(rest, " ")
		p.requests = append(p.requests, request{method: word, path: path, body: body})
	case "want":
		if len(p.requests) == 0 {
			return fmt.Errorf("want has no request before it")
		}
		status, body, _ := strings.Cut(rest, " ")
		number, err := strconv.Atoi(status)
		if err != nil {
			return err
		}
		p.requests[len(p.requests)-1].status, p.requests[len(p.requests)-1].want = number, strings.TrimSpace(body)
	default:
		return fmt.Errorf("%q does not begin a line before the files", word)
	}
	return nil
}

// folder is where the project's files are written for a column, as seen from npm.
func (p project) folder(c column) string {
	switch {
	case p.build == nil:
		return filepath.Join("work", p.name)
	case p.build.config == "":
		return filepath.Join("starters", "work", p.name)
	default:
		return filepath.Join("starters", "work", p.name, c.name)
	}
}

// configFile is the wrangler configuration of the project in a column, as seen
// from npm.
func (p project) configFile(c column) string {
	name := "wrangler." + c.name + ".json"
	if p.build != nil {
		return filepath.Join(p.folder(c), filepath.Dir(p.build.config), name)
	}
	return filepath.Join(p.folder(c), name)
}

// write writes the project's files into a folder.
func (p project) write(folder string) error {
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	for _, f := range p.files {
		if err := writeFile(filepath.Join(folder, filepath.FromSlash(f.Name)), f.Data); err != nil {
			return err
		}
	}
	return nil
}

// writeFile writes a file of an archive, as [readProjects] says what they are.
func writeFile(name string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	if target, isLink := strings.CutPrefix(string(content), "-> "); isLink {
		return os.Symlink(strings.TrimSpace(target), name)
	}
	if binary, isBinary := strings.CutSuffix(name, ".base64"); isBinary {
		decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(content)))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		name, content = binary, decoded
	}
	return os.WriteFile(name, content, 0o644)
}

// config is the wrangler configuration of the project in a column: its own, if
// it has one, and the column's settings.
func (p project) config(c column) ([]byte, error) {
	config := map[string]any{"main": "src/index.ts"}
	for _, f := range p.files {
		if f.Name != "wrangler.json" {
			continue
		}
		if err := json.Unmarshal(f.Data, &config); err != nil {
			return nil, fmt.Errorf("%s of %s: %w", f.Name, p.name, err)
		}
	}
	config["name"], config["compatibility_date"], config["compatibility_flags"] = "worker", c.date, append([]string{}, c.flags...)
	return json.Marshal(config)
}
