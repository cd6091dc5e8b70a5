package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// program writes a file that passes for workerd.
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

func TestFind(t *testing.T) {
	file, err := packageFile()
	if err != nil {
		t.Skip(err)
	}
	version, err := pinned()
	if err != nil || version == "" {
		t.Fatalf("the pinned version is %q: %v", version, err)
	}
	dir := t.TempDir()
	places := Places{Cache: filepath.Join(dir, "cache"), Folder: filepath.Join(dir, "project", "sub"), Path: filepath.Join(dir, "bin")}
	want := func(expected string) {
		t.Helper()
		if got, err := Find(places); got != expected || err != nil {
			t.Errorf("got %q, %v, want %q", got, err, expected)
		}
	}
	if _, err := Find(places); !errors.Is(err, ErrNotFound) {
		t.Errorf("without any: %v", err)
	}
	// npm's launcher is a script that needs Node.js, and may not work yet.
	launcher := program(t, dir, "bin", "workerd")
	if err := os.WriteFile(launcher, []byte("#!/usr/bin/env node\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Find(places); !errors.Is(err, ErrNotFound) {
		t.Errorf("with a script: %v", err)
	}
	// From the last to be looked at to the first.
	want(program(t, dir, "bin", "workerd"))
	want(program(t, dir, "project", file))
	inProject := program(t, dir, "project", "sub", file)
	describe := func(version string) {
		t.Helper()
		about := filepath.Join(filepath.Dir(filepath.Dir(inProject)), "package.json")
		if err := os.WriteFile(about, []byte(`{"version":"`+version+`"}`), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	describe("1.20250906.0") // an old wrangler is installed: the one above is taken
	want(filepath.Join(dir, "project", file))
	describe("1.20260101.0")
	want(inProject)
	want(program(t, dir, "cache", version, file))
	places.Named = program(t, dir, "mine")
	want(places.Named)
	places.Named = filepath.Join(dir, "nothing")
	if _, err := Find(places); err == nil || !strings.Contains(err.Error(), "nothing is not a program") {
		t.Errorf("a name that leads nowhere: %v", err)
	}
}

// TestPins holds the two npm files together: every platform has a version and a sha512, and no registry is named.
func TestPins(t *testing.T) {
	raw, err := npm.ReadFile("npm/package-lock.json")
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
	pins := lock.Packages[""].Pinned
	if len(pins) != len(platforms) {
		t.Errorf("%d platforms are pinned, want %d", len(pins), len(platforms))
	}
	for name, version := range pins {
		locked := lock.Packages["node_modules/"+name]
		if locked.Version != version || !strings.HasPrefix(locked.Integrity, "sha512-") || locked.Resolved != "" {
			t.Errorf("%s %s is locked as %+v", name, version, locked)
		}
	}
}

// fakeNPM is a client that does what a script says, in the folder of the project.
func fakeNPM(t *testing.T, script string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "npm")
	if err := os.WriteFile(name, []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestInstall(t *testing.T) {
	file, err := packageFile()
	if err != nil {
		t.Skip(err)
	}
	cache := filepath.Join(t.TempDir(), "cache")
	var log strings.Builder
	install := func(script string) (string, error) {
		return Install(context.Background(), fakeNPM(t, script), cache, &log)
	}
	if _, err := install("echo no network >&2; exit 1"); err == nil || !strings.Contains(err.Error(), "npm could not install workerd") || log.String() != "no network\n" {
		t.Errorf("npm fails: %v, %q", err, log.String())
	}
	if _, err := install("true"); err == nil || !strings.Contains(err.Error(), "does your registry have it?") {
		t.Errorf("npm leaves the optional dependency out: %v", err)
	}
	installs := `[ "$*" = "ci --ignore-scripts --no-audit --no-fund" ] && grep -q sha512- package-lock.json && mkdir -p ` + filepath.Dir(file) + ` && printf '\177ELF' > ` + file
	installed, err := install(installs)
	if found, findErr := Find(Places{Cache: cache}); err != nil || findErr != nil || found != installed {
		t.Fatalf("installed %q (%v), found %q (%v)", installed, err, found, findErr)
	}
	if again, err := install("exit 1"); err != nil || again != installed {
		t.Errorf("what is installed is installed again: %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(cache, "installing-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// TestVersion asks programs for their version.
func TestVersion(t *testing.T) {
	say := func(text string) string { return fakeNPM(t, "echo "+text) }
	if date, err := newestDate(t.Context(), say("workerd 2026-11-17")); date != "2026-11-17" || err != nil {
		t.Errorf("got %q, %v", date, err)
	}
	for text, want := range map[string]string{
		"workerd 2025-09-06": "is the workerd of 2025-09-06, and wfpsync needs one of 2025-12-02 or later",
		"hello":              "does not say its version as workerd does",
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
