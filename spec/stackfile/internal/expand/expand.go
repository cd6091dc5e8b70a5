// Package expand puts the results of expressions in the place of expressions.
package expand

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/complaint"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/expression"
)

// The names that expressions have besides the aliases of `for_each`.
const (
	NameVar         = "var"
	NameEnvironment = "environment"
	NameSelf        = "self"
)

// An Expander replaces the expressions in values of a stack file.
type Expander struct {
	*complaint.Collector

	variables   map[string]any
	environment string

	names    []string // that expressions can use; see [Expander.SetAliases]
	namesKey string
	standIn  bool

	templates  map[templateKey]*template
	conditions map[*document.Value]*document.Value
}

// New returns an expander for expressions that read the variables, and the environment
// unless it is "".
func New(c *complaint.Collector, environment string, variables map[string]any) *Expander {
	x := &Expander{
		Collector:   c,
		variables:   variables,
		environment: environment,
		templates:   map[templateKey]*template{},
		conditions:  map[*document.Value]*document.Value{},
	}
	x.SetAliases()
	return x
}

// Variables returns the values of the variables.
func (x *Expander) Variables() map[string]any { return x.variables }

// Globals returns what every expression can read. Without an environment there
// is none: a name that is made of it must not quietly be made of nothing.
func (x *Expander) Globals() map[string]any {
	globals := map[string]any{NameVar: x.variables, NameEnvironment: nil}
	if x.environment != "" {
		globals[NameEnvironment] = x.environment
	}
	return globals
}

// Expand puts the results of expressions in their place. What holds none is
// returned as it is, so that a fleet shares it.
func (x *Expander) Expand(v *document.Value, values map[string]any) *document.Value {
	return WithTexts(v, HasNoTemplates, func(text *document.Value) *document.Value { return x.Evaluate(text, values) })
}

// HasNoTemplates reports whether no text in a value has an expression.
func HasNoTemplates(v *document.Value) bool { return !v.HasTemplates() }

// WithTexts returns a value with each text in it replaced. What is passed over,
// and what stays the same, is returned as it is. Code given in the file is not
// looked into: JavaScript's own templates are spelt as expressions are.
func WithTexts(v *document.Value, passOver func(*document.Value) bool, replace func(*document.Value) *document.Value) *document.Value {
	if passOver != nil && passOver(v) {
		return v
	}
	switch v.Kind {
	case document.String:
		return replace(v)
	case document.List:
		var items []*document.Value
		for i, item := range v.Items {
			replaced := WithTexts(item, passOver, replace)
			if items == nil && replaced != item {
				items = slices.Clone(v.Items)
			}
			if items != nil {
				items[i] = replaced
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
			replaced := WithTexts(m.Value, passOver, replace)
			if members == nil && replaced != m.Value {
				members = slices.Clone(v.Members)
			}
			if members != nil {
				members[i].Value = replaced
			}
		}
		if members != nil {
			return v.WithMembers(members)
		}
	}
	return v
}

// template is a string's expressions, compiled once however often it is used.
type template struct {
	compiled *expression.Template
	failed   bool
}

// templateKey is a string of the file, and the names it may use: one that
// stands in `defaults` is used where different aliases are known.
type templateKey struct {
	text  *document.Value
	names string
}

// SetAliases sets the names that expressions can use from now on, besides those that
// they always have.
func (x *Expander) SetAliases(aliases ...string) {
	x.names = slices.Sorted(slices.Values(append(aliases, NameVar, NameEnvironment, NameSelf)))
	x.namesKey = strings.Join(x.names, " ")
}

// Scope returns the names that expressions can use now.
func (x *Expander) Scope() expression.Scope { return x.names }

// SetStandIn says whether expressions read an item that stands in for those of
// the account. Such an item may lack what an expression needs, so that is not
// reported.
func (x *Expander) SetStandIn(standIn bool) { x.standIn = standIn }

// Evaluate returns the result of a string's expressions, in the string's place.
// After a mistake it is null, which nothing further is said about.
func (x *Expander) Evaluate(v *document.Value, values map[string]any) *document.Value {
	key := templateKey{v, x.namesKey}
	t, known := x.templates[key]
	if !known {
		compiled, err := expression.Compile(v.Text, x.names)
		t = &template{compiled, err != nil}
		x.templates[key] = t
		if err != nil {
			x.ReportExpression(v, err)
		}
	}
	switch {
	case t.failed:
		return document.Failure(v)
	case t.compiled == nil:
		return v
	}
	result, err := t.compiled.Eval(values)
	switch {
	case err != nil && x.standIn:
		return document.Failure(v) // an item of the account may well have what this needs
	case err != nil:
		x.ReportExpression(v, err)
		return document.Failure(v)
	}
	return document.FromJSON(result, v)
}

// ReportExpression reports what is wrong with an expression in text.
func (x *Expander) ReportExpression(v *document.Value, err *expression.Error) {
	at, hint := v.Range(), err.Hint
	line := []rune(v.Line(at.Line))
	if err.Unclosed && at.EndColumn > 0 && at.EndColumn <= len(line) && strings.HasPrefix(strings.TrimSpace(string(line[at.EndColumn-1:])), "#") {
		hint = "a # after a space begins a comment in YAML: quote the whole text"
	}
	x.Report(spec.RuleExpression, v.RangeWithin(err.Offset, err.Length), err.Message, hint)
}

// Condition returns the value of a `where`, which may be written with or
// without ${}.
func (x *Expander) Condition(v *document.Value, values map[string]any) bool {
	if v == nil {
		return true
	}
	if v.Kind == document.Bool {
		return v.Bool
	}
	wrapped, known := x.conditions[v]
	if !known {
		wrapped = v
		if !v.HasTemplates() {
			wrapped = v.AsTemplate()
		}
		x.conditions[v] = wrapped
	}
	result := x.Evaluate(wrapped, values)
	if result.Kind != document.Bool && result.Kind != document.Null {
		x.Report(spec.RuleExpression, v.Range(), fmt.Sprintf("`where` is %s, not true or false", result.Describe()), "compare something, as in customer.plan == 'pro'")
	}
	return result.IsTrue()
}
