package planner

import "github.com/wfpsync/wfpsync/spec"

var userWorkerOps = kindOps{
	kind:         spec.KindUserWorker,
	compare:      compareScripts,
	inspect:      (*planning).needsDetail,
	disposition:  scriptDisposition,
	removalBlock: scriptRemovalBlock,
	undeclared:   undeclaredWarning("user Workers", "the namespace under `dispatch_namespaces`"),
	indexTraffic: func(at trafficIndex, a spec.Address) {
		at.userWorkers[a.Name] = append(at.userWorkers[a.Name], a)
	},
}
