package planner

import "github.com/wfpsync/wfpsync/spec"

var userWorkerColumn = column{
	kind:       spec.KindUserWorker,
	compare:    compareScripts,
	inspect:    (*planning).needsDetail,
	standing:   scriptStanding,
	removable:  scriptRemovable,
	undeclared: undeclaredMarked("user Workers", "the namespace under `dispatch_namespaces`"),
	traffic: func(at trafficIndex, a spec.Address) {
		at.userWorkers[a.Name] = append(at.userWorkers[a.Name], a)
	},
}
