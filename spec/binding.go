package spec

import (
	"maps"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec/internal/canon"
)

// Binding is one entry of a Worker's environment, in the API's form. The
// platform has some forty binding types and adds more, so a type is data
// instead of a Go type, and one that this version does not know survives a
// round trip.
type Binding struct {
	// Name is the variable that the Worker sees.
	Name string `json:"name"`

	// Type is the API's binding type: plain_text, json, kv_namespace…
	Type string `json:"type"`

	// Properties are the API's fields except name and type.
	Properties Properties `json:"properties,omitempty"`

	// Ref is a resource whose platform id becomes the property by which the
	// type identifies its target; see [Binding.resolved]. It is zero if there
	// is none.
	Ref Address `json:"ref,omitzero"`

	// Secret says where the value of a secret_text binding comes from. It is
	// nil for other types, and for a live secret, whose value cannot be read.
	Secret *SecretSource `json:"secret,omitempty"`

	// Vacant says of a binding to carry over that the Worker does not have one
	// of that name yet, so that there is nothing to carry over.
	Vacant bool `json:"vacant,omitempty"`

	// At is where the file names the target, and OutboundAt where it names the
	// outbound Worker of a dispatch namespace; nil if it names none.
	At         diag.Range  `json:"-"`
	OutboundAt *diag.Range `json:"-"`
}

// These are the binding types that our code names.
const (
	BindingText              = "plain_text"
	BindingJSON              = "json"
	BindingSecret            = "secret_text"
	BindingSecretKey         = "secret_key"
	BindingKVNamespace       = "kv_namespace"
	BindingD1                = "d1"
	BindingR2Bucket          = "r2_bucket"
	BindingQueue             = "queue"
	BindingService           = "service"
	BindingDispatchNamespace = "dispatch_namespace"
	BindingDurableObject     = "durable_object_namespace"
	BindingWorkflow          = "workflow"
	BindingSendEmail         = "send_email"

	// BindingInherit stands for whatever binding of that name the Worker has
	// when it is uploaded: another program sets it, and the upload carries it
	// over.
	BindingInherit = "inherit"
)

// IsSecret reports whether the API never returns the binding's value.
func (b Binding) IsSecret() bool { return BindingTypeOf(b.Type).KeyMaterial != nil }

// Unknown takes the place, in a canonical form, of an id that the platform has
// not assigned yet.
var Unknown any = unknown{}

type unknown struct{}

func (unknown) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// Canonical returns the binding in comparable form, without its name.
func (b Binding) Canonical() Object {
	c, t := Object{"type": b.Type}, BindingTypeOf(b.Type)
	if t.KeyMaterial != nil {
		return c // only the presence of a secret can be compared
	}
	for _, p := range b.Properties {
		if t.Value != "" || !canon.IsUnset(p.Value) {
			c[p.Name] = p.Value
		}
	}
	if t.ID != "" && !b.Ref.IsZero() && c[t.ID] == nil {
		c[t.ID] = Unknown
	}
	if t.canonical != nil {
		t.canonical(c)
	}
	return c
}

// canonicalSendEmail sorts the addresses that email may go to or come from:
// they are sets.
func canonicalSendEmail(c Object) {
	for _, name := range []string{"allowed_destination_addresses", "allowed_sender_addresses"} {
		list, _ := c[name].([]any)
		var addresses []string
		for _, address := range list {
			if s, ok := address.(string); ok {
				addresses = append(addresses, s)
			}
		}
		if len(addresses) > 0 {
			c[name] = canon.SortedStrings(addresses)
		}
	}
}

// canonicalService drops the default environment: the API answers "production"
// in some places and omits it in others.
func canonicalService(c Object) {
	if c["environment"] == "production" || c["environment"] == "" {
		delete(c, "environment")
	}
}

// canonicalOutbound writes outbound parameters as objects with a name. They are
// strings in the older API schema, and objects in the newer one and in
// wrangler's uploads; the API returns both.
func canonicalOutbound(c Object) {
	outbound, ok := c["outbound"].(Object)
	if !ok {
		delete(c, "outbound")
		return
	}
	canonical := Object{}
	if worker, ok := outbound["worker"].(Object); ok {
		worker = maps.Clone(worker)
		canonicalService(worker)
		canonical["worker"] = worker
	}
	var params []any
	list, _ := outbound["params"].([]any)
	for _, p := range list {
		if name, isString := p.(string); isString {
			p = Object{"name": name}
		}
		params = append(params, p)
	}
	if len(params) > 0 {
		canonical["params"] = params
	}
	c["outbound"] = canonical
}

// StoreID returns the kind and the platform's id of the KV namespace or D1
// database that the binding leads to; "" for any other binding.
func (b Binding) StoreID() (Kind, string) {
	t := BindingTypeOf(b.Type)
	id, _ := b.Canonical()[t.ID].(string)
	if id == "" {
		return "", ""
	}
	return t.Kind, id
}

// resolved fills in the id that the binding's reference stands for.
func (b Binding) resolved(id func(Address) (string, bool)) (Binding, bool) {
	property := BindingTypeOf(b.Type).ID
	if b.Ref.IsZero() || b.Properties.Get(property) != nil {
		return b, true
	}
	value, known := id(b.Ref)
	if !known {
		return b, false
	}
	b.Properties = b.Properties.With(property, value)
	return b, true
}
