package planner

import (
	"slices"

	"github.com/wfpsync/wfpsync/spec"
)

// If another program has written a Worker, its code was downloaded for the
// comparison. A reviewer wants to see that code before an upload replaces it,
// so the plan keeps it if it is small enough to read and to fit into a comment.
const (
	maxLiveCode      = 1 << 20  // bytes of one Worker's code
	maxLiveCodeTotal = 16 << 20 // bytes of all code that a plan keeps
)

// embedLiveCode keeps the code that was read and that the changes replace, in
// the order of the changes.
func (p *planning) embedLiveCode(plan *Plan) {
	size := 0
	for _, c := range plan.Changes {
		code := p.replacedCode(c)
		if code == nil || code.Size() > maxLiveCode || size+code.Size() > maxLiveCodeTotal {
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

// replacedCode returns the live code that a change replaces or deletes; nil if
// it does neither or if the code was not read.
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
