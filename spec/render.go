package spec

import (
	"io/fs"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/internal/diag"
	"github.com/wfpsync/wfpsync/spec/internal/document"
)

// Render is the effective stack file: with what it includes, the environment's
// overlay and every default, profile and expression in its place, and each
// `for_each` written out. It is a stack file that means the same, and has the
// comments on what is still one thing in it. There are no secrets in it, since a
// stack file only says where they come from.
func Render(root fs.FS, name string, options Options) ([]byte, diag.List) {
	l, list := open(root, name)
	if l == nil {
		return nil, list
	}
	l.rendered = map[string][]document.Member{}
	list = l.run(options)
	if list.HasErrors() {
		return nil, list
	}
	text, err := document.Write(l.effective())
	if err != nil {
		list = append(list, diag.Diagnostic{Severity: diag.Error, Rule: RuleUnreadable, Message: "cannot be written: " + err.Error(), Range: diag.Range{File: name}})
	}
	return text, list
}

// render keeps an entry as it was loaded: with its name where the key is not it,
// and its references saying which of many they mean.
func (l *loader) render(e entry) {
	value := e.value.Without("for_each", "where", "extends").Without(idleKeys(e.value)...)
	if e.name != e.key {
		name := document.NewMember(e.section.nameBy, document.FromJSON(e.name, &document.Value{}))
		if given := value.Member(e.section.nameBy); given != nil {
			name = given.With(given.Key, document.FromJSON(e.name, given.Value))
		}
		value = document.FromJSON(map[string]any{}, e.value).WithMembers(append([]document.Member{name}, value.Without(e.section.nameBy).MembersOrNil()...))
	}
	if e.dependsOn != nil {
		var names []any
		for _, ref := range e.dependsOn {
			names = append(names, ref.To.String())
		}
		value = value.WithMember("depends_on", document.FromJSON(names, &document.Value{}))
	}
	l.rendered[e.section.key] = append(l.rendered[e.section.key], e.member.With(e.key, l.withResolved(value)))
}

// withResolved is a value as a stack file writes it: what looks like an
// expression by now is none. Code is not looked into, as in [loader.expand].
func (l *loader) withResolved(v *document.Value) *document.Value {
	switch v.Kind {
	case document.String:
		if key, ok := l.resolved[v]; ok {
			return document.FromJSON(key, v)
		}
		if strings.Contains(v.Text, "${") {
			return document.FromJSON(strings.ReplaceAll(v.Text, "${", "$${"), v)
		}
	case document.List:
		items := make([]*document.Value, len(v.Items))
		for i, item := range v.Items {
			items[i] = l.withResolved(item)
		}
		return v.WithItems(items)
	case document.Map:
		members := slices.Clone(v.Members)
		for i := range members {
			if members[i].Key != "script" {
				members[i].Value = l.withResolved(members[i].Value)
			}
		}
		return v.WithMembers(members)
	}
	return v
}

// effective is the document that the entries which were loaded make.
func (l *loader) effective() *document.Value {
	var members []document.Member
	for _, m := range l.root.MembersOrNil() {
		switch m.Key {
		case "version", "account_id", "policies":
			members = append(members, m)
		case "guards", "removed":
			members = append(members, m.With(m.Key, l.withResolved(l.expand(m.Value, l.globals()))))
		case "variables":
			// Only the conditions of policies still have expressions to read them.
			if l.root.Get("policies") != nil {
				members = append(members, m.With(m.Key, document.FromJSON(l.variables, m.Value)))
			}
		case "name":
			members = append(members, m.With(m.Key, document.FromJSON(l.stack.Name, m.Value)))
		}
	}
	for _, s := range sections {
		if at := l.root.Member(s.key); at != nil {
			section := document.FromJSON(map[string]any{}, at.Value).WithMembers(l.rendered[s.key])
			members = append(members, at.With(at.Key, section))
		}
	}
	return l.root.WithMembers(members)
}
