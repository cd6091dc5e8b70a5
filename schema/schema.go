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

// Stack is the JSON Schema of the stack file, for editors and other programs: a
// text with `${…}` in it may take the place of any value that it can give.
func Stack() []byte { return bytes.Clone(editorStack()) }

// Plan is the JSON Schema of a plan.
func Plan() []byte { return bytes.Clone(planSource) }

// Events is the JSON Schema of one event of an apply.
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
	stackSchema = sync.OnceValue(func() *document { return mustCompile(stackSource) })
	planSchema  = sync.OnceValue(func() *document { return mustCompile(planSource) })

	eventsSchema = sync.OnceValue(func() *document { return mustCompile(eventsSource) })
)

// document is one schema, its references resolved: compiled, to find
// violations, and as JSON, to word them.
type document struct {
	compiled *jsonschema.Schema
	source   map[string]any
}

// mustCompile panics when an embedded schema is broken, which the tests rule out.
func mustCompile(source []byte) *document {
	var written map[string]any
	if err := json.Unmarshal(source, &written); err != nil {
		panic(fmt.Sprintf("schema: %v", err))
	}
	resolved := resolve(written, written).(map[string]any)
	encoded, err := json.Marshal(resolved)
	if err != nil {
		panic(fmt.Sprintf("schema: %v", err))
	}
	id, _ := resolved["$id"].(string)
	compiler := jsonschema.NewCompiler()
	compiler.LoadURL = refuseURL
	if err := compiler.AddResource(id, bytes.NewReader(encoded)); err != nil {
		panic(fmt.Sprintf("schema: %v", err))
	}
	return &document{compiled: compiler.MustCompile(id), source: resolved}
}

// refuseURL keeps the compiler, which would read files, to the embedded text.
func refuseURL(url string) (io.ReadCloser, error) {
	return nil, fmt.Errorf("schemas refer to nothing outside themselves, and so not to %q", url)
}
