package planner

var userWorkerColumn = column{
	compare:    compareScripts,
	standing:   scriptStanding,
	undeclared: undeclaredScripts("user Workers", "the namespace under `dispatch_namespaces`"),
}
