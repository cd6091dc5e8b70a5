package stackfile

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// readVariables gives every variable its value: from the command line, else
// from the environment variable that it names, else its default. A plain value
// in the place of a declaration is its default.
func (l *loader) readVariables(options Options) {
	l.variables = map[string]any{}
	declared := l.root.Get("variables")
	for _, m := range declared.MembersOrNil() {
		l.variables[m.Key] = l.variable(m, options)
	}
	for _, name := range slices.Sorted(maps.Keys(options.Variables)) {
		if declared.Member(name) == nil {
			hint := fmt.Sprintf("declare it: `variables: { %s: {} }`", name)
			if near := diag.Nearest(name, slices.Collect(maps.Keys(l.variables))); near != "" {
				hint = fmt.Sprintf("did you mean %q?", near)
			}
			l.report(spec.RuleVariable, l.root.Range(), fmt.Sprintf("the variable %q is given and not declared", name), hint)
		}
	}
}

// variableKeys are what a variable's declaration may have.
var variableKeys = []string{"default", "description", "env"}

// variable is one variable's value, nil after a complaint.
func (l *loader) variable(m document.Member, options Options) any {
	if value, given := options.Variables[m.Key]; given {
		return value
	}
	if m.Value.Kind != document.Map {
		if m.Value.Kind == document.Null {
			l.reportUnset(m, "")
			return nil
		}
		return m.Value.JSON()
	}
	if slices.ContainsFunc(m.Value.Members, func(part document.Member) bool { return !slices.Contains(variableKeys, part.Key) }) {
		return m.Value.JSON() // the schema has said where such a value belongs
	}
	env := m.Value.Get("env")
	if env.String() != "" && !strings.HasPrefix(env.Text, VariablePrefix) {
		l.report(spec.RuleVariable, env.Range(), fmt.Sprintf("the environment variable %q cannot become a value", env.Text),
			fmt.Sprintf("only names that begin with %s can, so that a stack file cannot print other secrets", VariablePrefix))
		return nil
	}
	if env.String() != "" && options.LookupVariable != nil {
		if value, set := options.LookupVariable(env.Text); set {
			return value
		}
	}
	if value := m.Value.Get("default"); value != nil {
		return value.JSON()
	}
	l.reportUnset(m, env.String())
	return nil
}

func (l *loader) reportUnset(m document.Member, env string) {
	hint := fmt.Sprintf("give it with --var %s=VALUE, or a `default`", m.Key)
	if env != "" {
		hint = fmt.Sprintf("set %s, or give it with --var %s=VALUE, or a `default`", env, m.Key)
	}
	l.report(spec.RuleVariable, m.Range(), fmt.Sprintf("the variable %q has no value", m.Key), hint)
}
