package stackfile

import (
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// loadWorkerSubdomain reads a Worker's `workers_dev` and `preview_urls`.
func (l *loader) loadWorkerSubdomain(w *spec.Worker, value *document.Value) {
	workersDev, previews := value.Member("workers_dev"), value.Member("preview_urls")
	s := &spec.WorkerSubdomain{Worker: w.Name, Enabled: boolOf(workersDev), PreviewsEnabled: boolOf(previews)}
	at := workersDev
	if s.Enabled == nil {
		at = previews
	}
	if s.Enabled != nil || s.PreviewsEnabled != nil {
		s.ResourceMeta = spec.Meta{Adopt: w.ResourceMeta.Adopt, At: at.Range()}
		l.add(s)
	}
}

// boolOf returns a member that is true or false, or nil if there is none.
func boolOf(m *document.Member) *bool {
	if m == nil || m.Value.Kind != document.Bool {
		return nil
	}
	value := m.Value.Bool
	return &value
}

// writeWorkerSubdomain says what is on: to say what is off would be to keep it off.
func (im *importer) writeWorkerSubdomain(m *members, resource spec.Resource) {
	s := resource.(*spec.WorkerSubdomain)
	if s.Enabled != nil && *s.Enabled {
		m.set("workers_dev", true)
	}
	if s.PreviewsEnabled != nil && *s.PreviewsEnabled {
		m.set("preview_urls", true)
	}
}
