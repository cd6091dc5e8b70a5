package planner

var workerColumn = column{
	compare:    compareScripts,
	inspect:    (*planning).needsDetail,
	standing:   scriptStanding,
	removable:  scriptRemovable,
	undeclared: undeclaredMarked("Workers", "`workers: {}`"),
}
