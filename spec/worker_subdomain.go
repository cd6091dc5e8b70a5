package spec

// KindWorkerSubdomain is whether a Worker has an address under the account's
// workers.dev subdomain.
const KindWorkerSubdomain Kind = "worker_subdomain"

var workerSubdomainKind = KindInfo{
	Kind:       KindWorkerSubdomain,
	Singular:   "Worker's subdomain",
	Plural:     "Workers' subdomains",
	Container:  ContainerWorker,
	Product:    ProductWorkers,
	Permission: permissionWorkers,
	decode:     decodeAs[*WorkerSubdomain],
}

// WorkerSubdomain is what the API calls the subdomain of a script: whether the
// Worker has a workers.dev address, and whether its versions have preview URLs.
// Every Worker has these two settings; nil leaves one alone.
type WorkerSubdomain struct {
	Worker          string `json:"worker"`
	Enabled         *bool  `json:"enabled,omitempty"`
	PreviewsEnabled *bool  `json:"previews_enabled,omitempty"`
	ResourceMeta    Meta   `json:"meta,omitzero"`
}

func (s *WorkerSubdomain) Address() Address {
	return Address{Kind: KindWorkerSubdomain, Name: s.Worker}
}
func (s *WorkerSubdomain) AttachedTo() Address     { return Address{Kind: KindWorker, Name: s.Worker} }
func (s *WorkerSubdomain) Meta() Meta              { return s.ResourceMeta }
func (s *WorkerSubdomain) References() []Reference { return attachedReferences(s) }

func (s *WorkerSubdomain) Canonical() Object {
	c := Object{}
	if s.Enabled != nil {
		c["enabled"] = *s.Enabled
	}
	if s.PreviewsEnabled != nil {
		c["previews_enabled"] = *s.PreviewsEnabled
	}
	return c
}
