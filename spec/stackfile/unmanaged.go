package stackfile

import "github.com/wfpsync/wfpsync/spec"

// readUnmanaged reads `unmanaged` of the dispatch namespace with a name.
func (l *loader) readUnmanaged(e entry, namespace string) {
	treatment := e.value.Get("unmanaged")
	if treatment == nil {
		return
	}
	if l.stack.Unmanaged == nil {
		l.stack.Unmanaged = map[spec.Collection]spec.UnmanagedPolicy{}
	}
	l.stack.Unmanaged[spec.Collection{Kind: spec.KindUserWorker, Parent: namespace}] = spec.UnmanagedPolicy{Treatment: spec.UnmanagedTreatment(treatment.String()), At: treatment.Range()}
}
