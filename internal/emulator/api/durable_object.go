package api

func (s *Server) durableObjectRoutes() []route {
	return []route{{"GET", "/accounts/{account}/workers/durable_objects/namespaces", s.listDurableObjects}}
}

// listDurableObjects answers that there are none: bindings to Durable Objects are kept, their objects are not emulated.
// wrangler asks before it deletes a Worker.
func (s *Server) listDurableObjects(c *call) (reply, error) {
	return pageOf([]struct{}{}, c.query(), pageRange{min: 1, max: 1000, usual: 20}, workersMalformedParameter)
}
