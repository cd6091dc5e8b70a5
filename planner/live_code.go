package planner

import (
	"slices"

	"github.com/wfpsync/wfpsync/spec"
)

// Where somebody else wrote a Worker, its code was downloaded to be compared. A
// reviewer wants to see it before an upload takes its place, so the plan keeps
// it, as far as a person would read it and a comment could hold it.
const (
	mostLiveCode  = 1 << 20  // bytes of one Worker's code
	mostLiveCodes = 16 << 20 // bytes of all that a plan keeps
)

// embedLiveCode keeps the code that the changes are about to replace, where it
// was read, in the order of the changes.
func (p *planning) embedLiveCode(plan *Plan) {
	size := 0
	for _, c := range plan.Changes {
		code := p.replacedCode(c)
		if code == nil || code.Size() > mostLiveCode || size+code.Size() > mostLiveCodes {
			continue
		}
		if _, kept := plan.LiveCode[code.Digest]; kept {
			continue
		}
		if plan.LiveCode == nil {
			plan.LiveCode = map[string]Code{}
		}
		size += code.Size()
		plan.LiveCode[code.Digest] = Code{MainModule: code.MainModule, Modules: code.Modules}
	}
}

// replacedCode is the code that a change replaces or takes away, nil where it
// does not, or where the code was not read.
func (p *planning) replacedCode(c Change) *spec.Code {
	differs := slices.ContainsFunc(c.Fields, func(f FieldChange) bool { return f.Path == codePath && f.Op != FieldAdd })
	live := p.live.Resources[c.Address]
	if !differs || live == nil {
		return nil
	}
	code := live.Resource.(spec.Scripted).AsScript().Code
	if code == nil || len(code.Modules) == 0 {
		return nil
	}
	return code
}
