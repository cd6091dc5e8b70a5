package runtime

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	goruntime "runtime"
	"strings"
	"testing"
	"time"

	"github.com/wfpsync/wfpsync/internal/npm"
)

// program writes a file that looks like workerd.
func program(t *testing.T, parts ...string) string {
	t.Helper()
	name := filepath.Join(parts...)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte("\x7fELF"), 0o755); err != nil {
		t.Fatal(err)
	}
	return name
}

// pinOf returns a pin of a program that program writes.
func pinOf(t *testing.T) pin {
	t.Helper()
	p, err := pinned()
	if err != nil {
		t.Skip(err)
	}
	digest := sha256.Sum256([]byte("\x7fELF"))
	p.sha256 = hex.EncodeToString(digest[:])
	return p
}

func TestFind(t *testing.T) {
	p := pinOf(t)
	dir := t.TempDir()
	t.Chdir(dir)
	places := Places{Cache: filepath.Join(dir, "cache")}
	// Find does not look at the project's own programs.
	program(t, dir, p.file())
	for _, places := range []Places{{}, places} {
		if _, err := Find(places); !errors.Is(err, ErrNotFound) {
			t.Errorf("without any in %q: %v", places.Cache, err)
		}
	}
	installed := program(t, dir, "cache", p.version, p.file())
	if _, err := Find(places); !errors.Is(err, ErrAltered) || !strings.Contains(err.Error(), installed+" is not the workerd that wfpsync installs: its sha256 is "+p.sha256) {
		t.Errorf("another program in the cache: %v", err)
	}
	if found, err := p.find(places.Cache); err != nil || found != installed {
		t.Errorf("found %q, %v, want %q", found, err, installed)
	}
	places.Named = program(t, dir, "mine")
	if found, err := Find(places); err != nil || found != places.Named {
		t.Errorf("found %q, %v, want %q", found, err, places.Named)
	}
	places.Named = filepath.Join(dir, "nothing")
	if _, err := Find(places); err == nil || !strings.Contains(err.Error(), "nothing is not a program") {
		t.Errorf("a name that leads nowhere: %v", err)
	}
	// npm's launcher is a script that needs Node.js, and may not work yet.
	places.Named = fakeNPM(t, "true")
	if _, err := Find(places); err == nil || !strings.Contains(err.Error(), "is not a program") {
		t.Errorf("a script: %v", err)
	}
}

// TestCheckOnce: a program is hashed again only if it is another one.
func TestCheckOnce(t *testing.T) {
	p := pinOf(t)
	folder := t.TempDir()
	name := program(t, folder, p.file())
	if err := p.check(folder); err != nil {
		t.Fatal(err)
	}
	checked := filepath.Join(folder, "checked")
	before, err := os.Stat(checked)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.check(folder); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(checked); err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("it was hashed again: %v", err)
	}
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	for what, alter := range map[string]func() error{
		"in place": func() error { return os.WriteFile(name, []byte("\x7fELf"), 0o755) },
		"by another file": func() error {
			other := name + ".new"
			return errors.Join(os.WriteFile(other, []byte("\x7fELg"), 0o755), os.Chtimes(other, info.ModTime(), info.ModTime()), os.Rename(other, name))
		},
	} {
		time.Sleep(20 * time.Millisecond) // the clock of files is coarse
		if err := alter(); err != nil {
			t.Fatal(err)
		}
		if err := p.check(folder); goruntime.GOOS == "linux" && !errors.Is(err, ErrAltered) {
			t.Errorf("altered %s: %v", what, err)
		}
	}
}

// TestPins checks the npm files: every platform has a version, a sha512 and the
// sha256 of its program, and no registry is named.
func TestPins(t *testing.T) {
	raw, err := pins.ReadFile("npm/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	var lock struct {
		Packages map[string]struct {
			Version, Integrity, Resolved string
			Pinned                       map[string]string `json:"optionalDependencies"`
		}
	}
	if err := json.Unmarshal(raw, &lock); err != nil {
		t.Fatal(err)
	}
	versions := lock.Packages[""].Pinned
	if len(versions) != len(platforms) {
		t.Errorf("%d platforms are pinned, want %d", len(versions), len(platforms))
	}
	digests, err := pins.ReadFile("npm/workerd.sha256")
	if err != nil {
		t.Fatal(err)
	}
	for name, version := range versions {
		if line := regexp.MustCompile(`(?m)^[0-9a-f]{64}  ` + regexp.QuoteMeta(name+"@"+version) + `$`); !line.Match(digests) {
			t.Errorf("the sha256 of %s %s is not known: `make pin-runtime` writes it", name, version)
		}
		locked := lock.Packages["node_modules/"+name]
		if locked.Version != version || !strings.HasPrefix(locked.Integrity, "sha512-") || locked.Resolved != "" {
			t.Errorf("%s %s is locked as %+v", name, version, locked)
		}
	}
}

// fakeNPM returns an npm client that runs a script in the folder of the
// project.
func fakeNPM(t *testing.T, script string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "npm")
	if err := os.WriteFile(name, []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestInstall(t *testing.T) {
	p := pinOf(t)
	cache := filepath.Join(t.TempDir(), "cache")
	var log strings.Builder
	install := func(script string) (string, error) {
		return p.install(context.Background(), npm.Client{Program: fakeNPM(t, script), Environment: []string{"PATH=" + os.Getenv("PATH")}, Log: &log}, cache)
	}
	if _, err := install("echo no network >&2; exit 1"); err == nil || !strings.Contains(err.Error(), "npm could not install workerd") || log.String() != "no network\n" {
		t.Errorf("npm fails: %v, %q", err, log.String())
	}
	if _, err := install("true"); err == nil || !strings.Contains(err.Error(), "does your registry have it?") {
		t.Errorf("npm leaves the optional dependency out: %v", err)
	}
	installs := `[ "$*" = "ci --ignore-scripts --no-audit --no-fund" ] && grep -q sha512- package-lock.json && mkdir -p ` + filepath.Dir(p.file()) + ` && printf '\177ELF%s' > ` + p.file()
	if _, err := install(fmt.Sprintf(installs, "?")); !errors.Is(err, ErrAltered) {
		t.Errorf("npm installs another program: %v", err)
	}
	installs = fmt.Sprintf(installs, "")
	installed, err := install(installs)
	if found, findErr := p.find(cache); err != nil || findErr != nil || found != installed {
		t.Fatalf("installed %q (%v), found %q (%v)", installed, err, found, findErr)
	}
	if again, err := install("exit 1"); err != nil || again != installed {
		t.Errorf("what is installed is installed again: %v", err)
	}
	if err := os.WriteFile(installed, []byte("\x7fELF, and more"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := p.find(cache); !errors.Is(err, ErrAltered) {
		t.Errorf("what was altered is found: %v", err)
	}
	if again, err := install(installs); err != nil || again != installed {
		t.Errorf("what was altered is not installed again: %v", err)
	}
	if found, err := p.find(cache); err != nil || found != installed {
		t.Errorf("found %q, %v", found, err)
	}
	if left, err := filepath.Glob(filepath.Join(cache, "installing-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// TestVersion asks programs for their version, with an empty environment.
func TestVersion(t *testing.T) {
	t.Setenv("CLOUDFLARE_API_TOKEN", "confidential")
	say := func(text string) string { return fakeNPM(t, "echo "+text) }
	if date, err := newestDate(t.Context(), say("workerd 2026-11-17")); date != "2026-11-17" || err != nil {
		t.Errorf("got %q, %v", date, err)
	}
	if date, err := newestDate(t.Context(), fakeNPM(t, `test -z "$CLOUDFLARE_API_TOKEN" && echo workerd 2026-11-17`)); date != "2026-11-17" || err != nil {
		t.Errorf("with credentials in the environment: %q, %v", date, err)
	}
	for text, want := range map[string]string{
		"workerd 2025-09-06": "is the workerd of 2025-09-06, and wfpsync needs one of 2025-12-02 or later",
		"hello":              "does not print its version as workerd does",
	} {
		if _, err := newestDate(t.Context(), say(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestKnownDate(t *testing.T) {
	now := mustTime(t, "2026-11-21T00:00:00Z")
	for date, want := range map[string]string{
		"2026-10-01": "2026-10-01", "2026-11-17": "2026-11-17", "2026-11-20": "2026-11-17", "2026-11-21": "2026-11-17", "2026-11-22": "2026-11-22", "": "",
	} {
		if got := known(date, "2026-11-17", now); got != want {
			t.Errorf("%q runs as %q, want %q", date, got, want)
		}
	}
}

func mustTime(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
