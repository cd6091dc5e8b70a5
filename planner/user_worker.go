package planner

var userWorkerColumn = column{
	compare:    compareScripts,
	inspect:    (*planning).needsDetail,
	standing:   scriptStanding,
	removable:  scriptRemovable,
	undeclared: undeclaredScripts("user Workers", "the namespace under `dispatch_namespaces`"),
}
