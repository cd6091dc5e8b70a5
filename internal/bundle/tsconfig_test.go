package bundle

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// configOf is the compiler options that a project's entrypoints in src get.
func configOf(t *testing.T, content files) (map[string]any, tsconfigReport) {
	t.Helper()
	p, err := openProject(newProject(t, content))
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	config := p.tsconfig("src")
	var parsed struct {
		CompilerOptions map[string]any `json:"compilerOptions"`
	}
	if err := json.Unmarshal([]byte(config.raw), &parsed); err != nil {
		t.Fatalf("%v in %s", err, config.raw)
	}
	return parsed.CompilerOptions, tsconfigReport{config.file, render(config.diags)}
}

type tsconfigReport struct{ file, said string }

func TestTSConfig(t *testing.T) {
	tests := map[string]struct {
		files files
		want  map[string]any
		file  string
	}{
		"none": {
			files: files{"../tsconfig.json": `{"compilerOptions": {"strict": true}}`},
		},
		"the nearest counts": {
			files: files{"tsconfig.json": `{}`, "src/tsconfig.json": `{"compilerOptions": {"strict": true}}`},
			want:  map[string]any{"strict": true},
			file:  "src/tsconfig.json",
		},
		"jsconfig": {
			files: files{"jsconfig.json": `{"compilerOptions": {"jsx": "react"}}`},
			want:  map[string]any{"jsx": "react"},
			file:  "jsconfig.json",
		},
		"extends": {
			files: files{
				"tsconfig.json":                   `{"extends": ["./base", "preset/strict"], "compilerOptions": {"target": "es2024"}}`,
				"base.json":                       `{"extends": "./deeper.json", "compilerOptions": {"target": "es5", "jsx": "react"}}`,
				"deeper.json":                     `{"extends": "./base.json", "compilerOptions": {"jsx": "preserve", "alwaysStrict": true}}`,
				"node_modules/preset/strict.json": `{"compilerOptions": {"strict": true}}`,
			},
			want: map[string]any{"target": "es2024", "jsx": "react", "alwaysStrict": true, "strict": true},
			file: "tsconfig.json",
		},
		"paths count from the file that has them": {
			files: files{
				"src/tsconfig.json": `{"extends": "../config/base.json"}`,
				"config/base.json":  `{"compilerOptions": {"paths": {"@/*": ["../lib/*"]}}}`,
			},
			want: map[string]any{"paths": map[string]any{"@/*": []any{"./lib/*"}}},
			file: "src/tsconfig.json",
		},
		"paths of a file that is extended count from a baseUrl of the other": {
			files: files{
				"src/tsconfig.json": `{"extends": "../config/base", "compilerOptions": {"baseUrl": "./app"}}`,
				"config/base.json":  `{"compilerOptions": {"paths": {"@/*": ["./lib/*"]}}}`,
			},
			want: map[string]any{"baseUrl": "./src/app", "paths": map[string]any{"@/*": []any{"./lib/*"}}},
			file: "src/tsconfig.json",
		},
		"a folder of this name is none": {
			files: files{"src/tsconfig.json/a.json": `{}`, "src/jsconfig.json": `{"compilerOptions": {"strict": true}}`},
			want:  map[string]any{"strict": true},
			file:  "src/jsconfig.json",
		},
		"extends the file in a folder": {
			files: files{"src/tsconfig.json": `{"extends": ".."}`, "tsconfig.json": `{"compilerOptions": {"strict": true}}`},
			want:  map[string]any{"strict": true},
			file:  "src/tsconfig.json",
		},
		"extends what a package exports": {
			files: files{
				"tsconfig.json":                            `{"extends": ["@preset/a/strict", "b", "c/d", "e"], "compilerOptions": {"target": "es2024"}}`,
				"node_modules/@preset/a/package.json":      `{"exports": {"./strict": {"types": "./no.json", "default": "./files/strict.json"}}}`,
				"node_modules/@preset/a/files/strict.json": `{"compilerOptions": {"strict": true}}`,
				"node_modules/b/package.json":              `{"tsconfig": "./base.json"}`,
				"node_modules/b/base.json":                 `{"compilerOptions": {"jsx": "react"}}`,
				"node_modules/c/package.json":              `{"exports": {"./*": "./files/*.json"}}`,
				"node_modules/c/files/d.json":              `{"compilerOptions": {"alwaysStrict": false}}`,
				"node_modules/e/package.json":              `{"exports": "./e.json"}`,
				"node_modules/e/e.json":                    `{"compilerOptions": {"jsxFactory": "h"}}`,
			},
			want: map[string]any{"target": "es2024", "jsx": "react", "alwaysStrict": false, "strict": true, "jsxFactory": "h"},
			file: "tsconfig.json",
		},
		"paths count from baseUrl": {
			files: files{"src/tsconfig.json": `{"compilerOptions": {"baseUrl": "..", "paths": {"@/*": ["lib/*", "./lib2/*"]}}}`},
			want:  map[string]any{"baseUrl": "./.", "paths": map[string]any{"@/*": []any{"lib/*", "./lib2/*"}}},
			file:  "src/tsconfig.json",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, report := configOf(t, test.files)
			if len(got) == 0 {
				got = nil
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("options differ (-want +got):\n%s", diff)
			}
			if want := (tsconfigReport{file: test.file}); report != want {
				t.Errorf("got %+v, want %+v", report, want)
			}
		})
	}
}

// Twenty files that each extend the next one twice are a million reads.
func TestTSConfigThatExtendsTooMuchEnds(t *testing.T) {
	content := files{}
	for i := range 20 {
		content[fmt.Sprintf("c%d.json", i)] = fmt.Sprintf(`{"extends": ["./c%d.json", "./c%d.json"]}`, i+1, i+1)
	}
	content["tsconfig.json"] = `{"extends": "./c0.json"}`
	content["c20.json"] = `{}`
	configOf(t, content)
}

func FuzzPlainJSON(f *testing.F) {
	for _, text := range []string{
		`{"a": 1, /* comment */ "b": [1, 2, ], } // end`,
		"\ufeff{}", `"//" , "/*" "\\" "\"`, `{"a": "b,]"}`, `/*`, `//`, `,}`, `[1,/**/]`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		plain := plainJSON([]byte(text))
		if len(plain) != len(text) {
			t.Errorf("%d bytes became %d", len(text), len(plain))
		}
		if again := plainJSON(plain); json.Valid(plain) && string(again) != string(plain) {
			t.Errorf("valid JSON %q was changed to %q", plain, again)
		}
	})
}
