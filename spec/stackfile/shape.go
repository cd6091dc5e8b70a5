package stackfile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/schema"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/complaint"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/expand"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/explain"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/wrangler"
)

// checkSchema compares the document with the JSON Schema, and says what is
// wrong in the file's own words. An unknown key does not keep its neighbours
// from being checked, unless it is a misspelling of one of them. What an
// expression will give is not known yet; see [defaults.checkShape].
func checkSchema(c *complaint.Collector, root *document.Value) {
	for _, v := range schema.ValidateStack(root.JSON()) {
		value, member := root.Find(v.Pointer)
		if takesAway(root, v, value) {
			continue
		}
		if value.Kind == document.String && value.HasTemplates() && v.Keyword != schema.Unknown && isExpanded(v.Pointer) {
			continue
		}
		explain.Violation(c, v, value, member)
	}
}

// isExpanded reports whether expressions are replaced at a place: in what an
// entry says, but not in the structure around it.
func isExpanded(pointer string) bool {
	steps := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	switch steps[0] {
	case "defaults", "guards", "removed":
		return len(steps) > 1
	case "lists", "profiles":
		return len(steps) > 2
	}
	isSection := slices.ContainsFunc(sections, func(s section) bool { return s.Section == steps[0] })
	return isSection && len(steps) > 2
}

// defaults lay entries over the file's `defaults` and profiles.
type defaults struct {
	*expand.Expander
	file   *document.Value
	merged map[mergeKey]*document.Value
	shapes map[string]bool // of instances that the schema has seen
	shape  []byte          // of the present one; one place serves all of a fleet
}

func newDefaults(x *expand.Expander, file *document.Value) *defaults {
	return &defaults{Expander: x, file: file, merged: map[mergeKey]*document.Value{}, shapes: map[string]bool{}}
}

// mergeKey is an entry's own value, the profile it extends, and what it takes
// over from wrangler.
type mergeKey struct {
	value    *document.Value
	profile  string
	imported *wrangler.Config
}

// checkShape compares an entry with the schema once its expressions have been
// replaced. The entries of a fleet that differ in nothing but texts are alike
// to it, so one of them speaks for all.
func (d *defaults) checkShape(e entry) bool {
	if e.imported == nil && !e.member.Value.HasTemplates() && !d.file.Get("defaults").HasTemplates() && !d.file.Get("profiles").HasTemplates() {
		return true
	}
	d.shape = fmt.Appendf(d.shape[:0], "%s %p ", e.pointer, e.imported) // its texts have not been seen yet
	d.shape = appendShape(d.shape, e.value)
	if d.shapes[string(d.shape)] {
		return true
	}
	value := e.value.Without("for_each", "where", "extends")
	if e.isDiscovered() {
		value = value.Without(e.section.nameBy) // which is compared with what was found
	}
	stack := map[string]any{"version": 1.0, "name": "stack", e.section.Section: map[string]any{e.member.Key: value.JSON()}}
	usable := true
	for _, v := range schema.ValidateStack(stack) {
		rest, ok := strings.CutPrefix(v.Pointer, e.pointer)
		if !ok {
			continue
		}
		value, member := e.value.Find(rest)
		if value.Kind == document.Null && value.Failed() {
			usable = false // its expression has been complained about
			continue
		}
		if !explain.Violation(d.Collector, v, value, member) {
			usable = false
		}
	}
	if usable {
		d.shapes[string(d.shape)] = true
	}
	return usable
}

// appendShape appends all of a value but the contents of texts.
func appendShape(shape []byte, v *document.Value) []byte {
	switch v.Kind {
	case document.String:
		return append(shape, 's')
	case document.List:
		shape = append(shape, '[')
		for _, item := range v.Items {
			shape = appendShape(shape, item)
		}
		return append(shape, ']')
	case document.Map:
		shape = append(shape, '{')
		for _, m := range v.Members {
			shape = append(shape, m.Key...)
			shape = appendShape(shape, m.Value)
		}
		return append(shape, '}')
	default:
		shape = append(shape, v.Text...)
		return append(shape, ' ')
	}
}

// entryValue returns an entry with what it takes over below it, its expressions
// replaced. What entries of a fleet have in common is merged once and shared.
func (d *defaults) entryValue(e entry) *document.Value {
	value := e.member.Value
	if e.section.worker {
		value = d.withDefaults(e)
	}
	return d.Expand(value, e.values)
}

// withDefaults lays an entry over what it takes over from wrangler, that over
// the profile it extends, and that over the file's `defaults`.
func (d *defaults) withDefaults(e entry) *document.Value {
	extends := e.member.Value.Get("extends")
	key := mergeKey{value: e.member.Value, imported: e.imported}
	if extends != nil {
		key.profile = d.Expand(extends, e.values).String()
	}
	if merged, known := d.merged[key]; known {
		return merged
	}
	merged := d.file.Get("defaults")
	if key.profile != "" {
		profiles := d.file.Get("profiles")
		profile := profiles.Get(key.profile)
		if profile == nil {
			var names []string
			for _, m := range profiles.MembersOrNil() {
				names = append(names, m.Key)
			}
			hint := "declare it under `profiles`"
			if near := diag.Nearest(key.profile, names); near != "" {
				hint = fmt.Sprintf("did you mean %q?", near)
			}
			d.Report(spec.RuleProfile, extends.Range(), fmt.Sprintf("the file has no profile %q", key.profile), hint)
		}
		merged = document.Merge(merged, profile)
	}
	merged = e.withImported(merged)
	if len(e.loops) > 0 { // else nobody asks again
		d.merged[key] = merged
	}
	return merged
}
