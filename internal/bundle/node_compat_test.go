package bundle

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/spec"
)

// everyDay are the dates of four years.
func everyDay() []string {
	var dates []string
	for at := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2027; at = at.AddDate(0, 0, 1) {
		dates = append(dates, at.Format(time.DateOnly))
	}
	return dates
}

// known is all that is known of Node.js for a date and flags.
func known(at spec.Runtime) string {
	var text strings.Builder
	for _, group := range nodeModules {
		for _, name := range group.names {
			for _, specifier := range []string{name, "node:" + name} {
				fmt.Fprintln(&text, specifier, hasModule(at, specifier), polyfillOf(at, specifier))
			}
		}
	}
	fmt.Fprint(&text, fillsIn(at), filledGlobals(at))
	return text.String()
}

// TestEra holds that nothing changes within an era, and that there are few.
func TestEra(t *testing.T) {
	for flags, want := range map[string]int{"": 2, "nodejs_als": 2, "nodejs_compat": 13, "nodejs_compat_v2 no_nodejs_compat": 13, "no_nodejs_compat no_nodejs_compat_v2": 1} {
		eras := map[string]string{}
		for _, date := range everyDay() {
			at := spec.Runtime{Date: date, Flags: strings.Fields(flags)}
			first := era(at)
			if said, seen := eras[first.Date]; seen && said != known(at) {
				t.Errorf("%v: something changes between %s and %s", at.Flags, first.Date, date)
			}
			eras[first.Date] = known(at)
		}
		if len(eras) != want {
			t.Errorf("%q: %d eras, want %d: %v", flags, len(eras), want, slices.Sorted(maps.Keys(eras)))
		}
	}
}

// TestUses looks for uses of globals in what esbuild writes.
func TestUses(t *testing.T) {
	old, recent := spec.Runtime{Date: "2025-05-01"}, spec.Runtime{Date: "2025-10-08"}
	for _, test := range []struct {
		at   spec.Runtime
		code string
		want string
	}{
		{old, `process.cwd()`, "process.cwd"},
		{old, `process?.cwd?.()`, "process.cwd"},
		{old, `process["cwd"]()`, "process.cwd"},
		{old, `globalThis.process.cwd()`, "process.cwd"},
		{old, `self?.process?.["cwd"]()`, "process.cwd"},
		{old, `const root = globalThis; root.process.cwd()`, "process.cwd"},
		{old, `const { cwd: where, env } = process; [where, env]`, "process.cwd"},
		{old, `const { env, ...rest } = process; [env, rest.cwd]`, "process"},
		{old, `typeof process.hrtime`, "process.hrtime"},
		{old, `"versions" in process`, "process.versions"},
		{old, `process.env.cwd`, ""},
		{old, `process.browser || process.nextTick(f)`, ""},
		{old, `typeof process !== "undefined" && process && process.env && !process.env.CI`, ""},
		{old, `process ? process.env : {}`, ""},
		{old, `hand(process); other.cwd`, "process"},
		{old, `hand(process); other.env`, ""},
		{old, `function f(process) { return process.cwd() }`, ""},
		{old, `{ const process = { cwd() {} }; process.cwd() }`, ""},
		{old, `globalThis.process ??= { cwd() {} }`, ""},
		{old, `globalThis.process = { cwd() {} }`, ""},
		{old, `process = other`, "process"},
		{old, "`${process.cwd()}`", "process.cwd"},
		{old, `console.log(console.table)`, ""},
		{old, `hand(console)`, ""},
		{old, `new console.Console(process.env)`, "console.Console"},
		{old, `Buffer.from("process.cwd") + setImmediate + global.Buffer`, ""},
		{old, `performance.now() + performance.timeOrigin`, ""},
		{recent, `process.cwd() + process.versions.node + process.stdout`, ""},
		{recent, `hand(process); other.cwd`, ""},
		{recent, `tag(process) === "[object process]"`, "process"},
		{recent, `new console.Console()`, ""},
		{recent, `performance.mark("a")`, "performance.mark"},
		{recent, `const p = performance; p.now()`, ""},
		{recent, `const p = performance; p.measure("a")`, "performance"},
		{recent, `typeof PerformanceObserver`, ""},
		{recent, `new PerformanceObserver(f)`, "PerformanceObserver"},
		{recent, `class Mine extends globalThis.PerformanceEntry {}`, "PerformanceEntry"},
		{spec.Runtime{Date: "2026-03-17"}, `performance.mark(process, console.Console)`, ""},
	} {
		test.at.Flags = []string{"nodejs_compat"}
		for _, minify := range []bool{false, true} {
			code := entrypoint("main.js")
			code.Options = spec.CodeOptions{Runtime: test.at, Minify: minify}
			withoutPolyfills(t)
			// f and other are anything; what is not used would be left out of a bundle.
			list := Build(t.Context(), newProject(t, files{"main.js": "export default { fetch(hand, tag, f, other) { return () => {" + mustReturn(test.code) + "} } };"}), []*spec.Code{code})
			var found []string
			for _, d := range list {
				if d.Rule == RulePolyfill {
					found = append(found, strings.Split(d.Message, "`")[1])
				}
			}
			if diff := cmp.Diff(strings.Fields(test.want), found); diff != "" && len(list)+len(test.want) > 0 {
				t.Errorf("%s at %s, minified %v (-want +found):\n%s%s", test.code, test.at.Date, minify, diff, render(list))
			}
		}
	}
}

// mustReturn makes an expression a result, so that it is not left out.
func mustReturn(code string) string {
	if strings.ContainsAny(code[:1], "{") || strings.HasPrefix(code, "const") || strings.HasPrefix(code, "class") || strings.HasPrefix(code, "function") {
		return code
	}
	return "return " + strings.ReplaceAll(code, "; ", ", ")
}

// withoutPolyfills hides those that are installed on this machine.
func withoutPolyfills(t *testing.T) {
	t.Helper()
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
}
