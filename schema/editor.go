package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// editorStack is the schema of the stack file with `${…}` allowed wherever
// expressions are replaced. wfpsync itself checks what an expression gives by
// the schema as it is written, whose messages are about one type.
var editorStack = sync.OnceValue(func() []byte {
	var root map[string]any
	if err := json.Unmarshal(stackSource, &root); err != nil {
		panic(fmt.Sprintf("schema: %v", err))
	}
	root["$defs"].(map[string]any)["expression"] = map[string]any{
		"title": "Expression", "description": "Text with ${…} in it, whose result takes its place.",
		"type": "string", "pattern": `\$\{`,
	}
	e := editor{root, map[string]bool{}}
	properties := root["properties"].(map[string]any)
	for key, part := range properties {
		property := part.(map[string]any)
		entries, hasEntries := property["additionalProperties"].(map[string]any)
		switch {
		case slices.Contains(notExpanded, key):
		case hasEntries:
			e.within(entries)
		default:
			e.within(property)
		}
	}
	addOverlay(root)
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(root); err != nil {
		panic(fmt.Sprintf("schema: %v", err))
	}
	return text.Bytes()
})

// notExpanded are the keys at the top of the file in which `${…}` is text: what
// expressions are made of, and what stands in for the file as a whole.
var notExpanded = []string{"version", "name", "account_id", "include", "variables", "environments"}

// editor adds expressions to a schema.
type editor struct {
	root map[string]any
	seen map[string]bool // definitions
}

// within lets every part of what a schema describes be an expression. What the
// schema describes as a whole cannot be one, nor can keys.
func (e *editor) within(s map[string]any) {
	if ref, ok := s["$ref"].(string); ok && !e.seen[ref] {
		e.seen[ref] = true
		e.within(lookup(e.root, strings.TrimPrefix(ref, "#")).(map[string]any))
	}
	if properties, ok := s["properties"].(map[string]any); ok {
		for key, part := range properties {
			properties[key] = e.orExpression(part)
		}
	}
	for _, keyword := range []string{"items", "additionalProperties"} {
		if part, ok := s[keyword]; ok {
			s[keyword] = e.orExpression(part)
		}
	}
}

// orExpression returns a schema that takes an expression as well.
func (e *editor) orExpression(part any) any {
	s, ok := part.(map[string]any)
	if !ok {
		return part
	}
	resolved := resolve(e.root, s).(map[string]any)
	isText := takesAnyText(resolved)
	e.within(s)
	if isText {
		return s
	}
	either := map[string]any{"anyOf": []any{s, map[string]any{"$ref": "#/$defs/expression"}}}
	for _, words := range []string{"title", "description"} {
		if text, ok := resolved[words]; ok {
			either[words] = text // which editors show without looking further
		}
	}
	return either
}

// takesAnyText reports whether a schema takes text that no keyword looks into.
func takesAnyText(s map[string]any) bool {
	types, _ := s["type"].([]any)
	if t, ok := s["type"].(string); ok {
		types = []any{t}
	}
	isText := len(types) == 0 || slices.Contains(types, any("string"))
	return isText && s["pattern"] == nil && s["enum"] == nil && s["const"] == nil
}

// addOverlay describes an environment as a stack file in which every part is
// optional: nothing is required, and null removes.
func addOverlay(root map[string]any) {
	definitions := root["$defs"].(map[string]any)
	for name, definition := range eachPart(definitions) {
		definitions["overlay_"+name] = definition
	}
	properties := root["properties"].(map[string]any)
	overlay := eachPart(properties)
	for _, key := range []string{"version", "include", "environments"} {
		delete(overlay, key) // which do nothing there
	}
	environment := properties["environments"].(map[string]any)["additionalProperties"].(map[string]any)
	environment["properties"], environment["additionalProperties"] = overlay, false
}

// eachPart returns [anyPart] of each of some schemas that have names.
func eachPart(schemas map[string]any) map[string]any {
	partial := map[string]any{}
	for name, s := range schemas {
		partial[name] = anyPart(s)
	}
	return partial
}

// anyPart returns a schema that takes any part of what another takes, and null.
func anyPart(part any) any {
	switch part := part.(type) {
	case []any:
		list := make([]any, len(part))
		for i, value := range part {
			list[i] = anyPart(value)
		}
		return list
	case map[string]any:
		partial := map[string]any{}
		for keyword, value := range part {
			switch keyword {
			case "required", "default", "examples":
			case "properties":
				partial[keyword] = eachPart(value.(map[string]any))
			case "$ref":
				partial[keyword] = strings.Replace(value.(string), "#/$defs/", "#/$defs/overlay_", 1)
			case "type":
				types, several := value.([]any)
				if !several {
					types = []any{value}
				}
				partial[keyword] = append(slices.Clone(types), "null")
				if slices.Contains(types, any("null")) {
					partial[keyword] = value
				}
			case "enum":
				partial[keyword] = append(slices.Clone(value.([]any)), nil)
			case "const":
				partial["enum"] = []any{value, nil}
			default:
				partial[keyword] = anyPart(value)
			}
		}
		return partial
	}
	return part
}
