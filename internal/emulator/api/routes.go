package api

// A route is one operation of the API. Its path is relative to BasePath and may
// have wildcards, see net/http.ServeMux.
type route struct {
	method, path string
	handler      handler
}

// routes lists every operation, with one line per kind of resource.
func (s *Server) routes() []route {
	var all []route
	for _, kind := range [][]route{
		s.accountRoutes(),
		s.userRoutes(),
		s.dispatchNamespaceRoutes(),
		s.userWorkerRoutes(),
		s.workerRoutes(),
		s.assetRoutes(),
		s.workerServiceRoutes(),
		s.workerVersionRoutes(),
		s.workerDeploymentRoutes(),
		s.workerSubdomainRoutes(),
		s.scheduleRoutes(),
		s.durableObjectRoutes(),
		s.kvNamespaceRoutes(),
		s.kvValueRoutes(),
		s.d1DatabaseRoutes(),
		s.r2BucketRoutes(),
		s.queueRoutes(),
		s.queueConsumerRoutes(),
		s.vectorizeIndexRoutes(),
		s.zoneRoutes(),
		s.routeRoutes(),
		s.workerRouteRoutes(),
		s.workerDomainRoutes(),
		s.customDomainRoutes(),
		s.dnsRecordRoutes(),
		s.customHostnameRoutes(),
	} {
		all = append(all, kind...)
	}
	return all
}
