package stackfile

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/complaint"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// readVariables gives every variable its value: from the command line, else
// from the environment variable that it names, else its default. A plain value
// in the place of a declaration is its default.
func readVariables(c *complaint.Collector, root *document.Value, options Options) map[string]any {
	variables := map[string]any{}
	declared := root.Get("variables")
	for _, m := range declared.MembersOrNil() {
		variables[m.Key] = variable(c, m, options)
	}
	for _, name := range slices.Sorted(maps.Keys(options.Variables)) {
		if declared.Member(name) == nil {
			hint := fmt.Sprintf("declare it: `variables: { %s: {} }`", name)
			if near := diag.Nearest(name, slices.Collect(maps.Keys(variables))); near != "" {
				hint = fmt.Sprintf("did you mean %q?", near)
			}
			c.Report(spec.RuleVariable, root.Range(), fmt.Sprintf("the variable %q is given and not declared", name), hint)
		}
	}
	return variables
}

// variableKeys are what a variable's declaration may have.
var variableKeys = []string{"default", "description", "env"}

// variable returns one variable's value, nil after a complaint.
func variable(c *complaint.Collector, m document.Member, options Options) any {
	if value, given := options.Variables[m.Key]; given {
		return value
	}
	if m.Value.Kind != document.Map {
		if m.Value.Kind == document.Null {
			reportUnset(c, m, "")
			return nil
		}
		return m.Value.JSON()
	}
	if slices.ContainsFunc(m.Value.Members, func(part document.Member) bool { return !slices.Contains(variableKeys, part.Key) }) {
		return m.Value.JSON() // the schema has said where such a value belongs
	}
	env := m.Value.Get("env")
	if env.String() != "" && !strings.HasPrefix(env.Text, VariablePrefix) {
		c.Report(spec.RuleVariable, env.Range(), fmt.Sprintf("the environment variable %q cannot become a value", env.Text),
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
	reportUnset(c, m, env.String())
	return nil
}

func reportUnset(c *complaint.Collector, m document.Member, env string) {
	hint := fmt.Sprintf("give it with --var %s=VALUE, or a `default`", m.Key)
	if env != "" {
		hint = fmt.Sprintf("set %s, or give it with --var %s=VALUE, or a `default`", env, m.Key)
	}
	c.Report(spec.RuleVariable, m.Range(), fmt.Sprintf("the variable %q has no value", m.Key), hint)
}

// ParseVariables reads a file of variables: a YAML or JSON mapping of names to
// values.
func ParseVariables(name string, content []byte) (map[string]any, diag.List) {
	value, list := document.Parse(name, content)
	if value == nil {
		return nil, list
	}
	if value.Kind != document.Map {
		list = append(list, diag.Diagnostic{Severity: diag.Error, Rule: spec.RuleVariable, Message: "a file of variables is a mapping of names to values, and this is " + value.Describe(), Range: value.Range(), Snippet: value.Line(value.Range().Line)})
		return nil, list
	}
	return value.JSON().(map[string]any), list
}
