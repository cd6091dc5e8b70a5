package emulator_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestStandsAlone keeps the emulator apart from the rest of the program: it may
// import the standard library, bbolt, two file formats, what runs npm, and itself.
// If it shared a type with the code that talks to Cloudflare, both could be wrong
// together.
func TestStandsAlone(t *testing.T) {
	output, err := exec.Command("go", "list", "-f", `{{join .Imports "\n"}}`, "./...").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v: %s", err, output)
	}
	for imported := range strings.Lines(string(output)) {
		imported = strings.TrimSpace(imported)
		switch domain, _, _ := strings.Cut(imported, "/"); {
		case !strings.Contains(domain, "."): // the standard library
		case strings.HasPrefix(imported, "go.etcd.io/bbolt"):
		case strings.HasPrefix(imported+"/", "github.com/wfpsync/wfpsync/internal/emulator/"):
		case imported == "github.com/wfpsync/wfpsync/internal/sourcemap", imported == "github.com/wfpsync/wfpsync/internal/assetrules": // file formats, like JSON
		case imported == "github.com/wfpsync/wfpsync/internal/npm": // installs workerd, and knows nothing of Cloudflare
		default:
			t.Errorf("the emulator imports %s", imported)
		}
	}
}
