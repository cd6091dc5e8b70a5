package planner

var workerColumn = column{
	compare:    compareScripts,
	inspect:    (*planning).needsDetail,
	standing:   scriptStanding,
	undeclared: undeclaredScripts("Workers", "`workers: {}`"),
}
