package wrangler

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wfpsync/wfpsync/schema"
)

// node is a JSON Schema, as far as it says which keys there may be.
type node struct {
	Ref                  string `json:"$ref"`
	Properties           map[string]*node
	Items                *node
	AdditionalProperties json.RawMessage
	AnyOf, OneOf, AllOf  []*node
	If, Then, Else       *node
	Definitions          map[string]*node
	Defs                 map[string]*node `json:"$defs"`
}

// keysOf adds the paths of all keys within a schema, as [fields] writes them.
func (root *node) keysOf(n *node, path string, keys map[string]bool) {
	if n == nil || strings.Count(path, ".") > 8 {
		return
	}
	if n.Ref != "" {
		name := n.Ref[strings.LastIndexByte(n.Ref, '/')+1:]
		if defined := root.Defs[name]; defined != nil {
			root.keysOf(defined, path, keys)
		}
		root.keysOf(root.Definitions[name], path, keys)
	}
	for _, part := range slices.Concat(n.AnyOf, n.OneOf, n.AllOf, []*node{n.Then, n.Else}) {
		root.keysOf(part, path, keys)
	}
	for name, property := range n.Properties {
		within := strings.TrimPrefix(path+"."+name, ".")
		keys[within] = true
		root.keysOf(property, within, keys)
	}
	root.keysOf(n.Items, path+".[]", keys)
	var other node
	if json.Unmarshal(n.AdditionalProperties, &other) == nil {
		root.keysOf(&other, path+".*", keys)
	}
}

func readSchema(t *testing.T, content []byte) *node {
	t.Helper()
	root := new(node)
	if err := json.Unmarshal(content, root); err != nil {
		t.Fatal(err)
	}
	return root
}

// TestKeysAreWranglers compares the tables with the schema of the pinned wrangler:
// no key of it, and no field within one, is unknown here.
func TestKeysAreWranglers(t *testing.T) {
	content, err := os.ReadFile(filepath.FromSlash("../../../../tools/wrangler/node_modules/wrangler/config-schema.json"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("there is no wrangler: `make wrangler` installs it")
	} else if err != nil {
		t.Fatal(err)
	}
	theirs := readSchema(t, content)
	file, environment := theirs.Definitions["RawConfig"].Properties, theirs.Definitions["RawEnvironment"].Properties
	if len(file) < 50 || len(environment) < 50 {
		t.Fatalf("the schema has %d keys, and %d of an environment", len(file), len(environment))
	}
	for name := range file {
		k, known := find(name)
		if !known {
			t.Errorf("%q is not in the table", name)
		}
		if inEnvironment := environment[name] != nil; known && inEnvironment == (k.scope == top) {
			t.Errorf("%q: in an environment: %v, and so its scope is not %v", name, inEnvironment, k.scope)
		}
	}

	ours := readSchema(t, schema.Stack())
	named := map[string]bool{
		"queues.consumers.[].visibility_timeout_ms": true, // explain says what to do
	}
	for _, f := range fields {
		named[f.path] = true
	}
	for _, k := range keys {
		if k.fate != taken && k.fate != bindings {
			continue
		}
		wanted, known := map[string]bool{}, map[string]bool{}
		theirs.keysOf(file[k.name], k.name, wanted)
		for _, definition := range ours.Defs {
			if definition.Properties["main"] != nil {
				ours.keysOf(definition.Properties[k.name], k.name, known)
			}
		}
		for path := range wanted {
			steps := strings.Split(path, ".")
			isDevelopment := slices.ContainsFunc(steps, func(step string) bool { return slices.Contains(developmentFields, step) })
			isWithin := slices.ContainsFunc(fields, func(f field) bool { return strings.HasPrefix(path, f.path+".") })
			if !known[path] && !named[path] && !isDevelopment && !isWithin {
				t.Errorf("wrangler takes %q, and nothing here says what becomes of it", path)
			}
			delete(named, path)
		}
		for path := range named {
			if known[path] {
				t.Errorf("%q is a key of the stack file, and the table refuses it", path)
			}
		}
	}
	for path := range named {
		t.Errorf("%q is in the table, and not in wrangler's schema", path)
	}
}
