package layer

import (
	"fmt"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/schema"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/explain"
)

// overlay lays the chosen environment over the file. Unlike wrangler's
// environments it inherits everything: maps merge, lists of bindings merge by
// the name they bind, other lists are replaced, and null removes.
func (l *layering) overlay(name string) {
	f := l.file
	f.Environment = ""
	chosen := f.Environments.Member(name)
	if chosen == nil {
		names := f.EnvironmentNames()
		hint := "the file has no `environments`"
		if near := diag.Nearest(name, names); near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		} else if len(names) > 0 {
			hint = "the environments are " + strings.Join(names, ", ")
		}
		at := f.Root.Range()
		if f.Environments != nil {
			at = f.Environments.Range()
		}
		l.Report(spec.RuleEnvironment, at, fmt.Sprintf("the file has no environment %q", name), hint)
		return
	}
	f.Environment = name
	l.checkNearNames(chosen.Value)
	f.Root = f.Root.WithMembers(withOverlay(f.Root, chosen.Value).Members) // whose place is the file, not the environment
}

// withOverlay returns a file with an environment over it, which may be empty.
func withOverlay(base, overlay *document.Value) *document.Value {
	if overlay.Kind != document.Map {
		return base
	}
	return document.Merge(base, overlay)
}

// checkEnvironmentsShape compares the section itself with the JSON Schema. What
// is in an environment is looked at when it lies over the file.
func (l *layering) checkEnvironmentsShape() {
	if section := l.file.Environments; section != nil {
		for _, v := range schema.ValidateStack(map[string]any{"version": 1.0, "name": "stack", "environments": section.JSON()}) {
			value, member := l.file.Root.Find(v.Pointer)
			explain.Violation(l.Collector, v, value, member)
		}
		for _, m := range section.MembersOrNil() {
			for _, key := range []string{"include", "environments"} {
				if member := m.Value.Member(key); member != nil {
					l.Report(spec.RuleEnvironment, member.Range(), fmt.Sprintf("`%s` does nothing in an environment", key), "write it at the top of the file")
				}
			}
		}
	}
}

// checkNearNames warns of what an environment adds under a name that is nearly
// one of the file's: most likely it was meant to change that.
func (l *layering) checkNearNames(overlay *document.Value) {
	for _, key := range append([]string{"variables", "lists", "profiles", "policies"}, l.sections...) {
		below, above := l.file.Root.Get(key), overlay.Get(key)
		var names []string
		for _, m := range below.MembersOrNil() {
			if above.Get(m.Key) == nil { // what it changes as well is not meant by another name
				names = append(names, m.Key)
			}
		}
		for _, m := range above.MembersOrNil() {
			if below.Member(m.Key) != nil || m.Value.Kind == document.Null {
				continue
			}
			if near := diag.Nearest(m.Key, names); near != "" {
				l.Warn(spec.RuleNearName, m.Range(), fmt.Sprintf("only this environment has %q in `%s`", m.Key, key), fmt.Sprintf("did you mean %q?", near))
			}
		}
	}
}
