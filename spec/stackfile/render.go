package stackfile

import (
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/expand"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/expression"
)

// Render writes the effective stack file: with what it includes, the environment's
// overlay and every default, profile and expression in its place, and each
// `for_each` written out. It is a stack file that means the same, and has the
// comments on what is still one thing in it. There are no secrets in it, since a
// stack file only says where they come from. Nothing is written when there are
// errors in the diagnostics; the error is that of writing.
func Render(to io.Writer, root fs.FS, name string, options Options) (diag.List, error) {
	l, list := run(root, name, options, &rendering{sections: map[string][]document.Member{}})
	if l == nil || list.HasErrors() {
		return list, nil
	}
	return list, document.Write(to, l.effective())
}

// rendering holds the entries of each section as they were loaded.
type rendering struct {
	sections map[string][]document.Member
	removed  []*document.Value // the addresses of `removed`

	// pointer is the declaration of the last entry, and how many it had; rest
	// are those that are not held but written.
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
		r.sections[d.section.Section] = append(r.sections[d.section.Section], m)
		return
	}
	if r.rest == nil {
		r.rest = document.NewLines()
		r.sections[d.section.Section] = append(r.sections[d.section.Section], r.rest.Member())
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
		case m.Key == "rollout" && len(e.items) > 0: // which is that of all of them
			fleet := document.NewMember("fleet", document.FromJSON(fleetName(e), m.Value))
			rest := m.Value.Without("fleet").MembersOrNil()
			members = append(members, m.With(m.Key, m.Value.WithMembers(append([]document.Member{fleet}, rest...))))
		default:
			members = append(members, m)
		}
	}
	value := document.FromJSON(map[string]any{}, e.value).WithMembers(members)
	l.rendering.add(e.declaration, e.member.With(e.key, l.withResolved(value)))
}

// renderTemplate keeps a template as it is, with what it takes over below it and
// the expressions replaced that do not read what is discovered: which Workers it
// is for, only the account knows, and a file that named them would own them.
func (l *loader) renderTemplate(d declaration) {
	e := entry{declaration: d, key: d.member.Key, value: d.member.Value, values: l.Globals()}
	merged := withoutUnmanaged(l.defaults.withDefaults(e), d.member.Value.Get("manage").Strings())
	value := l.withGlobals(merged, d.loops[0].alias).Without("extends")
	l.rendering.add(d, d.member.With(d.member.Key, value))
}

// withGlobals returns a value with the expressions replaced that need no item.
// What is left of the others reads variables, which the effective file has, and
// cannot read the environment, which it has not.
func (l *loader) withGlobals(v *document.Value, alias string) *document.Value {
	return expand.WithTexts(v, expand.HasNoTemplates, func(text *document.Value) *document.Value {
		if compiled, err := expression.Compile(text.Text, expression.Scope{expand.NameEnvironment, expand.NameVar}); err == nil && compiled != nil {
			return l.withResolved(l.Evaluate(text, l.Globals()))
		}
		if _, err := expression.Compile(text.Text, expression.Scope{expand.NameSelf, expand.NameVar, alias}); err != nil {
			l.Report(spec.RuleExpression, text.Range(), "this cannot be rendered: it reads both the item and the environment", "let a variable hold what depends on the environment: `environments` can set its default")
		}
		return text
	})
}

// withResolved returns a value as a stack file writes it: text that looks like
// an expression by now is not one.
func (l *loader) withResolved(v *document.Value) *document.Value {
	return expand.WithTexts(v, nil, func(text *document.Value) *document.Value {
		if key, ok := l.resolved[text]; ok {
			return document.FromJSON(key, text)
		}
		if strings.Contains(text.Text, "${") {
			return document.FromJSON(escaped(text.Text), text)
		}
		return text
	})
}

// escaped returns text that has no expressions, as a stack file writes it.
func escaped(text string) string { return strings.ReplaceAll(text, "${", "$${") }

// discoveredLists returns the lists whose items the account has.
func (l *loader) discoveredLists(lists *document.Value) *document.Value {
	var members []document.Member
	for _, m := range lists.MembersOrNil() {
		if read := l.lists[m.Key]; read != nil && read.Discovery != nil {
			members = append(members, m.With(m.Key, l.withResolved(l.Expand(m.Value, l.Globals()))))
		}
	}
	return document.FromJSON(map[string]any{}, lists).WithMembers(members)
}

// effective returns the document that the entries which were loaded make.
func (l *loader) effective() *document.Value {
	var members []document.Member
	for _, m := range l.file.Root.MembersOrNil() {
		switch m.Key {
		case "version", "account_id", "policies":
			members = append(members, m)
		case "guards":
			members = append(members, m.With(m.Key, l.withResolved(l.Expand(m.Value, l.Globals()))))
		case "lists":
			if discovered := l.discoveredLists(m.Value); len(discovered.Members) > 0 {
				members = append(members, m.With(m.Key, discovered))
			}
		case "removed":
			members = append(members, m.With(m.Key, l.withResolved(m.Value.WithItems(l.rendering.removed))))
		case "variables":
			// Only the conditions of policies, and templates, still have expressions to
			// read them.
			if l.file.Root.Get("policies") != nil || len(l.stack.Discoveries) > 0 {
				members = append(members, m.With(m.Key, document.FromJSON(l.Variables(), m.Value)))
			}
		case "name":
			members = append(members, m.With(m.Key, document.FromJSON(l.stack.Name, m.Value)))
		}
	}
	for _, s := range sections {
		if at := l.file.Root.Member(s.Section); at != nil {
			section := document.FromJSON(map[string]any{}, at.Value).WithMembers(l.rendering.sections[s.Section])
			members = append(members, at.With(at.Key, section))
		}
	}
	return l.file.Root.WithMembers(members)
}
