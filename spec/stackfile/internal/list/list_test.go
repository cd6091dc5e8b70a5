package list_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/list"
)

var update = flag.Bool("update", false, "rewrite the golden file")

// load reads a declaration that stands in stacks/wfpsync.yaml.
func load(t testing.TB, fsys fs.FS, declaration string) (*list.List, diag.List) {
	t.Helper()
	value, problems := document.Parse("shown/wfpsync.yaml", []byte(declaration))
	if problems.HasErrors() {
		t.Fatal(problems.Err())
	}
	return list.Load(fsys, "customers", value, "stacks/wfpsync.yaml", func(*list.Discovery, *document.Value) ([]list.Found, bool) { return nil, false })
}

// shown returns a result as the golden file has it.
func shown(l *list.List, problems diag.List) string {
	var b strings.Builder
	if l != nil {
		for _, item := range l.Items {
			text, _ := json.Marshal(item.Map())
			fmt.Fprintf(&b, "%s: %s\n", item.At(), text)
		}
	}
	for _, d := range problems {
		fmt.Fprintf(&b, "%s: %s: %s [%s]\n", d.Range, d.Severity, d.Message, d.Rule)
		if d.Hint != "" {
			fmt.Fprintf(&b, "    %s\n", d.Hint)
		}
		for _, r := range d.Related {
			fmt.Fprintf(&b, "    %s: %s\n", r.Range, r.Message)
		}
	}
	return b.String()
}

// cases are declarations, and the content of the file "f" beside them.
var cases = []struct{ name, declaration, file string }{
	{"no source", "key: id", ""},
	{"several sources", "items: []\ncsv: f", ""},
	{"key is no text", "key: [id]\nitems: []", ""},
	{"path is no text", "csv: 1", ""},
	{"items", "key: id\nitems:\n  - { id: a, n: 1 }\n  - { id: b, l: [x] }", ""},
	{"items of single values", "key: value\nitems: [a, 1]", ""},
	{"a bool as key", "key: value\nitems: [a, true]", ""},
	{"items are no list", "items: { a: 1 }", ""},
	{"items that are none", "items: [[a], null, {a: 1}]", ""},
	{"items without key", "key: id\nitems: [{id: a}, {name: b}, {id: ''}, {id: [1]}]", ""},
	{"items twice", "key: id\nitems:\n  - id: 1\n  - id: '1'", ""},
	{"no file", "csv: nothing.csv", ""},
	{"out of the project", "csv: ../../etc/passwd", ""},
	{"absolute", "csv: /etc/passwd", ""},
	{"backslash", `csv: '..\..\f'`, ""},
	{"a folder", "csv: .", ""},
	{"above, but in the project", "csv: ../stacks/f", "id\na\n"},

	{"csv", "csv: f", "id,plan\na,free\n\"b,\"\"x\n\",\nc,\n"},
	{"csv with a mark and carriage returns", "csv: f", "\xEF\xBB\xBFid,plan\r\na,free\r\n\r\nb,\"x\r\ny\"\r\n"},
	{"csv with settings", "csv: { path: f, delimiter: ';', columns: [id, plan] }", "a;free\nb;pro\n"},
	{"csv with wrong settings", "csv: { path: f, delimiter: xx, columns: id, header: 1 }", ""},
	{"csv without path", "csv: { delimiter: ';' }", ""},
	{"csv that is empty", "csv: f", ""},
	{"csv with a header only", "csv: f", "id,plan\n"},
	{"csv with ragged rows", "csv: f", "id,plan\na\nb,free,x\nc,pro\n"},
	{"csv with column names", "csv: f", "customer-id, plan,1,id,id\n"},
	{"csv with an open quote", "csv: f", "id\na\n\"b\nc\n"},
	{"csv with a quote inside", "csv: f", "id,plan\na,fr\"ee\n"},
	{"csv without the key", "key: id\ncsv: f", "name\na\n"},
	{"csv with an empty key", "key: id\ncsv: f", "id,n\na,1\n,2\n"},
	{"csv with a key twice", "key: id\ncsv: f", "id\na\nb\na\n"},
	{"csv with NUL", "csv: f", "id\na\nü\x00\n"},
	{"csv in Latin-1", "csv: f", "id\nZ\xFCrich\n"},
	{"csv in UTF-16", "csv: f", "\xFF\xFEi\x00d\x00"},
	{"csv cut in a character", "csv: f", "id\nZ\xC3"},

	{"json", "key: id\njson: f", "[\n  {\"id\": \"a\", \"n\": [1, {\"x\": null}]},\n  {\"id\": \"ü\"}, {\"id\": 3}\n]\n"},
	{"json of single values", "json: f", `["ü", 1, true]`},
	{"json that is empty", "json: f", ""},
	{"json that is no array", "json: f", "\n {}"},
	{"json with lists", "json: f", "[[1],\nnull]"},
	{"json that ends", "json: f", "[{\"a\": 1},\n{\"b\":"},
	{"json without end", "json: f", "[{\"a\": 1}"},
	{"json with a comma too many", "json: f", "[1,\n2,]"},
	{"json with a word", "json: f", "[1,\n  yes]"},
	{"json with a key twice", "json: f", "[\n{\"a\": 1,\n \"a\": 2}]"},
	{"json with more", "json: f", "[1]\n[2]"},
	{"json with a large number", "json: f", "[1,\n1e999]"},
	{"json with NUL", "json: f", "[1,\n\"\x00\"]"},
	{"json too deep", "json: f", "[" + strings.Repeat("[", 100) + strings.Repeat("]", 100) + "]"},

	{"ndjson", "key: id\nndjson: f", "{\"id\": \"a\"}\n\n  {\"id\": \"b\"}\r\n{\"id\": 3}"},
	{"ndjson with wrong lines", "ndjson: f", "{\"id\": \"a\"\n{\"ü\": 1} x\n{\"id\": 1} {\"id\": 2}\n{\"a\": 1, \"a\": 2}\n[]\n{\"ok\": true}\n"},
	{"ndjson with a key twice", "key: id\nndjson: f", "{\"id\": \"a\"}\n{\"id\": \"a\"}\n"},

	{"yaml", "key: id\nyaml: f", "- id: a\n  from: 2026-10-01\n- id: b\n"},
	{"yaml that is empty", "yaml: f", "# nothing\n"},
	{"yaml that is no list", "yaml: f", "id: a\n"},
	{"yaml that is none", "yaml: f", "- [\n"},
	{"yaml with NUL", "yaml: f", "- a\n- \x00\n"},

	{"dirs", "key: name\ndirs: tenants/*", ""},
	{"dirs with none", "dirs: nothing/*", ""},
	{"dirs with two stars", "dirs: tenants/**", ""},
	{"dirs with a wrong pattern", "dirs: 'tenants/['", ""},
	{"dirs out of the project", "dirs: ../../*", ""},
	{"dirs above", "dirs: ../shared/*", ""},

	{"too many problems", "csv: f", "id\n" + strings.Repeat("a,b\n", 50)},
}

func project(file string) fstest.MapFS {
	return fstest.MapFS{
		"stacks/f":                    {Data: []byte(file)},
		"stacks/tenants/acme/main.ts": {},
		"stacks/tenants/beta/main.ts": {},
		"stacks/tenants/.git/HEAD":    {},
		"stacks/tenants/README.md":    {},
		"shared/one/main.ts":          {},
	}
}

func TestLoad(t *testing.T) {
	var b strings.Builder
	for _, c := range cases {
		l, problems := load(t, project(c.file), c.declaration)
		if problems.HasErrors() != (l == nil) {
			t.Errorf("%s: the list is %v, the problems are %v", c.name, l, problems)
		}
		fmt.Fprintf(&b, "# %s\n%s\n", c.name, shown(l, problems))
	}
	const golden = "testdata/load.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the results differ from %s; -update rewrites it. They are now:\n%s", golden, b.String())
	}
}

// TestConfined holds that symlinks do not lead out of the project, by the file
// system that the command uses.
func TestConfined(t *testing.T) {
	outside, inside := t.TempDir(), t.TempDir()
	for _, err := range []error{
		os.WriteFile(filepath.Join(outside, "secret.csv"), []byte("id\nsecret\n"), 0o644),
		os.Mkdir(filepath.Join(inside, "stacks"), 0o755),
		os.Symlink(filepath.Join(outside, "secret.csv"), filepath.Join(inside, "stacks", "f.csv")),
		os.Symlink(outside, filepath.Join(inside, "stacks", "out")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(inside)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for declaration, want := range map[string]string{
		"csv: f.csv":          `"f.csv" leads out of the project`,
		"csv: out/secret.csv": `"out/secret.csv" leads out of the project`,
		"dirs: '*'":           `"*" leads out of the project`,
	} {
		_, problems := load(t, root.FS(), declaration)
		if len(problems) != 1 || problems[0].Message != want || problems[0].Rule != list.RuleListFile {
			t.Errorf("%s: got %v", declaration, problems)
		}
	}
}

func TestLongLines(t *testing.T) {
	long := strings.Repeat("ü", 1<<19) // 1 MB
	for declaration, content := range map[string]string{
		"csv: f":    "id,text\na," + long + "\n",
		"ndjson: f": `{"id": "a", "text": "` + long + `"}`,
		"json: f":   `[{"id": "a", "text": "` + long + `"}]`,
	} {
		l, problems := load(t, project(content), declaration)
		if problems.HasErrors() || len(l.Items) != 1 {
			t.Fatalf("%s: %v", declaration, problems)
		}
		if text, _ := l.Items[0].Get("text"); text != long {
			t.Errorf("%s: the text is not what it was", declaration)
		}
	}
	for declaration, content := range map[string]string{
		"csv: f":    "id\n\"" + strings.Repeat("x\n", 16<<20),
		"ndjson: f": strings.Repeat("x", 32<<20),
		"json: f":   `["` + strings.Repeat("x", 32<<20),
	} {
		_, problems := load(t, project(content), declaration)
		if len(problems) != 1 || problems[0].Message != "an item is larger than 16 MB, or does not end" {
			t.Errorf("%s: %v", declaration, problems)
		}
	}
}

func rows(n int) []byte {
	var b strings.Builder
	b.WriteString("id,name,plan,region,zone\n")
	for i := range n {
		fmt.Fprintf(&b, "customer-%d,Customer %d Ltd,free,eu-west,zone-%d.example.com\n", i, i, i)
	}
	return []byte(b.String())
}

// TestMemory holds what a large CSV file costs: 400 bytes for a row of 60.
func TestMemory(t *testing.T) {
	const n = 100_000
	fsys := fstest.MapFS{"stacks/f": {Data: rows(n)}}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	l, problems := load(t, fsys, "key: id\ncsv: f")
	runtime.GC()
	runtime.ReadMemStats(&after)
	if problems.HasErrors() || len(l.Items) != n {
		t.Fatal(problems)
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > n*400 {
		t.Errorf("%d bytes for each row", grown/n)
	}
	runtime.KeepAlive(l)
}

func BenchmarkCSV(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		fsys := fstest.MapFS{"stacks/f": {Data: rows(n)}}
		b.Run(fmt.Sprint(n), func(b *testing.B) { benchmark(b, fsys, "key: id\ncsv: f", n) })
	}
}

func BenchmarkNDJSON(b *testing.B) {
	const n = 100_000
	content := strings.Repeat(`{"id":"customer-1","name":"Customer Ltd","plan":"free","region":"eu","zone":"z.example.com"}`+"\n", n)
	benchmark(b, fstest.MapFS{"stacks/f": {Data: []byte(content)}}, "ndjson: f", n)
}

func benchmark(b *testing.B, fsys fs.FS, declaration string, n int) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for b.Loop() {
		l, problems := load(b, fsys, declaration)
		if problems.HasErrors() || len(l.Items) != n {
			b.Fatal(problems)
		}
		b.StopTimer()
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/(1<<20), "MB-kept")
		b.ReportMetric(float64(after.HeapSys)/(1<<20), "MB-heap")
		runtime.KeepAlive(l)
		b.StartTimer()
	}
}

func FuzzCSV(f *testing.F)    { fuzz(f, "csv") }
func FuzzNDJSON(f *testing.F) { fuzz(f, "ndjson") }
func FuzzJSON(f *testing.F)   { fuzz(f, "json") }
func FuzzYAML(f *testing.F)   { fuzz(f, "yaml") }

func fuzz(f *testing.F, source string) {
	for _, c := range cases {
		if strings.HasSuffix(c.declaration, source+": f") {
			f.Add([]byte(c.file))
		}
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		l, problems := load(t, project(string(content)), source+": f")
		if problems.HasErrors() != (l == nil) {
			t.Errorf("the list is %v, the problems are %v", l, problems)
		}
		lines := 1 // by any format's idea of a line
		for _, end := range []string{"\n", "\r", "\u0085", "\u2028", "\u2029"} {
			lines += strings.Count(string(content), end)
		}
		for _, d := range problems {
			if d.Range.Line > lines || d.Range.Line < 1 || d.Range.Column < 1 {
				t.Errorf("%v is outside of the file: %s", d.Range, d.Message)
			}
		}
		if l == nil {
			return
		}
		for _, item := range l.Items {
			item.Map()
			if at := item.At(); at.Line > lines || at.Line < 1 || at.Column < 1 {
				t.Errorf("%v is outside of the file", at)
			}
		}
	})
}
