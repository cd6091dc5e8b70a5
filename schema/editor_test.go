package schema

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

var update = flag.Bool("update", false, "rewrite the schema beside the examples")

// printedStack returns what `wfpsync schema stack` prints, as an editor sees
// it.
func printedStack(t *testing.T) *jsonschema.Schema {
	t.Helper()
	return jsonschema.MustCompileString("stack.schema.json", string(Stack()))
}

// withTemplates puts an expression in the place of everything in a value that is
// neither a list nor a mapping, or of everything.
func withTemplates(value any, whole bool) any {
	switch v := value.(type) {
	case map[string]any:
		copied := map[string]any{}
		for key, inner := range v {
			copied[key] = withTemplates(inner, whole)
			if whole {
				copied[key] = "${var.x}"
			}
		}
		return copied
	case []any:
		copied := make([]any, len(v))
		for i, inner := range v {
			copied[i] = withTemplates(inner, whole)
		}
		return copied
	}
	return "before ${var.x} after"
}

func TestPrintedSchemaTakesExpressions(t *testing.T) {
	printed := printedStack(t)
	full := decode(t, fullStack).(map[string]any)
	if err := printed.Validate(full); err != nil {
		t.Errorf("without expressions: %#v", err)
	}
	for _, whole := range []bool{false, true} {
		stack := map[string]any{}
		for section, entries := range full {
			stack[section] = entries
			switch mapping, ok := entries.(map[string]any); {
			case section == "defaults":
				stack[section] = withTemplates(mapping, whole)
			case ok:
				copied := map[string]any{}
				for key, entry := range mapping {
					copied[key] = withTemplates(entry, whole)
					if entry == nil {
						copied[key] = nil
					}
				}
				stack[section] = copied
			}
		}
		stack["guards"] = map[string]any{"max_delete": "${var.x}", "min_existing": "${var.x}"}
		stack["lists"] = map[string]any{"l": map[string]any{"csv": "${var.x}", "items": "${var.x}"}}
		if err := printed.Validate(stack); err != nil {
			t.Errorf("with expressions (whole values: %v): %#v", whole, err)
		}
	}
}

// What is no expression is judged as before.
func TestPrintedSchemaRefusesOtherText(t *testing.T) {
	printed := printedStack(t)
	worker := func(keys string) string { return `{"version": 1, "name": "a", "workers": {"w": {` + keys + `}}}` }
	for _, text := range []string{
		worker(`"minify": "yes"`), worker(`"limits": {"cpu_ms": "50"}`), worker(`"placement": {"mode": "clever"}`),
		worker(`"compatibility_date": "soon"`), worker(`"vars": "$x"`), worker(`"unknown": "${var.x}"`), worker(`"limits": {"unknown": 1}`),
		`{"version": "${var.x}", "name": "a"}`, `{"version": 1, "name": "${var.x}"}`, `{"version": 1, "name": "a", "workers": "${var.x}"}`,
		`{"version": 1, "name": "a", "workers": {"w": "${var.x}"}}`,
	} {
		if printed.Validate(decode(t, text)) == nil {
			t.Errorf("%s passes", text)
		}
	}
}

// The schema beside the examples is the printed one: it is what their first
// lines point to, as those of a file by `wfpsync init` do.
func TestExamplesHaveTheSchema(t *testing.T) {
	const file = "../examples/wfpsync.schema.json"
	if *update {
		if err := os.WriteFile(file, Stack(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, Stack()) {
		t.Errorf("%s is not what `wfpsync schema stack` prints: make golden", file)
	}
	stacks, err := filepath.Glob("../examples/*/wfpsync.yaml")
	if err != nil || len(stacks) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, name := range stacks {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		const modeline = "# yaml-language-server: $schema=../wfpsync.schema.json\n"
		if len(text) < len(modeline) || string(text[:len(modeline)]) != modeline {
			t.Errorf("%s does not begin with %q", name, modeline)
		}
	}
}

func TestPrintedSchemaKnowsEnvironments(t *testing.T) {
	printed := printedStack(t)
	stack := func(environment any) map[string]any {
		return map[string]any{"version": 1.0, "name": "s", "environments": map[string]any{"staging": environment}}
	}
	whole := decode(t, fullStack).(map[string]any)
	for _, key := range []string{"version", "include", "environments"} {
		delete(whole, key)
	}
	for _, right := range []string{
		`null`, `{}`, `{"workers": {"router": {"vars": {"A": "${var.a}"}}, "old": null}}`, `{"name": "other"}`,
		`{"workers": {"router": {"limits": null, "kv_namespaces": [{"binding": "DATA"}], "placement": {"mode": null}}}}`,
		`{"variables": {"domain": {"default": "x"}}, "lists": {"customers": {"csv": "./few.csv"}}}`,
	} {
		if err := printed.Validate(stack(decode(t, right))); err != nil {
			t.Errorf("%s: %#v", right, err)
		}
	}
	if err := printed.Validate(stack(whole)); err != nil {
		t.Errorf("a whole stack: %#v", err)
	}
	for _, wrong := range []string{
		`{"wrkers": {}}`, `{"workers": {"router": {"vrs": {}}}}`, `{"version": 1}`, `{"workers": {"router": {"vars": 5}}}`,
	} {
		if printed.Validate(stack(decode(t, wrong))) == nil {
			t.Errorf("%s is taken", wrong)
		}
	}
}
