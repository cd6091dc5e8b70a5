package stackfile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/expression"
)

// The names that expressions have besides the aliases of `for_each`.
const (
	nameVar         = "var"
	nameEnvironment = "environment"
	nameSelf        = "self"
)

// globals are what every expression can read. Without an environment there is
// none: a name that is made of it must not quietly be made of nothing.
func (l *loader) globals() map[string]any {
	globals := map[string]any{nameVar: l.variables, nameEnvironment: nil}
	if l.environment != "" {
		globals[nameEnvironment] = l.environment
	}
	return globals
}

// expand puts the results of expressions in their place. What holds none is
// returned as it is, so that a fleet shares it.
func (l *loader) expand(v *document.Value, values map[string]any) *document.Value {
	return withTexts(v, hasNoTemplates, func(text *document.Value) *document.Value { return l.evaluate(text, values) })
}

func hasNoTemplates(v *document.Value) bool { return !v.HasTemplates() }

// withTexts is a value with each text in it replaced. What is passed over, and
// what stays the same, is returned as it is. Code given in the file is not looked
// into: JavaScript's own templates are spelt as expressions are.
func withTexts(v *document.Value, passOver func(*document.Value) bool, replace func(*document.Value) *document.Value) *document.Value {
	if passOver != nil && passOver(v) {
		return v
	}
	switch v.Kind {
	case document.String:
		return replace(v)
	case document.List:
		var items []*document.Value
		for i, item := range v.Items {
			replaced := withTexts(item, passOver, replace)
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
			replaced := withTexts(m.Value, passOver, replace)
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

// scope sets the names that expressions can use from now on.
func (l *loader) scope(aliases ...string) {
	l.names = slices.Sorted(slices.Values(append(aliases, nameVar, nameEnvironment, nameSelf)))
	l.namesKey = strings.Join(l.names, " ")
}

// evaluate is the result of a string's expressions, in the string's place. After
// a mistake it is null, which nothing further is said about.
func (l *loader) evaluate(v *document.Value, values map[string]any) *document.Value {
	key := templateKey{v, l.namesKey}
	t, known := l.templates[key]
	if !known {
		compiled, err := expression.Compile(v.Text, l.names)
		t = &template{compiled, err != nil}
		l.templates[key] = t
		if err != nil {
			l.reportExpression(v, err)
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
	case err != nil && l.standIn:
		return document.Failure(v) // an item of the account may well have what this needs
	case err != nil:
		l.reportExpression(v, err)
		return document.Failure(v)
	}
	return document.FromJSON(result, v)
}

func (l *loader) reportExpression(v *document.Value, err *expression.Error) {
	at, hint := v.Range(), err.Hint
	line := []rune(v.Line(at.Line))
	if err.Unclosed && at.EndColumn > 0 && at.EndColumn <= len(line) && strings.HasPrefix(strings.TrimSpace(string(line[at.EndColumn-1:])), "#") {
		hint = "a # after a space begins a comment in YAML: quote the whole text"
	}
	l.report(spec.RuleExpression, v.RangeWithin(err.Offset, err.Length), err.Message, hint)
}

// condition is the value of a `where`, which may be written with or without ${}.
func (l *loader) condition(v *document.Value, values map[string]any) bool {
	if v == nil {
		return true
	}
	if v.Kind == document.Bool {
		return v.Bool
	}
	wrapped, known := l.conditions[v]
	if !known {
		wrapped = v
		if !v.HasTemplates() {
			wrapped = v.AsTemplate()
		}
		l.conditions[v] = wrapped
	}
	result := l.evaluate(wrapped, values)
	if result.Kind != document.Bool && result.Kind != document.Null {
		l.report(spec.RuleExpression, v.Range(), fmt.Sprintf("`where` is %s, and not true or false", result.Describe()), "compare something, as in customer.plan == 'pro'")
	}
	return result.IsTrue()
}

// related is what an instance's complaints point at besides the entry: the
// items that it was made of.
func (e entry) related() []diag.Related {
	var related []diag.Related
	for _, item := range e.items {
		related = append(related, diag.Related{Range: item.item.At(), Message: "for this item"})
	}
	return related
}
