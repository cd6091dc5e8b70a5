package report

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files again")

// golden compares what a renderer writes with testdata/NAME.golden, and checks
// what holds for every report: it is the same when it is written again, and it
// ends in a line end.
func golden(t *testing.T, name string, write func(w io.Writer) error) {
	t.Helper()
	got := written(t, write)
	if again := written(t, write); again != got {
		t.Errorf("written again, it differs:\n%s", cmp.Diff(got, again))
	}
	if got != "" && !strings.HasSuffix(got, "\n") {
		t.Errorf("does not end in a line end: %q", got)
	}
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func written(t testing.TB, write func(w io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// disobedient returns the first character of a report that a terminal would
// obey.
func disobedient(report string) (rune, bool) {
	for _, r := range report {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
			return r, true
		}
	}
	return 0, false
}
