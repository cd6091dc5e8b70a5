package stackfile

import (
	"fmt"
	"io/fs"
	"slices"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// includable are the keys that an included file may have: maps whose entries
// join those of the stack file.
func includable() []string {
	keys := []string{"lists", "policies", "profiles", "variables"}
	for _, s := range sections {
		keys = append(keys, s.Section)
	}
	slices.Sort(keys)
	return keys
}

// include joins the files that the stack file includes to it. Each glob is a
// place in the project; files are read in the order of their names.
func (l *loader) include() {
	seen := map[string]bool{l.name: true}
	for _, pattern := range l.root.Get("include").ItemsOrNil() {
		if pattern.Kind != document.String {
			continue // the schema says so
		}
		names, err := fs.Glob(l.files, cleanPath(pattern.Text))
		if err != nil || len(names) == 0 {
			l.report(spec.RuleInclude, pattern.Range(), fmt.Sprintf("no file matches %q", pattern.Text), "a pattern is relative to the stack file and stays inside its folder, such as ./tenants/*.yaml")
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

func (l *loader) includeFile(name string, pattern *document.Value) {
	content, err := readFile(l.files, name)
	if err != nil {
		l.report(spec.RuleInclude, pattern.Range(), fmt.Sprintf("the included file %q cannot be read: %v", name, err), "")
		return
	}
	value, list := document.Parse(name, content)
	l.diagnostics = append(l.diagnostics, list...)
	if value == nil {
		return
	}
	l.sources[name] = value
	if value.Kind != document.Map {
		l.report(spec.RuleInclude, value.Range(), "an included file is a mapping", "it may have the keys "+joinKeys(includable()))
		return
	}
	for _, m := range value.Members {
		l.join(m)
	}
}

// join adds a key of an included file to the stack file.
func (l *loader) join(m document.Member) {
	if !slices.Contains(includable(), m.Key) {
		l.report(spec.RuleInclude, m.Range(), fmt.Sprintf("the key %q stands in an included file", m.Key), "move it to the stack file; an included file may have the keys "+joinKeys(includable()))
		return
	}
	here := l.root.Get(m.Key)
	if here == nil || here.Kind != document.Map || m.Value.Kind != document.Map {
		if here == nil || here.Kind == document.Null {
			l.root = l.root.WithMembers(append(l.root.Without(m.Key).Members, m))
		}
		return
	}
	members := slices.Clone(here.Members)
	for _, entry := range m.Value.Members {
		if first := here.Member(entry.Key); first != nil {
			l.report(spec.RuleDuplicateResource, entry.Range(), fmt.Sprintf("%q is declared twice under `%s`", entry.Key, m.Key), "remove one of the two",
				diag.Related{Range: first.Range(), Message: "first declared here"})
			continue
		}
		members = append(members, entry)
	}
	l.root = l.root.WithMember(m.Key, here.WithMembers(members))
}
