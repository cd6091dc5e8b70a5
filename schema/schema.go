// Package schema holds the JSON Schemas of wfpsync's documents, the stack file,
// the plan and the events of an apply, and checks values against them.
//
// The schemas are for editors and for other programs as much as for wfpsync, so
// they say what a document looks like and nothing else: which keys, of which
// type, within which bounds. What needs more than one place of the document to
// decide is checked elsewhere. A value goes in as encoding/json decodes it, and
// violations come out that name their place by JSON Pointer and are worded for
// the person who wrote the document.
package schema

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

var (
	//go:embed stack.schema.json
	stackSource []byte

	//go:embed plan.schema.json
	planSource []byte

	//go:embed events.schema.json
	eventsSource []byte
)

// Stack returns the JSON Schema of the stack file, for editors and other
// programs: text with `${…}` in it may take the place of any value that it
// can give.
func Stack() []byte { return bytes.Clone(editorStack()) }

// Plan returns the JSON Schema of a plan.
func Plan() []byte { return bytes.Clone(planSource) }

// Events returns the JSON Schema of one event of an apply.
func Events() []byte { return bytes.Clone(eventsSource) }

// ValidateStack checks a decoded stack file. The violations are in the order
// of their pointers.
func ValidateStack(value any) []Violation { return stackSchema().validate(value) }

// ValidatePlan checks a decoded plan. The violations are in the order of their
// pointers.
func ValidatePlan(value any) []Violation { return planSchema().validate(value) }

// WorkerKeys are the keys that a Worker or a user Worker may have, sorted.
var WorkerKeys = sync.OnceValue(func() []string {
	keys := map[string]any{}
	for _, section := range []string{"workers", "user_workers"} {
		properties := lookup(stackSchema().source, "/properties/"+section+"/additionalProperties/properties")
		maps.Copy(keys, properties.(map[string]any))
	}
	return slices.Sorted(maps.Keys(keys))
})

// ValidateEvent checks a decoded event. The violations are in the order of their
// pointers.
func ValidateEvent(value any) []Violation { return eventsSchema().validate(value) }

var (
	stackSchema = sync.OnceValue(func() *document { return parse(stackSource) })
	planSchema  = sync.OnceValue(func() *document { return parse(planSource) })

	eventsSchema = sync.OnceValue(func() *document { return parse(eventsSource) })
)

// document is one schema, its references resolved: as JSON, to word violations,
// and compiled, to find them.
type document struct {
	source map[string]any

	mu       sync.Mutex
	compiled map[string]*jsonschema.Schema // see [document.compile]
}

// parse panics when an embedded schema is broken, which the tests rule out.
func parse(source []byte) *document {
	var written map[string]any
	if err := json.Unmarshal(source, &written); err != nil {
		panic(fmt.Sprintf("schema: %v", err))
	}
	return &document{source: resolve(written, written).(map[string]any), compiled: map[string]*jsonschema.Schema{}}
}

// quickDraft is what the schemas are compiled as. No keyword in them is another one
// since, and as what they are written in, each part is held against all the others.
const quickDraft = "https://json-schema.org/draft/2019-09/schema"

// compile compiles what a schema says about the keys that a value has at its top.
// The other keys are most of the schema, and compiling those took longer than the
// rest of a command does. It panics as parse does.
func (d *document) compile(value any) *jsonschema.Schema {
	given, _ := value.(map[string]any)
	properties := map[string]any{}
	for key, property := range d.source["properties"].(map[string]any) {
		if _, ok := given[key]; ok {
			properties[key] = property
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	keys := strings.Join(slices.Sorted(maps.Keys(properties)), " ")
	if d.compiled[keys] == nil {
		part := maps.Clone(d.source)
		part["properties"] = properties
		part["$schema"] = quickDraft
		encoded, err := json.Marshal(withoutWords(part))
		if err != nil {
			panic(fmt.Sprintf("schema: %v", err))
		}
		id, _ := part["$id"].(string)
		compiler := jsonschema.NewCompiler()
		compiler.LoadURL = refuseURL
		if err := compiler.AddResource(id, bytes.NewReader(encoded)); err != nil {
			panic(fmt.Sprintf("schema: %v", err))
		}
		d.compiled[keys] = compiler.MustCompile(id)
	}
	return d.compiled[keys]
}

// withoutWords returns a schema without the keywords that only people and
// editors read.
func withoutWords(part any) any {
	switch part := part.(type) {
	case map[string]any:
		rest := make(map[string]any, len(part))
		for keyword, value := range part {
			switch keyword {
			case "title", "description", "default", "examples", "writeOnly", "patternErrorMessage":
			case "properties":
				properties := map[string]any{}
				for key, property := range value.(map[string]any) {
					properties[key] = withoutWords(property)
				}
				rest[keyword] = properties
			default:
				rest[keyword] = withoutWords(value)
			}
		}
		return rest
	case []any:
		list := make([]any, len(part))
		for i, value := range part {
			list[i] = withoutWords(value)
		}
		return list
	}
	return part
}

// refuseURL keeps the compiler, which would read files, to the embedded text.
func refuseURL(url string) (io.ReadCloser, error) {
	return nil, fmt.Errorf("schemas refer to nothing outside themselves, and so not to %q", url)
}
