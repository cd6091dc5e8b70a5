package wrangler

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pelletier/go-toml/v2"
	"github.com/tailscale/hujson"

	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// good are texts that mean the same in both formats.
var good = []struct{ json, toml string }{
	{`{}`, ``},
	{`{"a": 1, "b": -2.5, "c": 1e3, "d": true, "e": "x\u00e9\n", "f": [], "g": {}}`, "a = 1\nb = -2.5\nc = 1e3\nd = true\ne = \"x\\u00e9\\n\"\nf = []\ng = {}"},
	{"// a\n{/* b */\"a\": [1, [2, 3,],], // c\n} // d", "# a\na = [1, [2, # b\n3,],] # c\n# d"},
	{"\uFEFF{\"a\":1}\r\n", "\uFEFFa=1\r\n"},
	{`{"d": "2026-10-01"}`, "d = 2026-10-01"},
	{`{"t": "07:32:00", "dt": "1979-05-27T07:32:00Z"}`, "t = 07:32:00\ndt = 1979-05-27T07:32:00Z"},
	{`{"n": [1000, 255, 8, 2, 5, 0.5]}`, "n = [1_000, 0xFF, 0o10, 0b10, +5, 5e-1]"},
	{`{"a": {"b": {"c": 1, "d": 2}}}`, "a.b.c = 1\na.b.d = 2"},
	{`{"a": {"b": {"c": 1}, "d": 2}}`, "[a.b]\nc = 1\n[a]\nd = 2"},
	{`{"k": [{"b": "A", "x": {"y": 1}}, {"b": "B"}]}`, "[[k]]\nb = 'A'\n[k.x]\ny = 1\n[[k]]\nb = \"\"\"B\"\"\""},
	{`{"q": {"p": [{"b": "A"}]}}`, "[[q.p]]\nb = \"A\""},
	{`{"\"a b\"": {"": 1}}`, `'"a b"'."" = 1`},
	{`{"s": "a # b // c"}`, "s = '''\na # b // c'''"},
}

func TestParse(t *testing.T) {
	for _, texts := range good {
		var want any
		if err := json.Unmarshal(standard(t, texts.json), &want); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"w.jsonc": texts.json, "w.toml": texts.toml} {
			value, list := Parse(name, []byte(text))
			if len(list) > 0 {
				t.Errorf("%q: %v", text, list)
				continue
			}
			if diff := cmp.Diff(want, value.JSON()); diff != "" {
				t.Errorf("%q (-want +got):\n%s", text, diff)
			}
		}
	}
}

// standard returns text as plain JSON.
func standard(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hujson.Standardize(append(bytes.TrimPrefix([]byte(text), []byte("\uFEFF")), '\n'))
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return b
}

// TestParseWrong is what is said about texts, and where.
func TestParseWrong(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"w.json", "", "1:1 WFP009 this is not JSON: it ends in the middle of a value"},
		{"w.json", "{\n  \"é\": x\n}", "2:8 WFP009 this is not JSON: invalid literal: x"},
		{"w.json", "{\n  \"a\": 1\n  \"b\": 2\n}", "3:3 WFP009 this is not JSON: invalid character '\"' after object value (expecting ',' or '}')"},
		{"w.json", `{"a": "x`, "1:9 WFP009 this is not JSON: it ends in the middle of a value"},
		{"w.json", `{"a": 1} {}`, "1:10 WFP009 this is not JSON: invalid character '{' after top-level value"},
		{"w.json", `{"a": 1e999}`, "1:7 WFP009 JSON has no number 1e999"},
		{"w.json", `[1]`, "1:1 WFP009 wrangler's configuration is an object, and this is a list"},
		{"w.json", "{\"a\": 1,\n \"a\": 2, \"a\": 3}", "2:2 WFP003 the key \"a\" is given twice (1:2-1:5); 2:10 WFP003 the key \"a\" is given twice (1:2-1:5)"},
		{"w.json", "{\"a\": \"\x00\"}", "1:8 WFP006 byte 0x00 is not text"},
		{"w.json", strings.Repeat("[", 1<<20), "1:65 WFP009 this is nested deeper than 64 levels"},
		{"w.json", strings.Repeat("{\"[\": /* [ */", 65), "1:833 WFP009 this is nested deeper than 64 levels"},
		{"w.toml", "a = \nb = 1", "1:5 WFP009 this is not TOML: unexpected character U+000A at start of value"},
		{"w.toml", "a = [", "1:5 WFP009 this is not TOML: array is incomplete"},
		{"w.toml", "a = 1\na = 2", "2:1 WFP003 the key \"a\" is given twice (1:1-1:2)"},
		{"w.toml", "a = { b = 1, b = 2 }", "1:14 WFP003 the key \"b\" is given twice (1:7-1:8)"},
		{"w.toml", "[a]\n[b]\n[a]", "3:2 WFP003 the key \"a\" is given twice (1:2-1:3)"},
		{"w.toml", "a = [1]\n[[a]]", "2:3 WFP003 the key \"a\" is given twice (1:1-1:2)"},
		{"w.toml", "a = {}\n[a.b]", "2:2 WFP003 the key \"a\" is given twice (1:1-1:2)"},
		{"w.toml", "[a]\nb.c = 1\n[a.b]", "3:4 WFP003 the key \"b\" is given twice (2:1-2:2)"},
		{"w.toml", "[a.b]\n[a]\nb.c = 1", "3:1 WFP003 the key \"b\" is given twice (1:4-1:5)"},
		{"w.toml", "[[a]]\n[a]", "2:2 WFP003 the key \"a\" is given twice (1:3-1:4)"},
		{"w.toml", "a = nan", "1:5 WFP009 JSON has no number nan"},
		{"w.toml", "a = -inf", "1:5 WFP009 JSON has no number -inf"},
		{"w.toml", "a = 9223372036854775808", "1:5 WFP009 9223372036854775808 is beyond the 64 bits of an integer in TOML"},
		{"w.toml", "a = " + strings.Repeat("[", 100) + strings.Repeat("]", 100), "1:5 WFP009 this is nested deeper than 64 levels"},
		{"w.toml", "a = " + strings.Repeat("[", 1<<19), "1:10005 WFP009 this is not TOML: arrays and inline tables are nested more than the maximum of 10000 levels deep"},
		{"w.toml", strings.Repeat("a.", 1<<15) + "a = 1", "1:129 WFP009 this is nested deeper than 64 levels"},
		{"w.toml", "[" + strings.Repeat("a.", 1<<15) + "a]", "1:130 WFP009 this is nested deeper than 64 levels"},
		{"w.toml", "a = \"\xff\"", "1:6 WFP006 byte 0xFF is not text"},
	} {
		value, list := Parse(test.name, []byte(test.text))
		if value != nil {
			t.Errorf("%.40q: a value was read", test.text)
		}
		var got []string
		for _, d := range list {
			line := fmt.Sprintf("%d:%d %s %s", d.Range.Line, d.Range.Column, d.Rule, d.Message)
			for _, r := range d.Related {
				line += fmt.Sprintf(" (%d:%d-%d:%d)", r.Range.Line, r.Range.Column, r.Range.EndLine, r.Range.EndColumn)
			}
			got = append(got, line)
		}
		if strings.Join(got, "; ") != test.want {
			t.Errorf("%.40q:\n got %s\nwant %s", test.text, strings.Join(got, "; "), test.want)
		}
	}
}

// TestPlaces looks at where values of each kind stand.
func TestPlaces(t *testing.T) {
	for name, text := range map[string]string{
		"w.jsonc": "{ // é\n  \"é\": \"é\", \"n\": 12, \"l\": [\n [] ],\n \"m\": {\"k\": true} }",
		"w.toml":  "# é\n\"é\" = \"é\"\nn = 12\nl = [ #\n [1] ]\nm = {k = true}\n[[t]]\nx.y = 1",
	} {
		value, list := Parse(name, []byte(text))
		if len(list) > 0 {
			t.Fatal(list)
		}
		var got []string
		for _, pointer := range []string{"/é", "/n", "/l", "/l/0", "/m", "/m/k", "/t", "/t/0", "/t/0/x/y"} {
			v, m := value.Find(pointer)
			at := v.Range()
			got = append(got, fmt.Sprintf("%s %d:%d+%d", pointer, at.Line, at.Column, max(0, at.EndColumn-at.Column)))
			if m != nil {
				got[len(got)-1] += fmt.Sprintf(" of %d:%d+%d", m.Range().Line, m.Range().Column, m.Range().EndColumn-m.Range().Column)
			}
		}
		want := map[string]string{
			"w.jsonc": "/é 2:8+3 of 2:3+3, /n 2:18+2 of 2:13+3, /l 2:27+0 of 2:22+3, /l/0 3:2+0, /m 4:7+0 of 4:2+3, /m/k 4:13+4 of 4:8+3, /t 1:1+0, /t/0 1:1+0, /t/0/x/y 1:1+0",
			"w.toml":  "/é 2:7+3 of 2:1+3, /n 3:5+2 of 3:1+1, /l 4:5+0 of 4:1+1, /l/0 4:5+0, /m 6:5+0 of 6:1+1, /m/k 6:10+4 of 6:6+1, /t 7:3+0 of 7:3+1, /t/0 7:3+0, /t/0/x/y 8:7+1 of 8:3+1",
		}[name]
		if strings.Join(got, ", ") != want {
			t.Errorf("%s:\n got %s\nwant %s", name, strings.Join(got, ", "), want)
		}
	}
}

func TestComments(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"w.jsonc", "{ // mark\n}", "1:3 about 1"},
		{"w.jsonc", "{\n// mark\n// other\n\"a\": 1 // mark\n}", "2:1 about 4 4:8 about 4"},
		{"w.jsonc", "{ \"a\": \"// mark \\\" // mark\", /* // mark\n // mark */ \"b\": 1 } // mark", "2:22 about 2"},
		{"w.toml", "a = 1 # mark", "1:7 about 1"},
		{"w.toml", "# mark\na = '# mark \\' # mark", "1:1 about 2 2:16 about 2"},
		{"w.toml", "a = \"\"\"\n# mark \\\"\"\"\n# mark\"\"\"\"\" # mark", "3:13 about 3"},
		{"w.toml", "a = '''# mark''' # mark", "1:18 about 1"},
	} {
		value, list := Parse(test.name, []byte(test.text))
		if len(list) > 0 {
			t.Fatalf("%q: %v", test.text, list)
		}
		var got []string
		for _, c := range value.Comments("mark") {
			got = append(got, fmt.Sprintf("%d:%d about %d", c.Range.Line, c.Range.Column, c.About))
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%q: got %v, want %s", test.text, got, test.want)
		}
	}
}

// fuzz reads text, and compares what it means with what the library itself
// says, which also says whether it means anything. It has no idea of places.
func fuzz(f *testing.F, name string, meaning func([]byte) (any, error)) {
	for _, texts := range good {
		f.Add([]byte(map[string]string{"w.jsonc": texts.json, "w.toml": texts.toml}[name]))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		value, list := Parse(name, data)
		for _, d := range list {
			if d.Range.Line < 1 || d.Range.Column < 1 {
				t.Errorf("no place: %+v", d)
			}
		}
		if (value == nil) != list.HasErrors() {
			t.Fatalf("value %v with %v", value, list)
		}
		if value == nil {
			return
		}
		checkPlaces(t, value)
		for _, environment := range append(Environments(value), "") {
			if Read(value, environment, "apps/a") == nil {
				t.Errorf("no environment %q", environment)
			}
		}
		want, err := meaning(bytes.TrimPrefix(data, []byte("\uFEFF")))
		if err == nil && !means(value.JSON(), want) {
			t.Errorf("%s", cmp.Diff(want, value.JSON()))
		}
	})
}

func checkPlaces(t *testing.T, v *document.Value) {
	if v.Range().Line < 1 || v.Range().Column < 1 {
		t.Errorf("no place: %v", v.JSON())
	}
	for _, item := range v.Items {
		checkPlaces(t, item)
	}
	for _, m := range v.Members {
		checkPlaces(t, m.Value)
	}
}

func FuzzJSON(f *testing.F) {
	fuzz(f, "w.jsonc", func(data []byte) (value any, err error) {
		if data, err = hujson.Standardize(append(data, '\n')); err == nil {
			err = json.Unmarshal(data, &value)
		}
		return value, err
	})
}

func FuzzTOML(f *testing.F) {
	fuzz(f, "w.toml", func(data []byte) (any, error) {
		var decoded map[string]any
		if err := toml.Unmarshal(data, &decoded); err != nil {
			return nil, err
		}
		if decoded == nil {
			decoded = map[string]any{}
		}
		return decoded, nil
	})
}

// means compares a value with what a library decodes. Integers and times are
// types of their own to the one of TOML.
func means(value, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		object, ok := value.(map[string]any)
		for key, v := range want {
			ok = ok && means(object[key], v)
		}
		return ok && len(object) == len(want)
	case []any:
		list, ok := value.([]any)
		ok = ok && len(list) == len(want)
		for i, v := range want {
			ok = ok && means(list[i], v)
		}
		return ok
	case int64:
		return value == float64(want)
	case time.Time, toml.LocalDate, toml.LocalTime, toml.LocalDateTime:
		_, ok := value.(string)
		return ok
	default:
		return value == want
	}
}
