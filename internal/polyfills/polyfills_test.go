package polyfills

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/internal/npm"
)

type lockfile struct {
	Packages map[string]struct {
		Version, Integrity, Resolved string
		PeerDependencies             map[string]string
	}
}

func readLock(t *testing.T, raw []byte, err error) lockfile {
	t.Helper()
	var lock lockfile
	if err == nil {
		err = json.Unmarshal(raw, &lock)
	}
	if err != nil {
		t.Fatal(err)
	}
	return lock
}

// TestPins holds the polyfills to those of the wrangler that everything is
// compared with, and unenv to what the preset asks for.
func TestPins(t *testing.T) {
	raw, err := pins.ReadFile("npm/package-lock.json")
	lock := readLock(t, raw, err)
	raw, err = os.ReadFile("../../tools/wrangler/package-lock.json")
	wrangler := readLock(t, raw, err)
	for _, name := range []string{Preset, "unenv", "pathe"} {
		ours, theirs := lock.Packages["node_modules/"+name], wrangler.Packages["node_modules/"+name]
		if ours.Version != theirs.Version || ours.Integrity != theirs.Integrity || !strings.HasPrefix(ours.Integrity, "sha512-") || ours.Resolved != "" {
			t.Errorf("%s is locked as %+v, and by wrangler as %+v", name, ours, theirs)
		}
	}
	if asked := lock.Packages["node_modules/"+Preset].PeerDependencies["unenv"]; asked != lock.Packages["node_modules/unenv"].Version {
		t.Errorf("the preset asks for unenv %s", asked)
	}
	if version, _, err := pinned(); err != nil || version != lock.Packages["node_modules/"+Preset].Version {
		t.Errorf("version %q, %v", version, err)
	}
}

// TestInstalled reads what `make runtime` has installed.
func TestInstalled(t *testing.T) {
	cache, err := Cache()
	if err != nil {
		t.Skip(err)
	}
	files, err := Open(cache)
	if errors.Is(err, ErrNotFound) {
		t.Skip("there are no polyfills: `make runtime` installs them")
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, specifier := range []string{"unenv/node/tty", "unenv/mock/proxy-cjs", Preset + "/node/process", Preset + "/polyfill/performance"} {
		if len(files[Name(specifier)]) == 0 {
			t.Errorf("%s: there is no %q", specifier, Name(specifier))
		}
	}
	if name := Name("unenvy/node/tty"); name != "" {
		t.Errorf("a stranger's package leads to %q", name)
	}
}

// client is an npm that does what a script says, in the folder of the project.
func client(t *testing.T, script string) npm.Client {
	t.Helper()
	name := filepath.Join(t.TempDir(), "npm")
	if err := os.WriteFile(name, []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	return npm.Client{Program: name, Environment: []string{"PATH=" + os.Getenv("PATH")}, Log: os.Stderr}
}

func TestInstall(t *testing.T) {
	cache := filepath.Join(t.TempDir(), "cache")
	if _, err := Open(cache); !errors.Is(err, ErrNotFound) {
		t.Errorf("nothing is installed: %v", err)
	}
	for script, want := range map[string]string{
		"exit 1": "npm could not install the polyfills",
		"true":   "does your registry have it?",
		`[ "$*" = "ci --ignore-scripts --no-audit --no-fund" ] && grep -q sha512- package-lock.json && mkdir -p node_modules/unenv/lib node_modules/unenv/dist/runtime node_modules/@cloudflare/unenv-preset/dist/runtime`: "npm installed something else",
	} {
		if _, err := Install(context.Background(), client(t, script), cache); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", script, err)
		}
	}
	if left, err := os.ReadDir(cache); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestAltered installs the real files by copying them, and finds that one was
// changed.
func TestAltered(t *testing.T) {
	own, err := Cache()
	if err != nil {
		t.Skip(err)
	}
	version, _, err := pinned()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(own); err != nil {
		t.Skip(err)
	}
	cache := filepath.Join(t.TempDir(), "cache")
	installed, err := Install(context.Background(), client(t, "cp -r '"+filepath.Join(own, version, "node_modules")+"' ."), cache)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Install(context.Background(), client(t, "exit 1"), cache); err != nil || again != installed {
		t.Errorf("what is installed is installed again: %v", err)
	}
	if _, err := Open(cache); err != nil {
		t.Error(err)
	}
	name := filepath.Join(installed, "node_modules", filepath.FromSlash(Name("unenv/node/tty")))
	if err := os.WriteFile(name, []byte("globalThis.stolen = true;"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(cache); !errors.Is(err, ErrAltered) {
		t.Errorf("an altered file: %v", err)
	}
}
