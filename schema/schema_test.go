package schema

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

var documents = map[string]func() []byte{"stack": func() []byte { return stackSource }, "plan": Plan, "events": Events}

func TestSchemasPassTheMetaSchema(t *testing.T) {
	meta := jsonschema.MustCompile("https://json-schema.org/draft/2020-12/schema")
	for name, source := range documents {
		if err := meta.Validate(decode(t, string(source()))); err != nil {
			t.Errorf("%s: %#v", name, err)
		}
	}
}

// A reference that is resolved must mean what it meant: beside one there are
// only words about the place.
func TestReferencesHaveOnlyAnnotationsBesideThem(t *testing.T) {
	annotations := []string{"$ref", "title", "description", "examples", "default"}
	var visit func(name string, part any)
	visit = func(name string, part any) {
		switch part := part.(type) {
		case map[string]any:
			for keyword, value := range part {
				if part["$ref"] != nil && !slices.Contains(annotations, keyword) {
					t.Errorf("%s: %q beside a reference to %v", name, keyword, part["$ref"])
				}
				visit(name, value)
			}
		case []any:
			for _, value := range part {
				visit(name, value)
			}
		}
	}
	for name, source := range documents {
		visit(name, decode(t, string(source())))
	}
}

func TestSchemasAreCopies(t *testing.T) {
	Stack()[0], Plan()[0] = 'x', 'x'
	if !json.Valid(Stack()) || !json.Valid(Plan()) {
		t.Error("a caller can change the embedded schema")
	}
}

// Editors show a property's title and description, and complete the properties
// that a closed object lists itself.
func TestEveryPropertyIsDescribed(t *testing.T) {
	for name, source := range documents {
		eachSchema(parse(source()).source, "", func(path string, s map[string]any) {
			if s["type"] == "object" && s["additionalProperties"] == nil && s["unevaluatedProperties"] == nil && path != "/properties/changes/items/properties/desired" {
				t.Errorf("%s%s: an object must be closed, or say that it is open", name, path)
			}
			if s["unevaluatedProperties"] == false && s["properties"] == nil {
				t.Errorf("%s%s: a closed object must list its properties itself", name, path)
			}
			if s["pattern"] != nil && s["patternErrorMessage"] == nil && !strings.Contains(path, "/if/") {
				t.Errorf("%s%s: a pattern needs a patternErrorMessage", name, path)
			}
			properties, _ := s["properties"].(map[string]any)
			for key, property := range properties {
				if strings.HasSuffix(path, "/if") || strings.HasSuffix(path, "/then") {
					continue
				}
				for _, text := range []string{"title", "description"} {
					if words, _ := property.(map[string]any)[text].(string); words == "" {
						t.Errorf("%s%s: property %q has no %s", name, path, key, text)
					}
				}
			}
		})
	}
}

// A keyword that message does not know would be reported in words that do not
// help, and follow would not find one that it does not know.
func TestEveryKeywordIsTranslated(t *testing.T) {
	translated := strings.Fields(`type const enum required pattern minLength minimum maximum
		unevaluatedProperties additionalProperties`)
	structure := strings.Fields(`$schema $id title description default examples patternErrorMessage
		contentEncoding writeOnly properties propertyNames items allOf if then`)
	for name, source := range documents {
		eachSchema(parse(source()).source, "", func(path string, s map[string]any) {
			for keyword := range s {
				if !slices.Contains(translated, keyword) && !slices.Contains(structure, keyword) {
					t.Errorf("%s%s: keyword %q", name, path, keyword)
				}
			}
			if min, ok := s["minLength"]; ok && min != 1.0 {
				t.Errorf("%s%s: minLength is worded as if it were 1", name, path)
			}
			if open, ok := s["additionalProperties"].(bool); ok && !open {
				t.Errorf("%s%s: additionalProperties reports the mapping, not the key: use unevaluatedProperties", name, path)
			}
		})
	}
}

func TestExamplesAndDefaultsAreValid(t *testing.T) {
	for name, source := range documents {
		d := parse(source())
		eachSchema(d.source, "", func(path string, s map[string]any) {
			examples, _ := s["examples"].([]any)
			if value, ok := s["default"]; ok {
				examples = append(slices.Clone(examples), value)
			}
			if len(examples) == 0 {
				return
			}
			part, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			compiled := jsonschema.MustCompileString("urn:part", string(part))
			for _, example := range examples {
				if err := compiled.Validate(example); err != nil {
					t.Errorf("%s%s: %v", name, path, err)
				}
			}
		})
	}
}

// eachSchema visits a schema and every schema in it.
func eachSchema(s any, path string, visit func(path string, s map[string]any)) {
	schema, ok := s.(map[string]any)
	if !ok {
		return
	}
	visit(path, schema)
	properties, _ := schema["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		eachSchema(properties[name], path+"/properties/"+name, visit)
	}
	for _, keyword := range []string{"items", "additionalProperties", "propertyNames", "if", "then"} {
		eachSchema(schema[keyword], path+"/"+keyword, visit)
	}
	all, _ := schema["allOf"].([]any)
	for _, inner := range all {
		eachSchema(inner, path+"/allOf", visit)
	}
}

func decode(t testing.TB, text string) any {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return value
}
