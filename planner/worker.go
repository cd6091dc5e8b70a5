package planner

import "github.com/wfpsync/wfpsync/spec"

var workerColumn = column{
	kind:       spec.KindWorker,
	compare:    compareScripts,
	inspect:    (*planning).needsDetail,
	standing:   scriptStanding,
	removable:  scriptRemovable,
	undeclared: undeclaredMarked("Workers", "`workers: {}`"),
}
