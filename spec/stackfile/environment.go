package stackfile

import (
	"fmt"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/schema"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// overlay lays the chosen environment over the file. Unlike wrangler's
// environments it inherits everything: maps merge, lists of bindings merge by
// the name they bind, other lists are replaced, and null takes away.
func (l *loader) overlay(name string) {
	environments := l.root.Get("environments")
	l.checkEnvironmentsShape()
	l.root = l.root.Without("environments")
	for _, m := range environments.MembersOrNil() {
		l.stack.Environments = append(l.stack.Environments, m.Key)
	}
	if name == "" {
		l.environment = l.options.AsIf
		return
	}
	chosen := environments.Member(name)
	if chosen == nil {
		names := l.stack.Environments
		hint := "the file has no `environments`"
		if near := diag.Nearest(name, names); near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		} else if len(names) > 0 {
			hint = "the environments are " + joinKeys(names)
		}
		at := l.root.Range()
		if environments != nil {
			at = environments.Range()
		}
		l.report(spec.RuleEnvironment, at, fmt.Sprintf("there is no environment %q", name), hint)
		return
	}
	l.environment = name
	l.checkNearNames(chosen.Value)
	l.root = l.root.WithMembers(withOverlay(l.root, chosen.Value).Members) // whose place is the file, not the environment
}

// withOverlay is a file with an environment over it, which may be empty.
func withOverlay(base, overlay *document.Value) *document.Value {
	if overlay.Kind != document.Map {
		return base
	}
	return document.Merge(base, overlay)
}

// checkEnvironmentsShape compares the section itself with the JSON Schema. What
// is in an environment is looked at when it lies over the file.
func (l *loader) checkEnvironmentsShape() {
	if section := l.root.Get("environments"); section != nil {
		for _, v := range schema.ValidateStack(map[string]any{"version": 1.0, "name": "stack", "environments": section.JSON()}) {
			value, member := l.root.Find(v.Pointer)
			l.complain(v, value, member)
		}
		for _, m := range section.MembersOrNil() {
			for _, key := range []string{"include", "environments"} {
				if member := m.Value.Member(key); member != nil {
					l.report(spec.RuleEnvironment, member.Range(), fmt.Sprintf("`%s` does nothing in an environment", key), "write it at the top of the file")
				}
			}
		}
	}
}

// checkNearNames warns of what an environment adds under a name that is nearly
// one of the file's: most likely it was meant to change that.
func (l *loader) checkNearNames(overlay *document.Value) {
	keys := []string{"variables", "lists", "profiles", "policies"}
	for _, s := range sections {
		keys = append(keys, s.Section)
	}
	for _, key := range keys {
		below, above := l.root.Get(key), overlay.Get(key)
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
				l.warn(spec.RuleNearName, m.Range(), fmt.Sprintf("only this environment has %q in `%s`", m.Key, key), fmt.Sprintf("did you mean %q?", near))
			}
		}
	}
}

// claim is an environment's use of a name.
type claim struct {
	environment string
	at          diag.Range // of the environment
}

// checkEnvironments refuses two environments that resolve to one dispatch
// namespace: the one would take the other's user Workers for its own, or for
// strangers. It warns of a store that two of them declare, which goes when one
// of them is destroyed.
func (l *loader) checkEnvironments(environments *document.Value, base *document.Value, options Options) {
	claims := map[spec.Address]claim{}
	warned := map[spec.Address]bool{}
	for _, m := range environments.MembersOrNil() {
		options.Environment = m.Key
		other := newLoader(l.name, withOverlay(base, m.Value))
		other.environment = m.Key
		other.readVariables(options)
		for _, store := range other.stores() {
			first, taken := claims[store.To]
			switch {
			case !taken:
				claims[store.To] = claim{m.Key, m.Range()}
			case store.To.Kind == spec.KindDispatchNamespace:
				l.report(spec.RuleEnvironment, m.Range(), fmt.Sprintf("the environments %q and %q share the dispatch namespace %q", first.environment, m.Key, store.To.Name),
					"give each its own, such as `name: customers-${environment}`", diag.Related{Range: first.at, Message: "the other environment"})
			case !warned[store.To]:
				warned[store.To] = true
				l.warn(spec.RuleSharedStore, store.At, fmt.Sprintf("the environments %q and %q share %s, which goes when one of them is destroyed", first.environment, m.Key, store.To),
					"give each its own, such as `name: data-${environment}`, or let all but one say `external: true`")
			}
		}
	}
}

// stores are the namespaces and stores that the file declares to be its own,
// as far as their names can be told without a list, in the order of the file.
func (l *loader) stores() []spec.Reference {
	var stores []spec.Reference
	for _, s := range sections {
		if s.worker {
			continue // a Worker carries the mark of its environment
		}
		for _, m := range l.root.Get(s.Section).MembersOrNil() {
			if m.Value.Get("external").IsTrue() || m.Value.Get("for_each") != nil {
				continue
			}
			name := m.Key
			if given := m.Value.Get(s.nameBy); given != nil {
				name = l.expand(given, l.globals()).String()
			}
			a := spec.Address{Kind: s.Kind, Name: name}
			if s.parentOf != nil {
				a.Parent = s.parentOf(l.expand(m.Value, l.globals()))
			}
			if name != "" {
				stores = append(stores, spec.Reference{To: a, At: m.Range()})
			}
		}
	}
	return stores
}
