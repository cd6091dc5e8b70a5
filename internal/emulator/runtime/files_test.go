package runtime

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestMakeFolder removes the folder of a killed process, and nothing else.
func TestMakeFolder(t *testing.T) {
	dead := exec.Command(os.Args[0], "-test.run=^$")
	if err := dead.Run(); err != nil {
		t.Fatal(err)
	}
	parent := t.TempDir()
	for name, stays := range map[string]bool{
		fmt.Sprintf("wfpsync-run-%d-1", dead.Process.Pid): false,
		fmt.Sprintf("wfpsync-run-%d-1", os.Getpid()):      true,
		"wfpsync-run-other":                               true,
		"other":                                           true,
	} {
		folder := filepath.Join(parent, name)
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := makeFolder(parent); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(folder); (err == nil) != stays {
			t.Errorf("%s stays: %v, want %v", name, err == nil, stays)
		}
	}
}
