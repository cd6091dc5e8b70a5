package spec

import (
	"fmt"
	"slices"

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
	l.root = document.Merge(l.root, chosen.Value)
}

// checkEnvironments refuses two environments that resolve to one namespace: the
// one would take the other's user Workers for its own, or for strangers.
func (l *loader) checkEnvironments(environments *document.Value, base *document.Value, options Options) {
	type claim struct {
		environment string
		at          diag.Range
	}
	claims := map[string]claim{}
	for _, m := range environments.MembersOrNil() {
		options.Environment = m.Key
		other := newLoader(l.name, document.Merge(base, m.Value))
		other.environment = m.Key
		other.readVariables(options)
		for _, namespace := range other.namespaceNames() {
			first, taken := claims[namespace]
			if !taken {
				claims[namespace] = claim{m.Key, m.Range()}
				continue
			}
			l.report(RuleEnvironment, m.Range(), fmt.Sprintf("the environments %q and %q share the dispatch namespace %q", first.environment, m.Key, namespace),
				"give each its own, such as `name: customers-${environment}`", diag.Related{Range: first.at, Message: "the other environment"})
		}
	}
}

// namespaceNames are the dispatch namespaces of the file, as far as their names
// can be told.
func (l *loader) namespaceNames() []string {
	var names []string
	for _, m := range l.root.Get("dispatch_namespaces").MembersOrNil() {
		name := m.Key
		if given := m.Value.Get("name"); given != nil {
			name = l.expand(given, l.globals()).String()
		}
		if name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
