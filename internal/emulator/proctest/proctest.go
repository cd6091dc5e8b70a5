// Package proctest finds processes, for tests that end or measure them. It
// reads /proc, so it works only on Linux.
package proctest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Children returns the running processes of a name that a process has started.
// On other systems it skips the test.
func Children(t testing.TB, parent int, name string) []*os.Process {
	t.Helper()
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("only Linux tells which processes run")
	}
	found, err := children(parent, name)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func children(parent int, name string) ([]*os.Process, error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	var found []*os.Process
	for _, file := range files {
		stat, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended meanwhile
		}
		// "pid (name) state ppid …", see proc(5)
		_, rest, _ := strings.Cut(string(stat), " (")
		own, rest, _ := strings.Cut(rest, ") ")
		fields := strings.Fields(rest)
		if own != name || len(fields) < 2 || fields[0] == "Z" || fields[1] != strconv.Itoa(parent) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			return nil, err
		}
		process, err := os.FindProcess(pid)
		if err != nil {
			return nil, err
		}
		found = append(found, process)
	}
	return found, nil
}

// Gone reports whether a process has ended, even if its parent has not noticed
// yet.
func Gone(process *os.Process) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", process.Pid))
	return err != nil || strings.Contains(string(stat), ") Z ")
}
