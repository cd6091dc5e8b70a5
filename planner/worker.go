package planner

var workerColumn = column{
	compare:    compareScripts,
	standing:   scriptStanding,
	undeclared: undeclaredScripts("Workers", "`workers: {}`"),
}
