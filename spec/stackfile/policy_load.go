package stackfile

import (
	"fmt"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/internal/text"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/expand"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/expression"
)

// judgment is the compiled texts of a policy.
type judgment struct {
	at                 diag.Range // of the condition
	condition, message clause
	globals            map[string]any
}

// clause is a compiled text of a policy.
type clause struct {
	value    *document.Value
	template *expression.Template // nil for text without expressions
	shift    int                  // characters before the text that are not in the file
}

// nameChange is the name by which a policy's expressions know the change.
const nameChange = "change"

// readPolicies reads `policies`.
func (l *loader) readPolicies() {
	for _, m := range l.file.Root.Get("policies").MembersOrNil() {
		if l.IsBroken("/policies/" + text.EscapePointer(m.Key)) {
			continue
		}
		deny, warn := m.Value.Member("deny"), m.Value.Member("warn")
		if (deny == nil) == (warn == nil) {
			l.Report(spec.RuleOneOf, m.Range(), fmt.Sprintf("the policy %q has %s", m.Key, map[bool]string{true: "neither deny nor warn", false: "both deny and warn"}[deny == nil]),
				"write the condition under deny, which blocks a change, or under warn, which does not")
			continue
		}
		j := &judgment{globals: l.Globals()}
		condition := deny
		if condition == nil {
			condition = warn
		}
		j.at = condition.Value.Range()
		text, shift := condition.Value.Text, 0
		if !condition.Value.HasTemplates() {
			text, shift = "${"+text+"}", len("${")
		}
		whole := l.compileClause(&j.condition, condition.Value, text, shift)
		message := m.Value.Get("message")
		if l.compileClause(&j.message, message, message.Text, 0) && whole {
			l.stack.Policies = append(l.stack.Policies, &spec.Policy{Name: m.Key, Deny: deny != nil, At: j.at, Judge: j.judge})
		}
	}
}

func (l *loader) compileClause(c *clause, value *document.Value, text string, shift int) bool {
	c.value, c.shift = value, shift
	scope := expression.Scope{nameChange, expand.NameEnvironment, expand.NameVar}
	compiled, err := expression.CompileKnowing(text, scope, expression.Members{nameChange: spec.PolicyMembers})
	if err != nil {
		l.Report(spec.RuleExpression, c.place(err), err.Message, err.Hint)
		return false
	}
	c.template = compiled
	return true
}

// place returns where the file has what an expression is wrong about.
func (c clause) place(err *expression.Error) diag.Range {
	return c.value.RangeWithin(err.Offset-c.shift, err.Length)
}

// eval returns the clause's value for a change.
func (j *judgment) eval(c clause, change spec.Object) (any, *diag.Diagnostic) {
	if c.template == nil {
		return c.value.Text, nil
	}
	values := map[string]any{nameChange: change}
	for name, value := range j.globals {
		values[name] = value
	}
	result, err := c.template.Eval(values)
	if err != nil {
		at := c.place(err)
		return nil, &diag.Diagnostic{Severity: diag.Error, Message: err.Message, Hint: err.Hint, Range: at, Snippet: c.value.Line(at.Line)}
	}
	return result, nil
}

// judge returns [spec.Policy.Judge].
func (j *judgment) judge(change spec.Object) (holds bool, message string, fault *diag.Diagnostic) {
	result, fault := j.eval(j.condition, change)
	if fault != nil {
		return false, "", fault
	}
	holds, ok := result.(bool)
	if !ok {
		return false, "", &diag.Diagnostic{
			Severity: diag.Error, Range: j.at, Snippet: j.condition.value.Line(j.at.Line),
			Message: "the condition is " + document.FromJSON(result, j.condition.value).Describe() + ", not true or false",
			Hint:    "compare something, as in change.action == 'delete'",
		}
	}
	if !holds {
		return false, "", nil
	}
	said, fault := j.eval(j.message, change)
	if fault != nil {
		return true, "", fault
	}
	return true, fmt.Sprint(said), nil
}
