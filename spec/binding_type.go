package spec

import "github.com/wfpsync/wfpsync/diag"

// A BindingType describes one of the API's binding types, to every package. A type
// that is not described is taken as it is: its properties are compared and uploaded,
// and it leads to nothing that wfpsync knows.
type BindingType struct {
	// Name is the API's name of the type.
	Name string

	// Kind is the kind of resource that a binding leads to, which describes the type;
	// "" for none that wfpsync manages. ID is the property that names the resource by
	// the platform's id, and NameBy the one that names it by its name.
	Kind   Kind
	ID     string
	NameBy string

	// Value is the property with the value that the Worker reads; "" where a binding
	// is not a value.
	Value string

	// KeyMaterial are the properties that hold a secret, which the API does not answer.
	KeyMaterial []string

	// Shown says that a plan shows all of a binding, or that it leads to nothing
	// that anyone keeps, so that removing it loses nothing.
	Shown bool

	// class says that a binding leads to a class that a Worker exports.
	class bool

	// managedBy is the field by which a template manages such bindings; "" for
	// those that it calls bindings.
	managedBy string

	// targets finds the resources that a binding needs; nil where NameBy says it.
	targets func(b Binding) []Reference

	// canonical brings the properties that the API answers in several forms into one;
	// nil where there is one form.
	canonical func(properties Object)
}

// otherBindings are the types that something is known of and that lead to no kind of
// resource. A new one is a line here.
var otherBindings = []BindingType{
	{Name: BindingText, Value: "text", Shown: true, managedBy: FieldVars},
	{Name: BindingJSON, Value: "json", Shown: true, managedBy: FieldVars},
	{Name: BindingSecret, KeyMaterial: []string{"text"}, managedBy: FieldSecrets},
	{Name: BindingSecretKey, KeyMaterial: []string{"key_base64", "key_jwk"}, managedBy: FieldSecrets},
	{Name: BindingAssets, Shown: true, managedBy: FieldAssets},
	{Name: BindingSendEmail, canonical: canonicalSendEmail},
	{Name: "ai", Shown: true},
	{Name: "browser", Shown: true},
	{Name: "images", Shown: true},
	{Name: "version_metadata", Shown: true},
}

// bindingTypes are those and the ones that kinds describe.
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

// BindingTypeOf describes a binding type. Of one that is not known it says the name alone.
func BindingTypeOf(name string) BindingType {
	if t, known := bindingTypes[name]; known {
		return t
	}
	return BindingType{Name: name}
}

// References returns the resources that a binding needs. KV namespaces and databases
// given by id are someone else's and need nothing of ours.
func (b Binding) References() []Reference {
	var refs []Reference
	if !b.Ref.IsZero() {
		refs = append(refs, Reference{To: b.Ref, At: b.At})
	}
	switch t := BindingTypeOf(b.Type); {
	case t.targets != nil:
		return append(refs, t.targets(b)...)
	case t.NameBy != "":
		return append(refs, named(t.Kind, b.Properties.Get(t.NameBy), b.At)...)
	}
	return refs
}

// named refers to a resource by a name, which may be missing.
func named(kind Kind, name any, at diag.Range) []Reference {
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

// targetClass refers to the Worker that exports a class. One of a user Worker is not
// ours to refer to.
func targetClass(b Binding) []Reference {
	if b.Properties.Get("dispatch_namespace") != nil {
		return nil
	}
	return named(KindWorker, b.Properties.Get("script_name"), b.At)
}

// targetsOfDispatch refers to a dispatch namespace and to its outbound Worker.
func targetsOfDispatch(b Binding) []Reference {
	refs := named(KindDispatchNamespace, b.Properties.Get("namespace"), b.At)
	outbound, _ := b.Properties.Get("outbound").(Object)
	worker, ok := outbound["worker"].(Object)
	if !ok {
		return refs
	}
	at := diag.Range{}
	if b.OutboundAt != nil {
		at = *b.OutboundAt
	}
	return append(refs, named(KindWorker, worker["service"], at)...)
}
