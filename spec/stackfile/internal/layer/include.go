package layer

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// includable returns the keys that an included file may have: maps whose
// entries join those of the stack file.
func (l *layering) includable() []string {
	return slices.Sorted(slices.Values(append(slices.Clone(l.sections), "lists", "policies", "profiles", "variables")))
}

// include joins the files that the stack file includes to it. Each glob is a
// place in the project; files are read in the order of their names.
func (l *layering) include() {
	seen := map[string]bool{l.file.Name: true}
	for _, pattern := range l.file.Root.Get("include").ItemsOrNil() {
		if pattern.Kind != document.String {
			continue // the schema says so
		}
		names, err := fs.Glob(l.file.FS, CleanPath(pattern.Text))
		if err != nil || len(names) == 0 {
			l.Report(spec.RuleInclude, pattern.Range(), fmt.Sprintf("no file matches %q", pattern.Text), "a pattern is relative to the stack file and stays inside its folder, such as ./tenants/*.yaml")
			continue
		}
		for _, name := range names {
			if !seen[name] {
				seen[name] = true
				l.includeFile(name, pattern)
			}
		}
	}
}

func (l *layering) includeFile(name string, pattern *document.Value) {
	content, err := ReadFile(l.file.FS, name)
	if err != nil {
		l.Report(spec.RuleInclude, pattern.Range(), fmt.Sprintf("the included file %q cannot be read: %v", name, err), "")
		return
	}
	value, list := document.Parse(name, content)
	l.Add(list)
	if value == nil {
		return
	}
	l.AddSource(name, value)
	if value.Kind != document.Map {
		l.Report(spec.RuleInclude, value.Range(), "an included file must be a mapping", "it may have the keys "+strings.Join(l.includable(), ", "))
		return
	}
	for _, m := range value.Members {
		l.join(m)
	}
}

// join adds a key of an included file to the stack file.
func (l *layering) join(m document.Member) {
	if !slices.Contains(l.includable(), m.Key) {
		l.Report(spec.RuleInclude, m.Range(), fmt.Sprintf("the key %q is not allowed in an included file", m.Key), "move it to the stack file; an included file may have the keys "+strings.Join(l.includable(), ", "))
		return
	}
	here := l.file.Root.Get(m.Key)
	if here == nil || here.Kind != document.Map || m.Value.Kind != document.Map {
		if here == nil || here.Kind == document.Null {
			l.file.Root = l.file.Root.WithMembers(append(l.file.Root.Without(m.Key).Members, m))
		}
		return
	}
	members := slices.Clone(here.Members)
	for _, entry := range m.Value.Members {
		if first := here.Member(entry.Key); first != nil {
			l.Report(spec.RuleDuplicateResource, entry.Range(), fmt.Sprintf("%q is declared twice under `%s`", entry.Key, m.Key), "remove one of the two",
				diag.Related{Range: first.Range(), Message: "first declared here"})
			continue
		}
		members = append(members, entry)
	}
	l.file.Root = l.file.Root.WithMember(m.Key, here.WithMembers(members))
}
