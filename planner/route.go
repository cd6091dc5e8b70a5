package planner

import "github.com/wfpsync/wfpsync/spec"

var routeOps = func() kindOps {
	c := attachedOps(spec.KindRoute, func(w *spec.Worker) bool { return w.OwnsRoutes })
	c.indexTraffic = func(at trafficIndex, a spec.Address) {
		key := a.Parent + "/" + spec.RouteHost(a.Name)
		at.routes[key] = append(at.routes[key], a)
	}
	return c
}()
