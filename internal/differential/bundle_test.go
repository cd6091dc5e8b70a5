package differential_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/wfpsync/wfpsync"
	"github.com/wfpsync/wfpsync/spec"
)

// A bundle is what a tool has made of a project, or why it has not.
type bundle struct {
	Main    string
	Modules []spec.Module
	Failed  string
}

// bundleWithWfpsync has wfpsync build a project from its wrangler configuration.
func bundleWithWfpsync(p project, c column) (bundle, error) {
	stack := filepath.Join(npm, p.name+"."+c.name+".yaml")
	content := fmt.Sprintf(`version: 1
name: differential
dispatch_namespaces: { namespace: {} }
user_workers:
  worker: { dispatch_namespace: namespace, from_wrangler: %s }
`, filepath.ToSlash(p.configFile(c)))
	if err := os.WriteFile(stack, []byte(content), 0o644); err != nil {
		return bundle{}, err
	}
	defer os.Remove(stack)
	opened, err := wfpsync.Open(stack, wfpsync.Options{})
	if err != nil {
		return bundle{}, err
	}
	if err := opened.Build(context.Background()); err != nil {
		return bundle{}, err
	}
	if err := opened.Err(); err != nil {
		return bundle{Failed: strings.ReplaceAll(err.Error(), npm+"/", "")}, nil
	}
	code := opened.Stack().Codes()[0]
	return bundle{Main: code.MainModule, Modules: code.Modules}, nil
}

// A wrangler is the real one. It bundles as many projects at a time as there
// are processors, and keeps each bundle under a hash of everything that the
// bundle depends on.
type wrangler struct {
	command []string
	version string // of wrangler and of the packages that projects are made of
	idle    chan *wranglerProcess
}

// openWrangler finds the wrangler that `make wrangler` installs.
func openWrangler(t testing.TB) *wrangler {
	t.Helper()
	modules, err := filepath.Abs("../../tools/wrangler/node_modules")
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(modules, "wrangler", "wrangler-dist", "cli.js")
	if _, err := os.Stat(program); err != nil {
		t.Skip("there is no wrangler: `make wrangler` installs it for the tests")
	}
	if _, err := os.Stat(filepath.Join(npm, "node_modules", ".package-lock.json")); err != nil {
		t.Skip("there are no packages to make projects of: `make differential-packages` installs them for the tests")
	}
	node := "node"
	if beside, _ := filepath.Glob(filepath.Join(modules, "node-*", "bin", "node")); len(beside) == 1 {
		node = beside[0]
	}
	if node, err = exec.LookPath(node); err != nil {
		t.Skip("there is no Node.js to run wrangler on: ", err)
	}
	version, err := exec.Command(node, "-p", "process.versions.node.split('.')[0] >= 23 || process.versions.node >= '22.12'").Output()
	if err != nil || string(version) != "true\n" {
		t.Skipf("wrangler needs Node.js 22.12 or newer, which %s is not", node)
	}
	hash := sha256.New()
	for _, name := range []string{"wrangler.cjs", "../../tools/wrangler/package-lock.json", npm + "/package-lock.json"} {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		hash.Write(content)
	}
	script, err := filepath.Abs("wrangler.cjs")
	if err != nil {
		t.Fatal(err)
	}
	w := &wrangler{
		command: []string{node, "--no-warnings", script, program},
		version: hex.EncodeToString(hash.Sum(nil)),
		idle:    make(chan *wranglerProcess, runtime.GOMAXPROCS(0)),
	}
	for range cap(w.idle) {
		w.idle <- &wranglerProcess{}
	}
	t.Cleanup(func() {
		for range cap(w.idle) {
			(<-w.idle).stop()
		}
	})
	return w
}

// bundle bundles a project, unless that was done before.
func (w *wrangler) bundle(p project, c column) (bundle, error) {
	key, err := w.key(p, c)
	if err != nil {
		return bundle{}, err
	}
	kept := filepath.Join(npm, "work", ".kept", key+".json")
	var made bundle
	if content, err := os.ReadFile(kept); err == nil && json.Unmarshal(content, &made) == nil {
		return made, nil
	}
	if made, err = w.run(p, c); err != nil {
		return bundle{}, err
	}
	content, err := json.Marshal(made)
	if err != nil {
		return bundle{}, err
	}
	if err := os.MkdirAll(filepath.Dir(kept), 0o755); err != nil {
		return bundle{}, err
	}
	return made, os.WriteFile(kept, content, 0o644)
}

// key hashes what the bundle of a project in a column depends on.
func (w *wrangler) key(p project, c column) (string, error) {
	config, err := p.config(c)
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	fmt.Fprintln(hash, w.version, p.name)
	if p.build != nil {
		lock, err := os.ReadFile(filepath.Join(npm, "starters", "package-lock.json"))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(hash, "%q %q\n", p.build.command, lock)
	}
	for _, f := range p.files {
		fmt.Fprintf(hash, "%q %d\n", f.Name, len(f.Data))
		hash.Write(f.Data)
	}
	hash.Write(config)
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// run bundles a project in one of the processes.
func (w *wrangler) run(p project, c column) (bundle, error) {
	process := <-w.idle
	defer func() { w.idle <- process }()
	config, err := filepath.Abs(filepath.Join(npm, p.configFile(c)))
	if err != nil {
		return bundle{}, err
	}
	upload, err := os.CreateTemp("", "upload")
	if err != nil {
		return bundle{}, err
	}
	defer os.Remove(upload.Name())
	defer upload.Close()
	failed, err := process.ask(w.command, job{filepath.Dir(config), dryRun(config, upload.Name())})
	if err != nil || failed != "" {
		return bundle{Failed: failed}, err
	}
	return readUpload(upload)
}

// dryRun has wrangler write what it would upload.
func dryRun(config, upload string) []string {
	return []string{"deploy", "--dry-run", "--config", filepath.Base(config), "--outfile", upload}
}

// readUpload reads the modules of what wrangler would send.
func readUpload(upload io.Reader) (bundle, error) {
	content, err := io.ReadAll(upload)
	if err != nil {
		return bundle{}, err
	}
	boundary, _, _ := strings.Cut(strings.TrimPrefix(string(content), "--"), "\r\n")
	var made bundle
	for parts := multipart.NewReader(bytes.NewReader(content), boundary); ; {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return made, nil
		} else if err != nil {
			return bundle{}, err
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return bundle{}, err
		}
		switch kind := part.Header.Get("Content-Type"); {
		case part.FormName() == "metadata":
			var metadata struct {
				Main string `json:"main_module"`
			}
			if err := json.Unmarshal(content, &metadata); err != nil {
				return bundle{}, err
			}
			made.Main = metadata.Main
		case kind != "application/source-map":
			made.Modules = append(made.Modules, spec.Module{Name: part.FormName(), Type: spec.ModuleType(kind), Content: content})
		}
	}
}

// A job is what wrangler.cjs does at a time.
type job struct {
	Folder string   `json:"folder"`
	Args   []string `json:"args"`
}

// A wranglerProcess runs wrangler again and again. It is started when it is
// first asked.
type wranglerProcess struct {
	cmd     *exec.Cmd
	jobs    io.WriteCloser
	answers *bufio.Reader
}

// ask has the process do a job, and returns what wrangler said if it failed.
func (p *wranglerProcess) ask(command []string, j job) (failed string, err error) {
	if p.cmd == nil {
		if err := p.start(command); err != nil {
			return "", err
		}
	}
	line, err := json.Marshal(j)
	if err != nil {
		return "", err
	}
	if _, err := p.jobs.Write(append(line, '\n')); err != nil {
		return "", err
	}
	line, err = p.answers.ReadBytes('\n')
	if err != nil {
		return "", fmt.Errorf("wrangler ended while it bundled in %s: %w", j.Folder, err)
	}
	var answer struct{ Failed string }
	err = json.Unmarshal(line, &answer)
	return ansi.ReplaceAllString(answer.Failed, ""), err
}

var ansi = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// wranglerEnvironment has wrangler tell no other program how it is used. What
// it would send to anything but this machine has nowhere to go.
func wranglerEnvironment() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.TempDir(), "CI=1", "NO_COLOR=1",
		"WRANGLER_HIDE_BANNER=true", "WRANGLER_SEND_METRICS=false", "WRANGLER_SEND_ERROR_REPORTS=false",
		"HTTPS_PROXY=http://127.0.0.1:9", "NO_PROXY=127.0.0.1,localhost",
	}
}

// start starts the process.
func (p *wranglerProcess) start(command []string) error {
	p.cmd = exec.Command(command[0], command[1:]...)
	p.cmd.Env = wranglerEnvironment()
	p.cmd.Stderr = os.Stderr
	var err error
	if p.jobs, err = p.cmd.StdinPipe(); err != nil {
		return err
	}
	answers, err := p.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	p.answers = bufio.NewReader(answers)
	return p.cmd.Start()
}

func (p *wranglerProcess) stop() {
	if p.cmd != nil {
		p.jobs.Close()
		_ = p.cmd.Wait() // what it did is read
	}
}

// both bundles a project with both tools in each of its columns.
func both(w *wrangler, p project, wanted []int) (theirs, ours []bundle, err error) {
	if p.build == nil {
		if err := p.write(filepath.Join(npm, p.folder(columns[0]))); err != nil {
			return nil, nil, err
		}
	}
	for _, n := range wanted {
		config, err := p.config(columns[n])
		if err == nil && p.build != nil {
			config, err = w.build(p, columns[n])
		}
		if err != nil {
			return nil, nil, err
		}
		if err := os.WriteFile(filepath.Join(npm, p.configFile(columns[n])), config, 0o644); err != nil {
			return nil, nil, err
		}
	}
	theirs, ours = make([]bundle, len(wanted)), make([]bundle, len(wanted))
	var running errgroup.Group
	for i, n := range wanted {
		running.Go(func() (err error) {
			theirs[i], err = w.bundle(p, columns[n])
			return err
		})
	}
	if err := running.Wait(); err != nil {
		return nil, nil, err
	}
	for i, n := range wanted {
		if ours[i], err = bundleWithWfpsync(p, columns[n]); err != nil {
			return nil, nil, err
		}
	}
	return theirs, ours, nil
}

// build has a framework build a project for a column, unless it was built
// before. It returns the wrangler configuration to bundle it with.
func (w *wrangler) build(p project, c column) ([]byte, error) {
	builtFor := c
	if p.build.config == "" {
		builtFor = columns[0]
	}
	folder, err := filepath.Abs(filepath.Join(npm, p.folder(c)))
	if err != nil {
		return nil, err
	}
	key, err := w.key(p, builtFor)
	if err != nil {
		return nil, err
	}
	built := filepath.Join(folder, ".built")
	if before, err := os.ReadFile(built); err != nil || string(before) != key {
		if err := w.buildAgain(p, builtFor, folder); err != nil {
			return nil, err
		}
		if err := os.WriteFile(built, []byte(key), 0o644); err != nil {
			return nil, err
		}
	}
	if p.build.config == "" {
		return p.config(c)
	}
	return os.ReadFile(filepath.Join(folder, p.build.config))
}

func (w *wrangler) buildAgain(p project, c column, folder string) error {
	if err := p.write(folder); err != nil {
		return err
	}
	config, err := p.config(c)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "wrangler.json"), config, 0o644); err != nil {
		return err
	}
	bin, err := filepath.Abs(filepath.Join(npm, "starters", "node_modules", ".bin"))
	if err != nil {
		return err
	}
	cmd := exec.Command(filepath.Join(bin, p.build.command[0]), p.build.command[1:]...)
	cmd.Dir, cmd.Env = folder, append(wranglerEnvironment(), "ASTRO_TELEMETRY_DISABLED=1", "NEXT_TELEMETRY_DISABLED=1",
		"PATH="+filepath.Dir(w.command[0])+string(filepath.ListSeparator)+os.Getenv("PATH"))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w\n%s", p.build.command, err, out)
	}
	return nil
}
