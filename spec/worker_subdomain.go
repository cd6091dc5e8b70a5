package spec

import "github.com/wfpsync/wfpsync/spec/internal/document"

// KindWorkerSubdomain is whether a Worker answers below the account's own
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
// Every Worker has these two settings; nil leaves one as it is.
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

// loadWorkerSubdomain reads a Worker's `workers_dev` and `preview_urls`.
func (l *loader) loadWorkerSubdomain(w *Worker, value *document.Value) {
	workersDev, previews := value.Member("workers_dev"), value.Member("preview_urls")
	s := &WorkerSubdomain{Worker: w.Name, Enabled: boolOf(workersDev), PreviewsEnabled: boolOf(previews)}
	at := workersDev
	if s.Enabled == nil {
		at = previews
	}
	if s.Enabled != nil || s.PreviewsEnabled != nil {
		s.ResourceMeta = Meta{Adopt: w.ResourceMeta.Adopt, At: at.Range()}
		l.add(s)
	}
}

// boolOf is a member that is true or false, or nil where there is none.
func boolOf(m *document.Member) *bool {
	if m == nil || m.Value.Kind != document.Bool {
		return nil
	}
	value := m.Value.Bool
	return &value
}

// writeWorkerSubdomain says what is on: to say what is off would be to keep it off.
func (im *importer) writeWorkerSubdomain(m *members, resource Resource) {
	s := resource.(*WorkerSubdomain)
	if s.Enabled != nil && *s.Enabled {
		m.set("workers_dev", true)
	}
	if s.PreviewsEnabled != nil && *s.PreviewsEnabled {
		m.set("preview_urls", true)
	}
}
