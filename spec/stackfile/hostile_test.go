package stackfile_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile"
)

// TestHostileFiles loads what no one writes by accident. Each is refused with a
// place, and the test as a whole ends before it is killed.
func TestHostileFiles(t *testing.T) {
	const head = "version: 1\nname: s\n"
	many := 10 << 20
	tests := map[string]string{
		"10 MB of opening brackets": head + "defaults: " + strings.Repeat("[", many),
		"10 MB of opening braces":   head + "defaults: " + strings.Repeat("{a: ", many/4),
		"nested sequences":          head + "defaults:\n" + nested(5000),
		"1 MB key":                  head + strings.Repeat("k", 1<<20) + ": 1\n",
		"1 MB value":                "version: 1\nname: " + strings.Repeat("v", 1<<20) + "\n",
		"NUL bytes":                 head + strings.Repeat("\x00", 1<<20),
		"an ELF header":             "\x7fELF\x02\x01\x01\x00",
		"tabs":                      strings.Repeat("\t", 1<<20),
		"many documents":            strings.Repeat("---\na: 1\n", 1<<16),
		"100,000 unknown keys":      head + strings.Repeat("x", 3) + ": 0\n" + keys(100_000),
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			_, list := stackfile.Parse("wfpsync.yaml", []byte(text))
			if !list.HasErrors() {
				t.Fatal("no error was found")
			}
			for _, d := range list {
				if d.Range.Line == 0 || d.Range.Column == 0 {
					t.Errorf("no place: %s", d.Message)
				}
			}
		})
	}
}

func nested(depth int) string {
	var b strings.Builder
	for i := range depth {
		fmt.Fprintf(&b, "%s-\n", strings.Repeat(" ", i+1))
	}
	return b.String()
}

func keys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "unknown%d: 1\n", i)
	}
	return b.String()
}

// TestAliasesAreShared holds the memory of a file that stands for much more
// than it says: what aliases stand for is not copied.
func TestAliasesAreShared(t *testing.T) {
	text, err := os.ReadFile("testdata/bad/billion-laughs.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	stackfile.Parse("wfpsync.yaml", text)
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 64<<20 {
		t.Errorf("%d MB were allocated", grown>>20)
	}
}

func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/bad/*.yaml", "testdata/good/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			if len(data) < 4096 {
				f.Add(data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		stack, list := stackfile.Parse("wfpsync.yaml", data)
		for _, d := range list {
			if d.Range.Line < 1 || d.Range.Column < 1 {
				t.Errorf("no place: %+v", d)
			}
		}
		if !list.HasErrors() && stack.Name == "" {
			t.Error("a stack without a name was accepted")
		}
		if again, list2 := stackfile.Parse("wfpsync.yaml", bytes.Clone(data)); len(list) != len(list2) || len(again.Resources) != len(stack.Resources) {
			t.Error("the same file gave two results")
		}
	})
}

func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"worker/a", "user_worker/ns/a", "route/example.com/*.example.com/*", "kv_namespace/Tenant / Data", "r2_bucket/a", "r2_bucket/eu/a", "r2_bucket//a", "r2_bucket/eu/", "", "/", "worker/", "route/x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := spec.ParseAddress(s)
		if err != nil {
			return
		}
		if a.String() != s {
			t.Errorf("%q became %q", s, a)
		}
	})
}
