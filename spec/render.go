package spec

import (
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/internal/diag"
	"github.com/wfpsync/wfpsync/spec/internal/document"
)

// Render writes the effective stack file: with what it includes, the environment's
// overlay and every default, profile and expression in its place, and each
// `for_each` written out. It is a stack file that means the same, and has the
// comments on what is still one thing in it. There are no secrets in it, since a
// stack file only says where they come from. Nothing is written when there are
// errors in the diagnostics; the error is that of writing.
func Render(to io.Writer, root fs.FS, name string, options Options) (diag.List, error) {
	l, list := open(root, name)
	if l == nil {
		return list, nil
	}
	l.rendering = &rendering{sections: map[string][]document.Member{}}
	list = l.run(options)
	if list.HasErrors() {
		return list, nil
	}
	return list, document.Write(to, l.effective())
}

// rendering holds the entries of each section as they were loaded.
type rendering struct {
	sections map[string][]document.Member

	// pointer is the declaration of the last entry, of which there have been
	// that many, and rest are those that are not held but written.
	pointer string
	count   int
	rest    *document.Lines
}

// held is how many entries of a fleet are held as they are. With two of them it
// is known that their lines are there more than once, and a comment on such
// a line stays nowhere.
const held = 2

// add puts an entry below those of its section.
func (r *rendering) add(d declaration, m document.Member) {
	if d.pointer != r.pointer {
		r.pointer, r.count, r.rest = d.pointer, 0, nil
	}
	if r.count++; r.count <= held {
		r.sections[d.section.key] = append(r.sections[d.section.key], m)
		return
	}
	if r.rest == nil {
		r.rest = document.NewLines()
		r.sections[d.section.key] = append(r.sections[d.section.key], r.rest.Member())
	}
	r.rest.Add(m)
}

// render keeps an entry as it was loaded: with its name where the key is not it,
// and its references saying which of many they mean.
func (l *loader) render(e entry) {
	hasName := e.name != e.key
	members := make([]document.Member, 0, len(e.value.MembersOrNil())+1)
	if hasName {
		name := document.NewMember(e.section.nameBy, document.FromJSON(e.name, &document.Value{}))
		if given := e.value.Member(e.section.nameBy); given != nil {
			name = given.With(given.Key, document.FromJSON(e.name, given.Value))
		}
		members = append(members, name)
	}
	idle := idleKeys(e.value)
	for _, m := range e.value.MembersOrNil() {
		switch {
		case m.Key == "for_each", m.Key == "where", m.Key == "extends", slices.Contains(idle, m.Key):
		case m.Key == e.section.nameBy && hasName:
		case m.Key == "depends_on" && e.dependsOn != nil:
			var names []any
			for _, ref := range e.dependsOn {
				names = append(names, ref.To.String())
			}
			members = append(members, m.With(m.Key, document.FromJSON(names, &document.Value{})))
		default:
			members = append(members, m)
		}
	}
	value := document.FromJSON(map[string]any{}, e.value).WithMembers(members)
	l.rendering.add(e.declaration, e.member.With(e.key, l.withResolved(value)))
}

// withResolved is a value as a stack file writes it: what looks like an
// expression by now is none. Code is not looked into, as in [loader.expand]. What
// is written as it stands is returned as it is.
func (l *loader) withResolved(v *document.Value) *document.Value {
	switch v.Kind {
	case document.String:
		if key, ok := l.resolved[v]; ok {
			return document.FromJSON(key, v)
		}
		if strings.Contains(v.Text, "${") {
			return document.FromJSON(escaped(v.Text), v)
		}
	case document.List:
		var items []*document.Value
		for i, item := range v.Items {
			resolved := l.withResolved(item)
			if items == nil && resolved != item {
				items = slices.Clone(v.Items)
			}
			if items != nil {
				items[i] = resolved
			}
		}
		if items != nil {
			return v.WithItems(items)
		}
	case document.Map:
		var members []document.Member
		for i, m := range v.Members {
			if m.Key == "script" {
				continue
			}
			resolved := l.withResolved(m.Value)
			if members == nil && resolved != m.Value {
				members = slices.Clone(v.Members)
			}
			if members != nil {
				members[i].Value = resolved
			}
		}
		if members != nil {
			return v.WithMembers(members)
		}
	}
	return v
}

// escaped is a text that has no expressions, as a stack file writes it.
func escaped(text string) string { return strings.ReplaceAll(text, "${", "$${") }

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
			section := document.FromJSON(map[string]any{}, at.Value).WithMembers(l.rendering.sections[s.key])
			members = append(members, at.With(at.Key, section))
		}
	}
	return l.root.WithMembers(members)
}
