package planner

var workerColumn = column{
	compare:    compareScripts,
	inspect:    (*planning).needsDetail,
	standing:   scriptStanding,
	removable:  scriptRemovable,
	undeclared: undeclaredScripts("Workers", "`workers: {}`"),
}
