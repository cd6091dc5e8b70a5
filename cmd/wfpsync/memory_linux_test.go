package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestMemoryOfFleet holds how much memory 100,000 user Workers take. Linux counts
// in kilobytes; of what is asked of the local account, a part is pages of its file.
func TestMemoryOfFleet(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector takes memory of its own")
	}
	t.Parallel()
	const workers = 100_000
	fromCSV, writtenOut := fleetFiles(workers), writtenOutFleet(workers)
	for name, test := range map[string]struct {
		files   map[string]string
		applied bool
		command []string
		most    int64 // kilobytes
		want    string
	}{
		"validate":             {fromCSV, false, []string{"validate"}, 400 << 10, "100001 resources"},
		"render":               {fromCSV, false, []string{"render"}, 400 << 10, "\n  shops[customer-099999]:\n"}, // the result is 30 MB
		"validate written out": {writtenOut, false, []string{"validate"}, 1 << 20, "100001 resources"},           // in a file of 20 MB
		"first plan":           {fromCSV, false, []string{"plan", "--local"}, 720 << 10, "Plan: 100001 to add"},
		"plan of no change":    {fromCSV, true, []string{"plan", "--local"}, 620 << 10, "No changes."},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			writeFiles(t, dir, test.files)
			if test.applied {
				seedApplied(t, dir)
			}
			output, used := measured(t, dir, test.command)
			t.Logf("%d kB", used)
			// When the garbage collector runs is chance, all the more on a busy machine:
			// what counts is the least of three.
			for range 2 {
				if used <= test.most {
					break
				}
				_, again := measured(t, dir, test.command)
				t.Logf("%d kB", again)
				used = min(used, again)
			}
			if !strings.Contains(output, test.want) {
				t.Errorf("it does not say %q", test.want)
			}
			if used > test.most {
				t.Errorf("it took %d kB of memory, and it should be at most %d", used, test.most)
			}
		})
	}
}

// measured returns the output of a command in a folder, and its memory: the
// program's own, since what the system tells of a process begins with that of
// the one it came from.
func measured(t *testing.T, dir string, command []string) (output string, kilobytes int64) {
	t.Helper()
	program, err := exec.LookPath("wfpsync")
	if err != nil {
		t.Fatal(err)
	}
	status := filepath.Join(dir, "status")
	cmd := exec.CommandContext(t.Context(), program, command...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), requestLogVariable+"="+filepath.Join(dir, "requests"), statusVariable+"="+status)
	text, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	told, err := os.ReadFile(status)
	if err != nil {
		t.Fatal(err)
	}
	_, peak, _ := strings.Cut(string(told), "VmHWM:")
	if _, err := fmt.Sscan(peak, &kilobytes); err != nil {
		t.Fatalf("%v in %s", err, told)
	}
	return string(text), kilobytes
}
