package planner

import (
	"fmt"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// policyPrefix tells a policy's name from a guard's. No flag acknowledges a
// policy: only a change of the file does.
const policyPrefix = "policy/"

// maxWarnings limits how many places of the file a policy warns of. A template
// is one place, however many Workers it makes.
const maxWarnings = 20

// applyPolicies asks the file's policies about every change that is not blocked
// already, and blocks those that one denies.
func (p *planning) applyPolicies() []Verdict {
	if len(p.desired.Policies) == 0 {
		return nil
	}
	var open []*Change
	var subjects []spec.Object
	for _, a := range p.changedAddresses() {
		if c := p.changes[a]; c.Blocked == nil {
			open, subjects = append(open, c), append(subjects, p.policyInput(c))
		}
	}
	var verdicts []Verdict
	for _, policy := range p.desired.Policies {
		denied := p.applyPolicy(policy, open, subjects)
		if denied > 0 {
			verdicts = append(verdicts, Verdict{
				Guard: policyPrefix + policy.Name, Result: Refused, Measured: denied,
				Message: fmt.Sprintf("changes that it denies: %d", denied),
			})
		}
	}
	return verdicts
}

// applyPolicy asks one policy and returns how many changes it denies. If two
// policies deny a change, the first one blocks it. A policy that fails keeps
// the plan from being applied, since it might have denied a change.
func (p *planning) applyPolicy(policy *spec.Policy, changes []*Change, subjects []spec.Object) (denied int) {
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
		if i == maxWarnings {
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

// policyWarning is a policy's warning about one place of the file.
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
	if at.IsZero() { // a deleted resource has no place
		d.Range, d.Related = policy.At, nil
	}
	return d
}

// policyInput returns a change as policies see it: every member of
// [spec.PolicyMembers], as JSON has it.
func (p *planning) policyInput(c *Change) spec.Object {
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
		fields = append(fields, spec.Object{"path": f.Path, "op": string(f.Op), "before": plainJSON(f.Before), "after": plainJSON(f.After), "sensitive": f.Sensitive})
	}
	return spec.Object{
		"address": c.Address.String(), "kind": string(c.Address.Kind), "name": c.Address.Name, "namespace": namespace,
		"action": string(c.Action), "reason": string(c.Reason),
		"is_create": c.Action == Create, "is_update": c.Action == Update, "is_delete": c.removes(), "is_adopt": c.Reason == ReasonUnmanaged,
		"before": plainJSON(before), "after": plainJSON(after), "fields": fields, "bindings": bindingsOf(c.Desired),
	}
}

// bindingsOf returns the bindings that a resource will have, sorted by name.
func bindingsOf(r spec.Resource) []any {
	bindings := []any{}
	script, ok := r.(spec.Scripted)
	if !ok {
		return bindings
	}
	for _, b := range script.AsScript().Bindings {
		binding := plainJSON(b.Canonical()).(spec.Object)
		binding["name"] = b.Name
		bindings = append(bindings, binding)
	}
	return bindings
}

// plainJSON returns a value of a canonical form with [KnownAfterApply] in the
// place of unknown values, so that it is plain JSON.
func plainJSON(value any) any {
	switch value := value.(type) {
	case spec.Object:
		out := make(spec.Object, len(value))
		for name, v := range value {
			out[name] = plainJSON(v)
		}
		return out
	case []any:
		out := make([]any, len(value))
		for i, v := range value {
			out[i] = plainJSON(v)
		}
		return out
	}
	if value == spec.Unknown {
		return KnownAfterApply
	}
	return value
}
