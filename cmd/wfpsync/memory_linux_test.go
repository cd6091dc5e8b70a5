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
// within 400 MB, of which the result is 30, and those that a file of 20 MB lists
// within 1 GB. Linux counts in kilobytes.
func TestMemoryOfFleet(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector takes memory of its own")
	}
	const workers, head = 100_000, `version: 1
name: fleet
defaults: { compatibility_date: 2026-10-01 }
dispatch_namespaces: { fleet: {} }
`
	var rows, listed strings.Builder
	for i := range workers {
		fmt.Fprintf(&rows, "customer-%06d,pro\n", i)
		fmt.Fprintf(&listed, "  customer-%06d:\n    dispatch_namespace: fleet\n    main: ./tenant.ts\n    vars:\n"+
			"      CONFIG: { customerId: customer-%06d, plan: pro, features: [feature1, feature2] }\n    tags: [customer-%06d]\n", i, i, i)
	}
	fromCSV := map[string]string{
		"customers.csv": "id,plan\n" + rows.String(),
		"wfpsync.yaml": head + `lists: { customers: { key: id, csv: ./customers.csv } }
user_workers:
  shops:
    for_each: { customer: customers }
    dispatch_namespace: fleet
    main: ./tenant.ts
    vars:
      CONFIG: { customerId: "${customer.id}", plan: "${customer.plan}", features: [feature1, feature2] }
    tags: ["customer-${customer.id}"]
`,
	}
	writtenOut := map[string]string{"wfpsync.yaml": head + "user_workers:\n" + listed.String()}
	for name, test := range map[string]struct {
		files   map[string]string
		command string
		most    int64 // kilobytes
		want    string
	}{
		"validate":             {fromCSV, "validate", 400 << 10, "100001 resources"},
		"render":               {fromCSV, "render", 400 << 10, "\n  shops[customer-099999]:\n"},
		"validate written out": {writtenOut, "validate", 1 << 20, "100001 resources"},
	} {
		t.Run(name, func(t *testing.T) {
			output, used := measured(t, test.files, test.command)
			if !strings.Contains(output, test.want) {
				t.Errorf("it does not say %q", test.want)
			}
			if used > test.most {
				t.Errorf("it took %d kB of memory, and it should be at most %d", used, test.most)
			}
		})
	}
}

// measured is the output of a command in a folder of files, and its memory.
func measured(t *testing.T, files map[string]string, command string) (output string, kilobytes int64) {
	t.Helper()
	dir := t.TempDir()
	files["tenant.ts"] = "export default { fetch: () => new Response() }\n"
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	program, err := exec.LookPath("wfpsync")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, command, "-f", dir)
	cmd.Env = append(os.Environ(), requestLogVariable+"="+filepath.Join(dir, "requests"))
	text, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(text), cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
}
