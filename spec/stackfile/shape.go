package stackfile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/schema"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/wrangler"
)

// checkSchema compares the document with the JSON Schema, and says what is
// wrong in the file's own words. A key that nobody knows does not keep its
// neighbours from being checked, unless it is one of them misspelt. What an
// expression will give is not known yet; see [loader.checkShape].
func (l *loader) checkSchema() {
	for _, v := range schema.ValidateStack(l.root.JSON()) {
		value, member := l.root.Find(v.Pointer)
		if l.takesAway(v, value) {
			continue
		}
		if value.Kind == document.String && value.HasTemplates() && v.Keyword != schema.Unknown && isExpanded(v.Pointer) {
			continue
		}
		l.complain(v, value, member)
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

// complain reports a violation, and reports whether the value can still be used.
func (l *loader) complain(v schema.Violation, value *document.Value, member *document.Member) bool {
	d, misspelt := l.explain(v, value, member)
	l.diagnose(d.Severity, d.Rule, d.Range, d.Message, d.Hint, d.Related...)
	if v.Keyword == schema.Unknown && !misspelt {
		return true
	}
	l.breakAt(v.Pointer)
	return false
}

// checkShape compares an entry with the schema once its expressions have been
// replaced. The entries of a fleet that differ in nothing but texts are alike
// to it, so one of them speaks for all.
func (l *loader) checkShape(e entry) bool {
	if e.imported == nil && !e.member.Value.HasTemplates() && !l.root.Get("defaults").HasTemplates() && !l.root.Get("profiles").HasTemplates() {
		return true
	}
	l.shape = fmt.Appendf(l.shape[:0], "%s %p ", e.pointer, e.imported) // its texts have not been seen yet
	l.shape = appendShape(l.shape, e.value)
	if l.shapes[string(l.shape)] {
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
		if !l.complain(v, value, member) {
			usable = false
		}
	}
	if usable {
		l.shapes[string(l.shape)] = true
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

// mergeKey is an entry's own value, the profile it extends, and what it takes
// over from wrangler.
type mergeKey struct {
	value    *document.Value
	profile  string
	imported *wrangler.Config
}

// entryValue is an entry with what it takes over below it, its expressions
// replaced. What entries of a fleet have in common is merged once and shared.
func (l *loader) entryValue(e entry) *document.Value {
	value := e.member.Value
	if e.section.worker {
		value = l.withDefaults(e)
	}
	return l.expand(value, e.values)
}

// withDefaults lays an entry over what it takes over from wrangler, that over
// the profile it extends, and that over the file's `defaults`.
func (l *loader) withDefaults(e entry) *document.Value {
	extends := e.member.Value.Get("extends")
	key := mergeKey{value: e.member.Value, imported: e.imported}
	if extends != nil {
		key.profile = l.expand(extends, e.values).String()
	}
	if merged, known := l.merged[key]; known {
		return merged
	}
	merged := l.root.Get("defaults")
	if key.profile != "" {
		profiles := l.root.Get("profiles")
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
			l.report(spec.RuleProfile, extends.Range(), fmt.Sprintf("there is no profile %q", key.profile), hint)
		}
		merged = document.Merge(merged, profile)
	}
	merged = e.withImported(merged)
	if len(e.loops) > 0 { // else nobody asks again
		l.merged[key] = merged
	}
	return merged
}
