package spec

// KindUserWorker is a Worker inside a dispatch namespace, one per customer.
const KindUserWorker Kind = "user_worker"

var userWorkerKind = KindInfo{
	Kind:            KindUserWorker,
	Section:         "user_workers",
	Singular:        "user Worker",
	Plural:          "user Workers",
	Container:       ContainerDispatchNamespace,
	Product:         ProductWorkers,
	Permission:      permissionWorkers,
	LimitedByGuards: true,
	Script:          true,
	CarriesDigest:   true,
	decode:          decodeAs[*UserWorker],
}

// UserWorker is a Worker inside a dispatch namespace. It gets requests only
// through a dispatcher, so it has no routes, cron triggers or domains.
type UserWorker struct {
	DispatchNamespace string `json:"dispatch_namespace"`
	Name              string `json:"name"`
	Script
	ResourceMeta Meta `json:"meta,omitzero"`
}

func (w *UserWorker) Address() Address {
	return Address{Kind: KindUserWorker, Parent: w.DispatchNamespace, Name: w.Name}
}

func (w *UserWorker) Meta() Meta { return w.ResourceMeta }

// References returns the dispatch namespace and what the script refers to.
func (w *UserWorker) References() []Reference {
	namespace := Reference{
		To: Address{Kind: KindDispatchNamespace, Name: w.DispatchNamespace},
		At: w.ResourceMeta.At,
	}
	return append([]Reference{namespace}, w.Script.References()...)
}

// WithScript returns a copy of the Worker with another script.
func (w *UserWorker) WithScript(script Script) Scripted {
	copied := *w
	copied.Script = script
	return &copied
}
