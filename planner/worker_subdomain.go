package planner

import "github.com/wfpsync/wfpsync/spec"

var workerSubdomainOps = kindOps{
	kind: spec.KindWorkerSubdomain,
	// A setting that the file does not name is left alone.
	compare: func(p *planning, desired spec.Resource, live *spec.Live) *Change {
		after := desired.Canonical()
		return attachedChange(p, desired, live, diff(namedIn(after, live.Resource.Canonical()), after))
	},
	disposition: workerSubdomainDisposition,
	removalBlock: func(*planning, spec.Address, *spec.Live) *Block {
		return &Block{By: blockedByOwnership, Message: "it exists as long as its Worker does", Hint: "switch it off with `workers_dev: false` and `preview_urls: false`"}
	},
}

// workerSubdomainDisposition removes the settings only if one is on and the
// Worker is deleted: every Worker has them.
func workerSubdomainDisposition(p *planning, a spec.Address, live *spec.Live) disposition {
	s := live.Resource.(*spec.WorkerSubdomain)
	on := s.Enabled != nil && *s.Enabled || s.PreviewsEnabled != nil && *s.PreviewsEnabled
	if !on || p.isDesired(attachedTo(live)) {
		return ignored
	}
	return attachedDisposition(p, a, live, nil)
}
