package spec

import "fmt"

// KindUserWorker is a Worker inside a dispatch namespace, one per customer.
const KindUserWorker Kind = "user_worker"

var userWorkerKind = KindInfo{
	Kind:       KindUserWorker,
	Section:    "user_workers",
	Singular:   "user Worker",
	Plural:     "user Workers",
	Container:  ContainerDispatchNamespace,
	Product:    ProductWorkers,
	Permission: permissionWorkers,
	Fleet:      true,
	decode:     decodeAs[*UserWorker],
}

// UserWorker is a Worker inside a dispatch namespace. It is reached only
// through a dispatcher, so it has no routes, crons or domains.
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

// References are the dispatch namespace and what the script refers to.
func (w *UserWorker) References() []Reference {
	namespace := Reference{
		To: Address{Kind: KindDispatchNamespace, Name: w.DispatchNamespace},
		At: w.ResourceMeta.At,
	}
	return append([]Reference{namespace}, w.Script.References()...)
}

// WithDefinition is a copy of the Worker with another script.
func (w *UserWorker) WithDefinition(script Script) Scripted {
	copied := *w
	copied.Script = script
	return &copied
}

func (l *loader) loadUserWorker(e entry) {
	if !e.isDiscovered() { // whose name is not the file's to choose
		l.checkName(e, userWorkerName)
		l.checkHostname(e)
	}
	namespace := e.value.Get("dispatch_namespace")
	a, declared := l.lookup(KindDispatchNamespace, namespace)
	if !declared {
		l.report(RuleUndeclaredNamespace, namespace.Range(),
			fmt.Sprintf("the dispatch namespace %q is not declared under `dispatch_namespaces`", namespace.String()),
			l.declareHint(KindDispatchNamespace, "dispatch_namespaces", namespace.String()))
	}
	w := &UserWorker{DispatchNamespace: a.Name, Name: e.name, ResourceMeta: e.meta()}
	w.ResourceMeta.Turn = l.loadRollout(e)
	if e.isDiscovered() {
		l.checkDiscovered(e, a.Name)
		w.Script = l.loadTemplate(e)
	} else {
		w.Script = l.loadScript(e, e.value)
	}
	l.add(w)
}

// writeUserWorker writes an imported user Worker.
func (im *importer) writeUserWorker(m *members, live *Live) []string {
	m.set("dispatch_namespace", live.Resource.Address().Parent) // whose key is its name
	return im.writeScript(m, live)
}
