package planner

import "github.com/wfpsync/wfpsync/spec"

var workerSubdomainColumn = column{
	kind: spec.KindWorkerSubdomain,
	// A setting that the file does not name stays what it is.
	compare: func(p *planning, desired spec.Resource, live *spec.Live) *Change {
		after := desired.Canonical()
		return attachedChange(p, desired, live, diff(namedIn(after, live.Resource.Canonical()), after))
	},
	standing: workerSubdomainStanding,
	removable: func(*planning, spec.Address, *spec.Live) *Block {
		return &Block{By: blockedByOwnership, Message: "it is there as long as its Worker is", Hint: "switch it off with `workers_dev: false` and `preview_urls: false`"}
	},
}

// Every Worker has the settings, so there is something to remove only where one
// is on and the Worker goes.
func workerSubdomainStanding(p *planning, a spec.Address, live *spec.Live) standing {
	s := live.Resource.(*spec.WorkerSubdomain)
	on := s.Enabled != nil && *s.Enabled || s.PreviewsEnabled != nil && *s.PreviewsEnabled
	if !on || p.wants(attachedTo(live)) {
		return notOurs
	}
	return attachedStanding(p, a, live, nil)
}
