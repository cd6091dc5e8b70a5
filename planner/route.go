package planner

import "github.com/wfpsync/wfpsync/spec"

var routeColumn = attachedColumn(func(w *spec.Worker) bool { return w.OwnsRoutes })
