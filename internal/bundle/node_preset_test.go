package bundle

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/spec"
)

// wranglerModules is the node_modules of the pinned wrangler, and a Node.js that it runs on. Without them a test is skipped.
func wranglerModules(t *testing.T) (modules, node string) {
	t.Helper()
	modules, err := filepath.Abs("../../tools/wrangler/node_modules")
	if err != nil {
		t.Fatal(err)
	}
	if !exists(filepath.Join(modules, "wrangler")) {
		t.Skip("there is no wrangler: `make wrangler` installs it for the tests")
	}
	node = "node"
	if beside, _ := filepath.Glob(filepath.Join(modules, "node-*", "bin", "node")); len(beside) == 1 { // the pattern is right
		node = beside[0]
	}
	if node, err = exec.LookPath(node); err != nil {
		t.Skip(err)
	}
	return modules, node
}

// A presetAnswer is what wrangler's preset says for a date and flags.
type presetAnswer struct {
	Alias    map[string]string
	Inject   map[string]any
	Polyfill []string
	External []string
	Bare     []string
}

// answers asks the preset as wrangler does.
func answers(t *testing.T, grid []spec.Runtime) []presetAnswer {
	t.Helper()
	modules, node := wranglerModules(t)
	question, err := json.Marshal(grid)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, "--input-type=module", "-e", `
		import { defineEnv } from "unenv";
		import { getCloudflarePreset, nonPrefixedNodeModules } from "@cloudflare/unenv-preset";
		console.log(JSON.stringify(`+string(question)+`.map(({ date, flags }) => {
			const preset = getCloudflarePreset({ compatibilityDate: date, compatibilityFlags: flags ?? [] });
			const { env } = defineEnv({ presets: [preset, { alias: { debug: "debug" } }], npmShims: true });
			return { ...env, bare: nonPrefixedNodeModules };
		})));`)
	cmd.Dir, cmd.Stderr = filepath.Dir(modules), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var list []presetAnswer
	if err := json.Unmarshal(out, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// presetGrid are each date on which something changes and the day before, and each flag that changes something.
func presetGrid() []spec.Runtime {
	dates := []string{"2024-09-23", time.Now().Format(time.DateOnly)}
	for _, date := range breakpoints() {
		at, _ := time.Parse(time.DateOnly, date) // they are dates
		dates = append(dates, date, at.AddDate(0, 0, -1).Format(time.DateOnly))
	}
	flags := []string{iterableBodies, iterableFix, "no_" + iterableBodies, "no_" + iterableFix, "enable_" + processFlag, "disable_" + processFlag}
	for _, group := range nodeModules {
		if group.flag != "" {
			flags = append(flags, "enable_"+group.flag, "disable_"+group.flag)
		}
	}
	sets := [][]string{nil, processFlags, {"disable_" + processFlag, "enable_" + processFlag}, {"enable_nodejs_http_server_modules", "disable_nodejs_http_modules"}}
	for _, flag := range flags {
		sets = append(sets, []string{flag})
	}
	var grid []spec.Runtime
	for _, date := range dates {
		for _, set := range sets {
			grid = append(grid, spec.Runtime{Date: date, Flags: append([]string{"nodejs_compat_v2"}, set...)})
		}
	}
	return grid
}

// TestPreset compares what this package knows of modules, globals and shims with what the preset answers.
func TestPreset(t *testing.T) {
	t.Parallel()
	grid := presetGrid()
	list := answers(t, grid)
	for i, at := range grid {
		want := list[i]
		for specifier, target := range want.Alias {
			if strings.HasPrefix(target, "unenv/npm/") || target == "unenv/mock/empty" {
				if _, known := npmShims[specifier]; !known {
					t.Errorf("%v: wrangler replaces the package %q by %s", at, specifier, target)
				}
				continue
			}
			native := slices.Contains(want.External, target)
			if specifier != "debug" && native != (target == specifier) {
				t.Fatalf("%v: %s is %s, and native %v", at, specifier, target, native)
			}
			if native || specifier == "debug" {
				target = ""
			}
			if got := polyfillOf(at, specifier); got != target && specifier != "sqlite" { // which Node.js, and so wrangler, has with "node:" alone
				t.Errorf("%v: the polyfill of %s is %q, and wrangler's is %q", at, specifier, got, target)
			}
		}
		for specifier := range npmShims {
			if target := want.Alias[specifier]; !strings.HasPrefix(target, "unenv/") {
				t.Errorf("%v: wrangler leaves %q alone", at, specifier)
			}
		}
		for _, name := range want.Bare {
			if !isNodeModule(name) {
				t.Errorf("%v: %q is a module of Node.js", at, name)
			}
		}
		inject, polyfills := map[string]any{}, []string{}
		for _, g := range filledGlobals(at) {
			if g.sets {
				inject[g.name] = g.module
			} else {
				polyfills = append(polyfills, g.module)
			}
		}
		if diff := cmp.Diff(want.Inject, inject); diff != "" {
			t.Errorf("%v: globals (-wrangler +ours):\n%s", at, diff)
		}
		if diff := cmp.Diff(want.Polyfill, polyfills); diff != "" {
			t.Errorf("%v: polyfills (-wrangler +ours):\n%s", at, diff)
		}
	}
}

// TestShims compares what our shims export with what unenv's do.
func TestShims(t *testing.T) {
	t.Parallel()
	modules, node := wranglerModules(t)
	preset := answers(t, []spec.Runtime{{Date: "2026-10-01"}})[0]
	dir := t.TempDir()
	var program strings.Builder
	program.WriteString("const shapes = {}; const shape = (m) => Object.fromEntries(Object.keys(m).sort().map((k) => [k, typeof m[k]]));\n")
	names := slices.Sorted(maps.Keys(npmShims))
	for i, name := range names {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.mjs", i)), []byte(npmShims[name]), 0o600); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&program, "shapes[%q] = [shape(await import(%q)), shape(await import(%q))];\n", name, preset.Alias[name], "file://"+filepath.ToSlash(dir)+fmt.Sprintf("/%d.mjs", i))
	}
	program.WriteString("console.log(JSON.stringify(shapes));")
	cmd := exec.CommandContext(t.Context(), node, "--input-type=module", "-e", program.String())
	cmd.Dir, cmd.Stderr = filepath.Dir(modules), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var shapes map[string][2]map[string]string
	if err := json.Unmarshal(out, &shapes); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if diff := cmp.Diff(shapes[name][0], shapes[name][1]); diff != "" {
			t.Errorf("%s (-unenv +ours):\n%s", name, diff)
		}
	}
}
