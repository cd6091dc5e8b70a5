package expression_test

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden file")

// TestErrors holds what is said about templates with a fault, and where.
func TestErrors(t *testing.T) {
	templates, err := os.ReadFile("testdata/faults.txt")
	if err != nil {
		t.Fatal(err)
	}
	var shown strings.Builder
	for text := range strings.Lines(string(templates)) {
		text = strings.TrimSuffix(text, "\n")
		shown.WriteString(marked(text, failure(text)) + "\n\n")
	}
	const golden = "testdata/faults.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(shown.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if shown.String() != string(want) {
		t.Errorf("the messages differ from %s; -update rewrites it. They are now:\n%s", golden, shown.String())
	}
}
