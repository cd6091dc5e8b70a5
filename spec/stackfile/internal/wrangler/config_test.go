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

// readAll is what is said of a configuration: findings in the order of the file.
func readAll(t *testing.T, text, environment string) (*Config, []string) {
	t.Helper()
	file, list := Parse("wrangler.json", []byte(text))
	if len(list) > 0 {
		t.Fatal(list)
	}
	config := Read(file, environment, ".")
	var said []string
	for _, f := range config.Findings {
		said = append(said, f.Within+"/"+f.Member.Key+": "+f.Message)
	}
	return config, said
}

// A build writes keys that say nothing.
func TestKeysThatSayNothing(t *testing.T) {
	_, said := readAll(t, `{
		"configPath": "/srv/wrangler.jsonc", "userConfigPath": "/srv/wrangler.jsonc", "topLevelName": "shop", "definedEnvironments": ["a"],
		"targetEnvironment": "a", "python_modules": {"exclude": ["**/*.pyc"]}, "logfwdr": {"bindings": []}, "unsafe": {"bindings": [], "metadata": {}},
		"exports": {}, "cache": {"enabled": false}, "keep_vars": false, "ai": {"binding": "AI", "staging": false}, "access": {"dev": {}},
		"workflows": [{"binding": "W", "name": "w", "class_name": "W", "limits": {}}], "routes": [{"pattern": "a.com/*", "enabled": true}]}`, "")
	if len(said) > 0 {
		t.Error(said)
	}
}

func TestFieldsThatAreNotTaken(t *testing.T) {
	config, said := readAll(t, `{
		"workflows": [{"binding": "W", "name": "w", "class_name": "W", "limits": {"steps": 5}, "schedules": ["* * * * *"]}],
		"triggers": {"crons": ["* * * * *"], "events": [{}]}, "cache": {"enabled": true}}`, "")
	want := []string{
		"workflows/limits: wfpsync does not support `workflows.limits`", "workflows/schedules: wfpsync does not support `workflows.schedules`",
		"triggers/events: wfpsync does not support `triggers.events`", "/cache: wfpsync does not support `cache`",
	}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Error(diff)
	}
	workflow, _ := config.Worker.Find("/workflows/0")
	if len(workflow.Members) != 3 {
		t.Errorf("the workflow has %d members, want those that are taken", len(workflow.Members))
	}
}

func TestVariablesThatAreNotInherited(t *testing.T) {
	_, said := readAll(t, `{"vars": {"A": 1, "B": 2}, "define": {"C": "3"}, "kv_namespaces": [{"binding": "K"}],
		"env": {"production": {"vars": {"A": 4}, "define": {"C": "5"}}}}`, "production")
	want := []string{
		"vars/B: the environment \"production\" does not inherit \"B\" of `vars`",
		"/kv_namespaces: the environment \"production\" does not inherit `kv_namespaces`",
	}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Error(diff)
	}
}
