package planner

import "github.com/wfpsync/wfpsync/spec"

var routeColumn = func() column {
	c := attachedColumn(spec.KindRoute, func(w *spec.Worker) bool { return w.OwnsRoutes })
	c.traffic = func(at trafficIndex, a spec.Address) {
		key := a.Parent + "/" + spec.RouteHost(a.Name)
		at.routes[key] = append(at.routes[key], a)
	}
	return c
}()
