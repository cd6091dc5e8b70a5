package planner

import "github.com/wfpsync/wfpsync/spec"

// A custom domain is listed among the routes of its Worker.
var customDomainOps = attachedOps(spec.KindCustomDomain, func(w *spec.Worker) bool { return w.OwnsRoutes })
