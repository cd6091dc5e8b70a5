package spec

// Local is a binding of the script at an address without naming that script as
// the one that exports the class: to name it or not is the same.
func (b Binding) Local(a Address) Binding {
	if !BindingTypeOf(b.Type).class || b.Properties.Get("script_name") != a.Name {
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
