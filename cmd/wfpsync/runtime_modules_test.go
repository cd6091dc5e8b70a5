package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/internal/bundle"
	"github.com/wfpsync/wfpsync/spec"
)

// triedModules are what workerd and the bundler are asked for, with "node:" and
// without: all that Node.js has, and some that it has not.
var triedModules = strings.Fields(`
	_http_agent _http_client _http_common _http_incoming _http_outgoing _http_server _stream_duplex _stream_passthrough
	_stream_readable _stream_transform _stream_wrap _stream_writable _tls_common _tls_wrap assert assert/strict async_hooks
	buffer child_process cluster console constants crypto dgram diagnostics_channel dns dns/promises domain events fs
	fs/promises http http2 https inspector inspector/promises module net os path path/posix path/win32 perf_hooks process
	punycode querystring readline readline/promises repl sea sqlite stream stream/consumers stream/promises stream/web
	string_decoder sys test test/reporters timers timers/promises tls trace_events tty url util util/types v8 vm wasi
	worker_threads zlib unheard-of`)

// triedRuntimes returns the days before and after each on which a module came,
// and the flags that bring one or take it away.
func triedRuntimes() []spec.Runtime {
	var tried []spec.Runtime
	add := func(date string, flags ...string) { tried = append(tried, spec.Runtime{Date: date, Flags: flags}) }
	for _, date := range strings.Fields(`2021-11-03 2024-09-22 2024-09-23 2025-08-14 2025-08-15 2025-08-31 2025-09-01 2025-09-14
		2025-09-15 2025-09-20 2025-09-21 2025-09-30 2025-10-01 2025-12-03 2025-12-04 2026-01-28 2026-01-29 2026-03-16
		2026-03-17 2026-08-03 2026-08-04 2026-10-01 2026-11-17`) {
		add(date)
		add(date, "nodejs_compat")
	}
	for _, date := range []string{"2024-09-22", "2024-09-23", "2026-08-03", "2026-08-04"} {
		add(date, "nodejs_als")
		add(date, "nodejs_compat_v2")
		add(date, "no_nodejs_compat_v2")
	}
	add("2026-08-03", "nodejs_compat", "no_nodejs_compat_v2")
	add("2025-12-01", "nodejs_compat_v2", "enable_nodejs_http_modules")
	add("2026-10-01", "no_nodejs_compat")
	add("2026-10-01", "no_nodejs_compat", "no_nodejs_compat_v2")
	add("2024-01-01", "enable_nodejs_fs_module")
	for _, module := range strings.Fields(`http_modules http_server_modules http2_module os_module fs_module punycode_module cluster_module
		trace_events_module domain_module wasi_module console_module vm_module inspector_module sqlite_module dgram_module
		stream_wrap_module repl_module v8_module tty_module child_process_module worker_threads_module readline_module
		perf_hooks_module`) {
		add("2024-09-23", "nodejs_compat", "enable_nodejs_"+module)
		add("2026-10-01", "disable_nodejs_"+module)
	}
	return tried
}

// TestRuntimeModules compares the modules that the bundler takes for the
// runtime's with those that workerd has.
func TestRuntimeModules(t *testing.T) {
	t.Parallel()
	workerd := installedWorkerd()
	if workerd == "" {
		t.Skip("there is no workerd: `make runtime` installs it")
	}
	var specifiers []string
	for _, name := range triedModules {
		specifiers = append(specifiers, "node:"+name, name)
	}
	runtimes := triedRuntimes()
	for i, there := range modulesOfWorkerd(t, workerd, runtimes, specifiers) {
		if i := slices.Index(there, "sqlite"); i >= 0 {
			there = slices.Delete(there, i, i+1) // a package has the name, and wrangler takes that
		}
		if diff := cmp.Diff(there, modulesOfBundler(t, runtimes[i], specifiers)); diff != "" {
			t.Errorf("%v (-workerd +bundler):\n%s", runtimes[i], diff)
		}
	}
}

// modulesOfBundler returns the specifiers that a script can import.
func modulesOfBundler(t *testing.T, at spec.Runtime, specifiers []string) []string {
	t.Helper()
	var script strings.Builder
	for _, s := range specifiers {
		fmt.Fprintf(&script, "import %q;\n", s)
	}
	script.WriteString("export default {};\n")
	code := &spec.Code{Inline: script.String(), Options: spec.CodeOptions{Runtime: at}, Body: diag.Range{File: "script", Line: 1, Column: 1}}
	there := slices.Clone(specifiers)
	for _, d := range bundle.Build(t.Context(), t.TempDir(), []*spec.Code{code}) {
		there[d.Range.Line-1] = ""
	}
	return slices.DeleteFunc(there, func(s string) bool { return s == "" })
}

// modulesOfWorkerd returns the specifiers that a Worker can import, for each of
// some runtimes.
func modulesOfWorkerd(t *testing.T, workerd string, runtimes []spec.Runtime, specifiers []string) [][]string {
	t.Helper()
	dir := t.TempDir()
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	quoted := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	write("worker.js", `export default { async test(_, { INDEX }) {
		const there = [];
		for (const name of `+quoted(specifiers)+`) {
			try { await import(name); there.push(name); } catch {}
		}
		console.log(INDEX + " " + JSON.stringify(there));
	} };`)
	var services []string
	for i, r := range runtimes {
		flags := quoted(append([]string{}, r.Flags...))
		services = append(services, fmt.Sprintf(`(name = "%d", worker = (modules = [(name = "worker.js", esModule = embed "worker.js")],
			compatibilityDate = %q, compatibilityFlags = %s, bindings = [(name = "INDEX", text = "%d")]))`, i, r.Date, flags, i))
	}
	write("config.capnp", `using Workerd = import "/workerd/workerd.capnp";
		const config :Workerd.Config = (services = [`+strings.Join(services, ",\n")+`]);`)
	var said strings.Builder
	cmd := exec.CommandContext(t.Context(), workerd, "test", filepath.Join(dir, "config.capnp"))
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	there := make([][]string, len(runtimes))
	for line := range strings.Lines(string(out)) {
		var i int
		text, list, _ := strings.Cut(line, " ")
		if _, err := fmt.Sscan(text, &i); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if err := json.Unmarshal([]byte(list), &there[i]); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
	}
	return there
}
