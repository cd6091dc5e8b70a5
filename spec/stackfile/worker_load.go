package stackfile

import (
	"fmt"
	"slices"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

func (l *loader) loadWorker(e entry) {
	l.checkName(e, workerName)
	w := &spec.Worker{Name: e.name, Script: l.loadScript(e, e.value), ResourceMeta: e.meta()}
	l.add(w)
	l.loadRoutes(w, e.value)
	l.loadCronTriggers(w, e.value.Get("triggers"))
	l.loadWorkerSubdomain(w, e.value)
	l.loadQueueConsumers(w, e.value.Get("queues").Get("consumers"))
}

// serviceBinding reads an item of `services`: a Worker of this file, by key, or
// any Worker of the account, by name.
func (l *loader) serviceBinding(item *document.Value) (spec.Binding, bool) {
	b := spec.Binding{
		Type:       spec.BindingService,
		Properties: spec.Properties{{Name: "service", Value: l.nameOf(spec.KindWorker, item.Get("service"))}},
		At:         item.Get("service").Range(),
	}
	return copyFields(b, item, "environment", "entrypoint", "props"), true
}

// loadTailConsumers reads the Workers that receive a Worker's logs.
func (l *loader) loadTailConsumers(list *document.Value) any {
	var consumers []any
	for _, item := range list.Items {
		consumer, ok := item.JSON().(spec.Object)
		if !ok {
			continue
		}
		if item.Get("namespace") == nil {
			consumer["service"] = l.nameOf(spec.KindWorker, item.Get("service"))
		}
		consumers = append(consumers, consumer)
	}
	return consumers
}

// checkCycles reports resources that need each other: neither could be written
// first. All of them are referred to.
func (l *loader) checkCycles() {
	const (
		open   = 1
		closed = 2
	)
	state := map[spec.Address]int{}
	var chain []spec.Address
	var visit func(r spec.Resource)
	visit = func(r spec.Resource) {
		a := r.Address()
		state[a] = open
		chain = append(chain, a)
		for _, ref := range slices.Concat(r.References(), l.ordered[a]) {
			next, ok := l.stack.Lookup(ref.To)
			if !ok || ref.To == a {
				continue
			}
			switch state[ref.To] {
			case open:
				l.reportCycle(chain, ref)
			case closed:
			default:
				visit(next)
			}
		}
		chain = chain[:len(chain)-1]
		state[a] = closed
	}
	referred := map[spec.Address]bool{} // few of a fleet are
	for _, r := range l.stack.Resources {
		for _, ref := range r.References() {
			referred[ref.To] = true
		}
	}
	for _, refs := range l.ordered {
		for _, ref := range refs {
			referred[ref.To] = true
		}
	}
	for _, r := range l.stack.Resources {
		if a := r.Address(); referred[a] && state[a] == 0 {
			visit(r)
		}
	}
}

// reportCycle reports the reference that leads back into the open chain.
func (l *loader) reportCycle(chain []spec.Address, back spec.Reference) {
	message, hint := "these Workers need each other, so none can be uploaded first", "take one of the references out"
	text, related := "", []diag.Related(nil)
	for i := len(chain) - 1; i >= 0; i-- {
		if l.ordered[chain[i]] != nil {
			message, hint = "these resources wait for each other, so none can come first", "take one of the references, or one of `depends_on`, out"
		}
		text = chain[i].Name + " → " + text
		if chain[i] == back.To {
			break
		}
	}
	if r, ok := l.stack.Lookup(back.To); ok {
		related = append(related, diag.Related{Range: r.Meta().At, Message: fmt.Sprintf("%q is declared here", back.To.Name)})
	}
	at := back.At
	if last, ok := l.stack.Lookup(chain[len(chain)-1]); ok && at.IsZero() {
		at = last.Meta().At
	}
	l.report(spec.RuleCycle, at, fmt.Sprintf("%s: %s%s", message, text, back.To.Name), hint, related...)
}

// writeWorker writes an imported Worker, and what belongs to it.
func (im *importer) writeWorker(m *members, live *spec.Live) []string {
	comments := im.writeScript(m, live)
	for _, a := range im.attached[live.Resource.Address()] {
		i := slices.IndexFunc(attachedWriters, func(w attachedWriter) bool { return w.kind == a.Kind })
		attachedWriters[i].write(im, m, im.live.Resources[a].Resource)
	}
	return comments
}

// attachedWriters add imported resources to the entry of the Worker that they are
// attached to. A list is written where there is something in it, so that what is made
// elsewhere later stays.
var attachedWriters = []attachedWriter{
	{spec.KindCronTriggers, (*importer).writeCronTriggers},
	{spec.KindCustomDomain, (*importer).writeCustomDomain},
	{spec.KindQueueConsumer, (*importer).writeQueueConsumer},
	{spec.KindRoute, (*importer).writeRoute},
	{spec.KindWorkerSubdomain, (*importer).writeWorkerSubdomain},
}

type attachedWriter struct {
	kind  spec.Kind
	write func(im *importer, m *members, resource spec.Resource)
}
