package planner

import (
	"fmt"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// policyPrefix tells a policy's name from a guard's. Nothing acknowledges a
// policy but a change of the file.
const policyPrefix = "policy/"

// mostWarnings is how many places of the file a policy warns of. A template is
// one of them, however many it makes.
const mostWarnings = 20

// judge asks the policies of the file about every change that nothing else is in
// the way of, and blocks what one denies.
func (p *planning) judge() []Verdict {
	if len(p.desired.Policies) == 0 {
		return nil
	}
	var open []*Change
	var subjects []spec.Object
	for _, a := range p.changed() {
		if c := p.changes[a]; c.Blocked == nil {
			open, subjects = append(open, c), append(subjects, p.subject(c))
		}
	}
	var verdicts []Verdict
	for _, policy := range p.desired.Policies {
		denied := p.ask(policy, open, subjects)
		if denied > 0 {
			verdicts = append(verdicts, Verdict{
				Guard: policyPrefix + policy.Name, Result: Refused, Measured: denied,
				Message: fmt.Sprintf("changes that it denies: %d", denied),
			})
		}
	}
	return verdicts
}

// ask asks one policy, and counts what it denies. What two policies deny is
// blocked by the first of them. A policy that cannot tell keeps the plan from
// being applied: it may be the one that would have denied.
func (p *planning) ask(policy *spec.Policy, changes []*Change, subjects []spec.Object) (denied int) {
	warnings := map[diag.Range]*policyWarning{}
	var places []diag.Range
	for i, c := range changes {
		holds, message, fault := policy.Judge(subjects[i])
		switch {
		case fault != nil:
			fault.Rule = RulePolicyFault
			fault.Message = fmt.Sprintf("the policy %q cannot tell about %s: %s", policy.Name, c.Address, fault.Message)
			p.diagnostics = append(p.diagnostics, *fault)
			return denied
		case !holds:
		case policy.Deny:
			denied++
			if c.Blocked == nil {
				c.Blocked = &Block{By: policyPrefix + policy.Name, Message: fmt.Sprintf("the policy %q denies it: %s", policy.Name, message), At: policy.At}
			}
		case warnings[c.At] == nil:
			warnings[c.At] = &policyWarning{first: c.Address, message: message}
			places = append(places, c.At)
		default:
			warnings[c.At].more++
		}
	}
	for i, at := range places {
		if i == mostWarnings {
			p.diagnostics = append(p.diagnostics, diag.Diagnostic{
				Severity: diag.Warning, Rule: RulePolicyWarning, Range: policy.At,
				Message: fmt.Sprintf("the policy %q warns of further places: %d", policy.Name, len(places)-i),
			})
			break
		}
		p.diagnostics = append(p.diagnostics, warnings[at].diagnostic(policy, at))
	}
	return denied
}

// policyWarning is what a policy warns of at one place of the file.
type policyWarning struct {
	first   spec.Address
	message string
	more    int
}

func (w *policyWarning) diagnostic(policy *spec.Policy, at diag.Range) diag.Diagnostic {
	who := w.first.String()
	if w.more > 0 {
		who = fmt.Sprintf("%s and %d more", who, w.more)
	}
	d := diag.Diagnostic{
		Severity: diag.Warning, Rule: RulePolicyWarning, Range: at,
		Message: fmt.Sprintf("%s: %s", who, w.message),
		Related: []diag.Related{{Range: policy.At, Message: fmt.Sprintf("the policy %q", policy.Name)}},
	}
	if at.IsZero() { // it is to be deleted
		d.Range, d.Related = policy.At, nil
	}
	return d
}

// subject is a change as policies see it: every member of [spec.PolicyMembers],
// as JSON has it.
func (p *planning) subject(c *Change) spec.Object {
	before, after := spec.Object{}, spec.Object{}
	if live := p.live.Resources[c.Address]; live != nil {
		before = live.Resource.Canonical()
	}
	if c.Desired != nil {
		after = c.Desired.Canonical()
	}
	namespace := ""
	if kind := c.Address.Kind.Info(); kind.Container == spec.ContainerDispatchNamespace {
		namespace = c.Address.Parent
	} else if kind.Holds == spec.KindUserWorker {
		namespace = c.Address.Name
	}
	fields := []any{}
	for _, f := range c.Fields {
		fields = append(fields, spec.Object{"path": f.Path, "op": string(f.Op), "before": plain(f.Before), "after": plain(f.After), "sensitive": f.Sensitive})
	}
	return spec.Object{
		"address": c.Address.String(), "kind": string(c.Address.Kind), "name": c.Address.Name, "namespace": namespace,
		"action": string(c.Action), "reason": string(c.Reason),
		"is_create": c.Action == Create, "is_update": c.Action == Update, "is_delete": c.removes(), "is_adopt": c.Reason == ReasonUnmanaged,
		"before": plain(before), "after": plain(after), "fields": fields, "bindings": bindingsOf(c.Desired),
	}
}

// bindingsOf are the bindings that a resource is to have, in the order of names.
func bindingsOf(r spec.Resource) []any {
	bindings := []any{}
	script, ok := r.(spec.Scripted)
	if !ok {
		return bindings
	}
	for _, b := range script.AsScript().Bindings {
		binding := plain(b.Canonical()).(spec.Object)
		binding["name"] = b.Name
		bindings = append(bindings, binding)
	}
	return bindings
}

// plain is a value of a canonical form without what is not known yet, which has a
// text in its place, so that it is plain JSON.
func plain(value any) any {
	switch value := value.(type) {
	case spec.Object:
		out := make(spec.Object, len(value))
		for name, v := range value {
			out[name] = plain(v)
		}
		return out
	case []any:
		out := make([]any, len(value))
		for i, v := range value {
			out[i] = plain(v)
		}
		return out
	}
	if value == spec.Unknown {
		return KnownAfterApply
	}
	return value
}
