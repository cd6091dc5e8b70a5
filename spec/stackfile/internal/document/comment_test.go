package document

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// commentTexts have the word "mark" in comments and in what only looks like one.
var commentTexts = map[string][]string{ // text → "line:column about text"
	"a: 1 # mark":                                        {"1:6 about 1: # mark"},
	"# mark\na: 1":                                       {"1:1 about 2: # mark"},
	"# mark\n# other\n  # mark 2\na: 1":                  {"1:1 about 4: # mark", "3:3 about 4: # mark 2"},
	"# mark\n\na: 1":                                     {"1:1 about 2: # mark"},
	"a: 1\n# mark":                                       {"2:1 about 2: # mark"},
	"a: b#mark":                                          nil,
	"a: 'x # mark'":                                      nil,
	`a: "x \" # mark"`:                                   nil,
	"a: 'it''s # mark' # mark":                           {"1:19 about 1: # mark"},
	"a: it's # mark":                                     {"1:9 about 1: # mark"},
	"a: x, 'tis # mark\nb: 1 # mark":                     {"1:12 about 1: # mark", "2:6 about 2: # mark"},
	"a: \"x\n  # mark\n  \" # mark":                      {"3:5 about 3: # mark"},
	"a: |\n  # mark\n\n  x # mark\nb: # mark":            {"5:4 about 5: # mark"},
	"a: >- # mark\n  # mark\n# mark\nb: 1":               {"1:7 about 1: # mark", "3:1 about 4: # mark"},
	"a:\n- |\n # mark\n- 1 # mark":                       {"4:5 about 4: # mark"},
	"- a: |\n    # mark\n  b: 1 # mark":                  {"3:8 about 3: # mark"},
	"a: &x !!str | # mark\n  # mark":                     {"1:15 about 1: # mark"},
	"a: {b: ['# mark', \"#\", x], # mark\n c: '# mark'}": {"1:28 about 1: # mark"},
	"\"a # mark\": 1 # mark":                             {"1:15 about 1: # mark"},
	"a: x | y # mark":                                    {"1:10 about 1: # mark"},
	"日本: 語 # mark":                                       {"1:7 about 1: # mark"},
	"a: 1 # mark\r\nb: 1":                                {"1:6 about 1: # mark"},
}

func TestComments(t *testing.T) {
	for text, want := range commentTexts {
		value, list := Parse("f.yaml", []byte(text))
		if len(list) > 0 {
			t.Fatalf("%q: %v", text, list)
		}
		var got []string
		for _, c := range value.Comments("mark") {
			got = append(got, fmt.Sprintf("%d:%d about %d: %s", c.Range.Line, c.Range.Column, c.About, c.Text))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

// FuzzComments removes what is reported as a comment: the rest must mean what
// it meant before.
func FuzzComments(f *testing.F) {
	for text := range commentTexts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		value, list := Parse("f.yaml", data)
		if value == nil || len(list) > 0 {
			return
		}
		comments := value.Comments("mark")
		if len(comments) == 0 {
			return
		}
		text := string(value.file.content)
		for i := len(comments) - 1; i >= 0; i-- {
			c := comments[i]
			line := []rune(value.file.text(c.Range.Line))
			start := value.file.starts[c.Range.Line-1] + len(string(line[:c.Range.Column-1]))
			if !strings.HasPrefix(text[start:], c.Text) {
				t.Fatalf("%v: no %q there", c.Range, c.Text)
			}
			text = text[:start] + text[start+len(c.Text):]
		}
		without, _ := Parse("f.yaml", []byte(text))
		if !reflect.DeepEqual(without.JSON(), value.JSON()) {
			t.Errorf("%q is not %q", text, data)
		}
	})
}

// FuzzWrite writes what was read, with its comments: it must mean the same.
func FuzzWrite(f *testing.F) {
	for text := range commentTexts {
		f.Add([]byte(text))
	}
	f.Add([]byte("\"\\nkey\\n\": 1\n"))
	f.Add([]byte("# a\n\n# b\na:\n  # c\n  - b: {} # d\n    # e\n  # f\n  - [] # g\n# h\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		value, list := Parse("f.yaml", data)
		if value == nil || len(list) > 0 {
			return
		}
		var text bytes.Buffer
		if err := Write(&text, value); err != nil {
			t.Fatal(err)
		}
		again, list := Parse("f.yaml", text.Bytes())
		if len(list) > 0 || !reflect.DeepEqual(again.JSON(), value.JSON()) {
			t.Errorf("%q became %q: %v", data, text.String(), list)
		}
	})
}
