package planner

var userWorkerColumn = column{
	compare:    compareScripts,
	inspect:    (*planning).needsDetail,
	standing:   scriptStanding,
	removable:  scriptRemovable,
	undeclared: undeclaredMarked("user Workers", "the namespace under `dispatch_namespaces`"),
}
