package spec

import "github.com/wfpsync/wfpsync/diag"

// UnmanagedPolicy is what to make of the live resources of a collection that no
// stack manages.
type UnmanagedPolicy struct {
	Treatment UnmanagedTreatment
	At        diag.Range
}

// UnmanagedTreatment is a policy in a word.
type UnmanagedTreatment string

const (
	UnmanagedReport UnmanagedTreatment = "report" // plans count them
	UnmanagedIgnore UnmanagedTreatment = "ignore" // plans are silent about them
	UnmanagedError  UnmanagedTreatment = "error"  // a plan is refused as long as there are any
)

// readUnmanaged reads `unmanaged` of the dispatch namespace with a name.
func (l *loader) readUnmanaged(e entry, namespace string) {
	treatment := e.value.Get("unmanaged")
	if treatment == nil {
		return
	}
	if l.stack.Unmanaged == nil {
		l.stack.Unmanaged = map[Collection]UnmanagedPolicy{}
	}
	l.stack.Unmanaged[Collection{Kind: KindUserWorker, Parent: namespace}] = UnmanagedPolicy{UnmanagedTreatment(treatment.String()), treatment.Range()}
}
