package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestMemoryOfFleet: 100,000 user Workers of a CSV are checked and written out
// within 400 MB, of which the result is 30. Linux counts in kilobytes.
func TestMemoryOfFleet(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector takes memory of its own")
	}
	const workers, most = 100_000, 400 << 10
	dir := t.TempDir()
	rows := strings.Builder{}
	rows.WriteString("id,plan\n")
	for i := range workers {
		fmt.Fprintf(&rows, "customer-%06d,pro\n", i)
	}
	for name, text := range map[string]string{
		"customers.csv": rows.String(),
		"tenant.ts":     "export default { fetch: () => new Response() }\n",
		"wfpsync.yaml": `version: 1
name: fleet
defaults: { compatibility_date: 2026-10-01 }
dispatch_namespaces: { fleet: {} }
lists: { customers: { key: id, csv: ./customers.csv } }
user_workers:
  shops:
    for_each: { customer: customers }
    dispatch_namespace: fleet
    main: ./tenant.ts
    vars:
      CONFIG: { customerId: "${customer.id}", plan: "${customer.plan}", features: [feature1, feature2] }
    tags: ["customer-${customer.id}"]
`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	program, err := exec.LookPath("wfpsync")
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"validate", "render"} {
		t.Run(command, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), program, command, "-f", dir)
			cmd.Env = append(os.Environ(), requestLogVariable+"="+filepath.Join(dir, "requests"))
			output, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Count(string(output), "\n  shops["); command == "render" && got != workers {
				t.Errorf("%d user Workers are written out, not %d", got, workers)
			}
			if used := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss; used > most {
				t.Errorf("it took %d kB of memory, and it should be less than %d", used, most)
			}
		})
	}
}
