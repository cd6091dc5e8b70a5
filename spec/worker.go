package spec

// KindWorker is a Worker of the account itself: a dispatcher, an outbound
// Worker, a tail Worker or a service. Routes and service bindings name it.
const KindWorker Kind = "worker"

var workerKind = KindInfo{
	Kind:       KindWorker,
	Section:    "workers",
	Singular:   "Worker",
	Plural:     "Workers",
	Product:    ProductWorkers,
	Permission: permissionWorkers,
	Bindings: []BindingType{
		{Name: BindingService, NameBy: "service", canonical: canonicalService},
		{Name: BindingDurableObject, class: true, targets: targetClass, canonical: canonicalDurableObject},
		{Name: BindingWorkflow, class: true, targets: targetClass},
	},
	Script:        true,
	CarriesDigest: true,
	decode:        decodeAs[*Worker],
}

// Worker is a Worker of the account.
type Worker struct {
	Name string `json:"name"`
	Script

	// OwnsRoutes says that the file lists the Worker's routes and custom
	// domains, so that others are deleted. Without a list, those made elsewhere
	// stay.
	OwnsRoutes bool `json:"owns_routes,omitempty"`

	// OwnsConsumers says the same of the queues that the Worker consumes.
	OwnsConsumers bool `json:"owns_consumers,omitempty"`

	ResourceMeta Meta `json:"meta,omitzero"`
}

func (w *Worker) Address() Address { return Address{Kind: KindWorker, Name: w.Name} }
func (w *Worker) Meta() Meta       { return w.ResourceMeta }

// WithScript returns a copy of the Worker with another script.
func (w *Worker) WithScript(script Script) Scripted {
	copied := *w
	copied.Script = script
	return &copied
}
