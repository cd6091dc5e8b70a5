package planner

import "github.com/wfpsync/wfpsync/spec"

var workerOps = kindOps{
	kind:         spec.KindWorker,
	compare:      compareScripts,
	inspect:      (*planning).needsDetail,
	disposition:  scriptDisposition,
	removalBlock: scriptRemovalBlock,
	undeclared:   undeclaredWarning("Workers", "`workers: {}`"),
}
