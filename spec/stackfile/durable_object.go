package stackfile

import (
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// Durable Objects and Workflows are classes that a Worker exports. A binding to
// one names the class, and the Worker unless that is the one that is bound.

// durableObjectBinding reads an item of `durable_objects.bindings`.
func (l *loader) durableObjectBinding(item *document.Value) (spec.Binding, bool) {
	b := copyFields(spec.Binding{Type: spec.BindingDurableObject, At: item.Get("class_name").Range()}, item, "class_name", "environment")
	return l.withScriptName(b, item), true
}

// workflowBinding reads an item of `workflows`.
func (l *loader) workflowBinding(item *document.Value) (spec.Binding, bool) {
	b := copyFields(spec.Binding{Type: spec.BindingWorkflow, At: item.Range()}, item, "class_name")
	b.Properties = b.Properties.With("workflow_name", item.Get("name").String())
	return l.withScriptName(b, item), true
}

// withScriptName sets the Worker that exports the class: one of the file, by
// key, or any of the account, by name.
func (l *loader) withScriptName(b spec.Binding, item *document.Value) spec.Binding {
	name := item.Get("script_name")
	if name == nil {
		return b
	}
	b.At = name.Range()
	b.Properties = b.Properties.With("script_name", l.nameOf(spec.KindWorker, name))
	return b
}

// workflow writes a binding to a Workflow.
func (w *bindingWriter) workflow(g *bindingGroup, b spec.Binding, properties spec.Object) bool {
	if !onlyHas(properties, "workflow_name", "class_name", "script_name") {
		return false
	}
	item := g.item(b)
	for property, value := range properties {
		if property == "workflow_name" {
			property = "name"
		}
		item[property] = value
	}
	return w.put(g, item)
}
