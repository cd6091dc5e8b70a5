package spec

import "github.com/wfpsync/wfpsync/diag"

// BindingType describes one of the API's binding types to every package. A type
// that is not described is used as it is: its properties are compared and
// uploaded, and it leads to nothing that wfpsync knows.
type BindingType struct {
	// Name is the API's name of the type.
	Name string

	// Kind is the kind of resource that a binding leads to, whose description
	// has the type; "" if wfpsync manages no such kind. ID is the property that
	// names the resource by the platform's id, and NameBy the one that names it
	// by its name.
	Kind   Kind
	ID     string
	NameBy string

	// Value is the property with the value that the Worker reads; "" if a
	// binding is not a value.
	Value string

	// KeyMaterial are the properties that hold a secret, which the API never
	// returns.
	KeyMaterial []string

	// Replaceable says that removing a binding loses nothing: a plan shows all
	// of it, or it leads to nothing that stores data.
	Replaceable bool

	// class says that a binding leads to a class that a Worker exports.
	class bool

	// managedBy is the field by which a template manages such bindings; "" for
	// FieldBindings.
	managedBy string

	// targets returns the resources that a binding needs; nil if NameBy says
	// it.
	targets func(b Binding) []Reference

	// canonical rewrites properties that the API returns in several forms into
	// one; nil if there is one form.
	canonical func(properties Object)
}

// otherBindings are the described types that lead to no kind of resource. A new
// one is a line here.
var otherBindings = []BindingType{
	{Name: BindingText, Value: "text", Replaceable: true, managedBy: FieldVars},
	{Name: BindingJSON, Value: "json", Replaceable: true, managedBy: FieldVars},
	{Name: BindingSecret, KeyMaterial: []string{"text"}, managedBy: FieldSecrets},
	{Name: BindingSecretKey, KeyMaterial: []string{"key_base64", "key_jwk"}, managedBy: FieldSecrets},
	{Name: BindingAssets, Replaceable: true, managedBy: FieldAssets},
	{Name: BindingSendEmail, canonical: canonicalSendEmail},
	{Name: "ai", Replaceable: true},
	{Name: "browser", Replaceable: true},
	{Name: "images", Replaceable: true},
	{Name: "version_metadata", Replaceable: true},
}

// bindingTypes are otherBindings and the types that kinds describe.
var bindingTypes = func() map[string]BindingType {
	types := map[string]BindingType{}
	for _, t := range otherBindings {
		types[t.Name] = t
	}
	for _, k := range kinds {
		for _, t := range k.Bindings {
			t.Kind = k.Kind
			types[t.Name] = t
		}
	}
	return types
}()

// BindingTypeOf returns the description of a binding type. That of an unknown
// type has only the name.
func BindingTypeOf(name string) BindingType {
	if t, known := bindingTypes[name]; known {
		return t
	}
	return BindingType{Name: name}
}

// References returns the resources that a binding needs. KV namespaces and
// databases given by id belong to others, and are not references.
func (b Binding) References() []Reference {
	var refs []Reference
	if !b.Ref.IsZero() {
		refs = append(refs, Reference{To: b.Ref, At: b.At})
	}
	switch t := BindingTypeOf(b.Type); {
	case t.targets != nil:
		return append(refs, t.targets(b)...)
	case t.NameBy != "":
		return append(refs, referenceByName(t.Kind, b.Properties.Get(t.NameBy), b.At)...)
	}
	return refs
}

// referenceByName returns a reference to a resource, or none if the name is
// missing.
func referenceByName(kind Kind, name any, at diag.Range) []Reference {
	if s, ok := name.(string); ok && s != "" {
		return []Reference{{To: Address{Kind: kind, Name: s}, At: at}}
	}
	return nil
}

func targetBucket(b Binding) []Reference {
	if bucket := BucketOf(b); bucket.Name != "" {
		return []Reference{{To: bucket, At: b.At}}
	}
	return nil
}

// targetClass returns a reference to the Worker that exports a class. A user
// Worker's class is not ours to refer to.
func targetClass(b Binding) []Reference {
	if b.Properties.Get("dispatch_namespace") != nil {
		return nil
	}
	return referenceByName(KindWorker, b.Properties.Get("script_name"), b.At)
}

// targetsOfDispatch returns references to a dispatch namespace and to its
// outbound Worker.
func targetsOfDispatch(b Binding) []Reference {
	refs := referenceByName(KindDispatchNamespace, b.Properties.Get("namespace"), b.At)
	outbound, _ := b.Properties.Get("outbound").(Object)
	worker, ok := outbound["worker"].(Object)
	if !ok {
		return refs
	}
	at := diag.Range{}
	if b.OutboundAt != nil {
		at = *b.OutboundAt
	}
	return append(refs, referenceByName(KindWorker, worker["service"], at)...)
}
