package stackfile

import (
	"cmp"
	"fmt"

	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

func (l *loader) loadUserWorker(e entry) {
	if !e.isDiscovered() { // whose name is not the file's to choose
		l.checkName(e, userWorkerName)
		l.checkHostname(e)
	}
	namespace := e.value.Get("dispatch_namespace")
	a, declared := l.lookup(spec.KindDispatchNamespace, namespace)
	if !declared {
		l.Report(spec.RuleUndeclaredNamespace, namespace.Range(),
			fmt.Sprintf("the dispatch namespace %q is not declared under `dispatch_namespaces`", namespace.String()),
			l.declareHint(spec.KindDispatchNamespace, "dispatch_namespaces", namespace.String()))
	}
	w := &spec.UserWorker{DispatchNamespace: a.Name, Name: e.name, ResourceMeta: e.meta()}
	w.ResourceMeta.Rollout = l.loadRollout(e)
	if e.isDiscovered() {
		l.checkDiscovered(e, a.Name)
		w.Script = l.loadTemplate(e)
	} else {
		w.Script = l.loadScript(e, e.value)
	}
	l.add(w)
}

// loadRollout reads the `rollout` of an entry.
func (l *loader) loadRollout(e entry) *spec.RolloutMember {
	value := e.value.Get("rollout")
	if value == nil || value.Kind != document.Map {
		return nil
	}
	return l.rollouts.Join(fleetName(e), value, e.member.Value.Get("rollout"), l.loadProbe(value.Get("probe")))
}

// fleetName returns the name of an entry's fleet.
func fleetName(e entry) string {
	return cmp.Or(e.value.Get("rollout").Get("fleet").String(), e.member.Key)
}

// writeUserWorker writes an imported user Worker.
func (im *importer) writeUserWorker(m *members, live *spec.Live) []string {
	m.set("dispatch_namespace", live.Resource.Address().Parent) // whose key is its name
	return im.writeScript(m, live)
}
