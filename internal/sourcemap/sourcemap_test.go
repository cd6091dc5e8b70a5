package sourcemap

import "testing"

func TestSourceMap(t *testing.T) {
	// This is esbuild's map of two short files.
	m, err := Parse([]byte(`{"version":3,"sources":["../src/a.ts","../src/b.ts"],"mappings":";AAAA,SAAS,EAAG;AACV,QAAM;ACAR"}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		line, column int
		want         string
	}{
		{0, 0, ""}, {1, 0, "src/a.ts:1:1"}, {1, 8, "src/a.ts:1:1"}, {1, 10, "src/a.ts:1:10"}, {2, 9, "src/a.ts:2:9"}, {3, 0, "src/b.ts:2:1"}, {4, 0, ""}, {-1, 0, ""},
	} {
		got, found := m.Find(test.line+1, test.column+1)
		if found != (test.want != "") || found && got.String() != test.want {
			t.Errorf("%d:%d comes from %q, want %q", test.line, test.column, got, test.want)
		}
	}
}

func FuzzSourceMap(f *testing.F) {
	f.Add([]byte(`{"version":3,"sources":["a.ts"],"mappings":"AAAA,CAAC;;ggggB"}`), 0, 0)
	f.Add([]byte(`{"version":2}`), 1, 1)
	f.Fuzz(func(t *testing.T, raw []byte, line, column int) {
		if m, err := Parse(raw); err == nil {
			m.Find(line, column)
		}
	})
}
