package spec

import (
	"fmt"

	"github.com/wfpsync/wfpsync/internal/diag"
	"github.com/wfpsync/wfpsync/spec/internal/document"
)

// overlay lays the chosen environment over the file. Unlike wrangler's
// environments it inherits everything: maps merge, lists of bindings merge by
// the name they bind, other lists are replaced, and null takes away.
func (l *loader) overlay(name string) {
	environments := l.root.Get("environments")
	l.root = l.root.Without("environments")
	if name == "" {
		return
	}
	chosen := environments.Member(name)
	if chosen == nil {
		var names []string
		for _, m := range environments.MembersOrNil() {
			names = append(names, m.Key)
		}
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
		l.report(RuleEnvironment, at, fmt.Sprintf("there is no environment %q", name), hint)
		return
	}
	l.environment = name
	merged := document.Merge(l.root, chosen.Value)
	if merged.Kind == document.Map {
		merged = l.root.WithMembers(merged.Members) // whose place is the file, not the environment
	}
	l.root = merged
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
	claims := map[Address]claim{}
	warned := map[Address]bool{}
	for _, m := range environments.MembersOrNil() {
		options.Environment = m.Key
		other := newLoader(l.name, document.Merge(base, m.Value))
		other.environment = m.Key
		other.readVariables(options)
		for _, store := range other.stores() {
			first, taken := claims[store.To]
			switch {
			case !taken:
				claims[store.To] = claim{m.Key, m.Range()}
			case store.To.Kind == KindDispatchNamespace:
				l.report(RuleEnvironment, m.Range(), fmt.Sprintf("the environments %q and %q share the dispatch namespace %q", first.environment, m.Key, store.To.Name),
					"give each its own, such as `name: customers-${environment}`", diag.Related{Range: first.at, Message: "the other environment"})
			case !warned[store.To]:
				warned[store.To] = true
				l.warn(RuleSharedStore, store.At, fmt.Sprintf("the environments %q and %q share %s, which goes when one of them is destroyed", first.environment, m.Key, store.To),
					"give each its own, such as `name: data-${environment}`, or let all but one say `external: true`")
			}
		}
	}
}

// stores are the namespaces and stores that the file declares to be its own,
// as far as their names can be told without a list, in the order of the file.
func (l *loader) stores() []Reference {
	var stores []Reference
	for _, s := range sections {
		if s.worker {
			continue // a Worker carries the mark of its environment
		}
		for _, m := range l.root.Get(s.key).MembersOrNil() {
			if m.Value.Get("external").IsTrue() || m.Value.Get("for_each") != nil {
				continue
			}
			name := m.Key
			if given := m.Value.Get(s.nameBy); given != nil {
				name = l.expand(given, l.globals()).String()
			}
			a := Address{Kind: s.kind, Name: name}
			if s.parentOf != nil {
				a.Parent = s.parentOf(l.expand(m.Value, l.globals()))
			}
			if name != "" {
				stores = append(stores, Reference{To: a, At: m.Range()})
			}
		}
	}
	return stores
}
