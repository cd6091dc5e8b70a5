package wrangler

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKeysStandOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range keys {
		if seen[k.name] {
			t.Errorf("%q stands twice in the table", k.name)
		}
		seen[k.name] = true
		if k.fate == warned && k.advice == "" {
			t.Errorf("nothing is said of what to do about %q", k.name)
		}
	}
}

// TestNothingIsDropped gives each key that wrangler knows a value that means
// something: what is not passed over as local is taken, or found.
func TestNothingIsDropped(t *testing.T) {
	for _, k := range keys {
		if k.fate == local || k.name == "env" {
			continue
		}
		text := `{"` + k.name + `": {"command": "x", "required": ["X"]}}`
		if k.name == "account_id" {
			text = `{"account_id": "x"}`
		}
		file, list := Parse("wrangler.json", []byte(text))
		if len(list) > 0 {
			t.Fatal(list)
		}
		config := Read(file, "", ".")
		if len(config.Worker.Members)+len(config.Findings)+len(config.RequiredSecrets) == 0 && config.AccountID == nil {
			t.Errorf("%q is dropped", k.name)
		}
	}
}

// Nor is a value that is not of the kind that wrangler takes.
func TestSecretsThatAreNoNames(t *testing.T) {
	for _, text := range []string{`"x"`, `["X"]`, `{"required": "X"}`, `{"required": ["X", 1]}`, `{"required": [""]}`} {
		file, list := Parse("wrangler.json", []byte(`{"secrets": `+text+`}`))
		if len(list) > 0 {
			t.Fatal(list)
		}
		if config := Read(file, "", "."); len(config.Findings) != 1 {
			t.Errorf("%s: %v", text, config.Findings)
		}
	}
}

// TestPaths makes paths count from the root of the project.
func TestPaths(t *testing.T) {
	text := `{
		"main": "src/index.ts", "base_dir": "../shared", "assets": {"directory": "./public", "binding": "./ASSETS"},
		"alias": {"a": "./a.ts", "b": "../../../b.ts", "c": "c", "d": "/d"}, "rules": [{"type": "Text", "globs": ["./x/*.md"]}]
	}`
	for folder, want := range map[string]string{
		".":        `src/index.ts ../shared ./public ./ASSETS ./a.ts ../../../b.ts c /d ./x/*.md`,
		"apps/api": `./apps/api/src/index.ts ./apps/shared ./apps/api/public ./ASSETS ./apps/api/a.ts ../b.ts c /d ./x/*.md`,
	} {
		file, list := Parse("wrangler.json", []byte(text))
		if len(list) > 0 {
			t.Fatal(list)
		}
		worker := Read(file, "", folder).Worker
		var got []string
		for _, pointer := range []string{"/main", "/base_dir", "/assets/directory", "/assets/binding", "/alias/a", "/alias/b", "/alias/c", "/alias/d", "/rules/0/globs/0"} {
			value, _ := worker.Find(pointer)
			got = append(got, value.String())
		}
		if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s: %s", folder, diff)
		}
	}
}
