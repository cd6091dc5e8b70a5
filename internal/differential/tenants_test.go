package differential_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkTenants compares the processor time that a thousand tenants with an
// entrypoint each take: wfpsync bundles all of them, wrangler ten, one run
// each, and that is multiplied.
func BenchmarkTenants(b *testing.B) {
	const tenants, runs = 1000, 10
	w := openWrangler(b)
	folder := filepath.Join(npm, "work", "tenants")
	stack := []byte("version: 1\nname: tenants\ndispatch_namespaces: { namespace: {} }\nuser_workers:\n")
	for n := range tenants {
		name := fmt.Sprintf("tenant-%d", n)
		entrypoint := filepath.Join(folder, name+".ts")
		content := fmt.Sprintf(`import { Hono } from "hono";

const app = new Hono();
app.get("/", (c) => c.json({ tenant: %q }));
export default app;
`, name)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(entrypoint, []byte(content), 0o644); err != nil {
			b.Fatal(err)
		}
		stack = fmt.Appendf(stack, "  %s: { dispatch_namespace: namespace, main: work/tenants/%s.ts, compatibility_date: 2026-11-17 }\n", name, name)
	}
	file := filepath.Join(npm, "tenants.yaml")
	if err := os.WriteFile(file, stack, 0o644); err != nil {
		b.Fatal(err)
	}
	defer os.Remove(file)
	program := filepath.Join(b.TempDir(), "wfpsync")
	if out, err := exec.Command("go", "build", "-trimpath", "-o", program, "../../cmd/wfpsync").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	var ours, theirs float64
	for b.Loop() {
		ours += processorSeconds(b, exec.Command(program, "validate", "-f", file))
		for n := range runs {
			cmd := exec.Command(w.command[0], "--no-warnings", w.command[len(w.command)-1], "deploy", fmt.Sprintf("tenant-%d.ts", n),
				"--dry-run", "--name", "tenant", "--compatibility-date", "2026-11-17", "--outdir", b.TempDir())
			cmd.Dir, cmd.Env = folder, wranglerEnvironment()
			theirs += processorSeconds(b, cmd) * tenants / runs
		}
	}
	b.ReportMetric(ours/float64(b.N), "s-wfpsync")
	b.ReportMetric(theirs/float64(b.N), "s-wrangler")
	b.ReportMetric(100*ours/theirs, "%-of-wrangler")
}

// processorSeconds runs a command and returns the processor time of it and of
// what it started.
func processorSeconds(b *testing.B, cmd *exec.Cmd) float64 {
	b.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
}
