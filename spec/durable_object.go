package spec

import "github.com/wfpsync/wfpsync/spec/internal/document"

// Durable Objects and Workflows are classes that a Worker exports. A binding to
// one names the class, and the Worker unless that is the one that is bound.

// durableObjectBinding reads an item of `durable_objects.bindings`.
func (l *loader) durableObjectBinding(item *document.Value) (Binding, bool) {
	b := copyFields(Binding{Type: BindingDurableObject, At: item.Get("class_name").Range()}, item, "class_name", "environment")
	return l.withScriptName(b, item), true
}

// workflowBinding reads an item of `workflows`.
func (l *loader) workflowBinding(item *document.Value) (Binding, bool) {
	b := copyFields(Binding{Type: BindingWorkflow, At: item.Range()}, item, "class_name")
	b.Properties = b.Properties.With("workflow_name", item.Get("name").String())
	return l.withScriptName(b, item), true
}

// withScriptName sets the Worker that exports the class: one of the file, by
// key, or any of the account, by name.
func (l *loader) withScriptName(b Binding, item *document.Value) Binding {
	name := item.Get("script_name")
	if name == nil {
		return b
	}
	b.At = name.Range()
	b.Properties = b.Properties.With("script_name", l.nameOf(KindWorker, name))
	return b
}

// Local is a binding of the script at an address without naming that script as
// the one that exports the class: to name it or not is the same.
func (b Binding) Local(a Address) Binding {
	if b.Type != BindingDurableObject && b.Type != BindingWorkflow || b.Properties.Get("script_name") != a.Name {
		return b
	}
	namespace, _ := b.Properties.Get("dispatch_namespace").(string)
	if namespace != a.Parent {
		return b // the name is another script's, in another place
	}
	b.Properties = b.Properties.Without("script_name", "dispatch_namespace")
	return b
}

// The platform makes a namespace for each class, and answers its id, which
// nobody sent.
func canonicalDurableObject(c Object) {
	if c["class_name"] != nil {
		delete(c, "namespace_id")
	}
	canonicalService(c)
}
