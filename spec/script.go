package spec

import (
	"slices"

	"github.com/wfpsync/wfpsync/spec/internal/canon"
)

// Script is what a Worker and a user Worker have in common: code, and the
// settings uploaded with it.
type Script struct {
	Code               *Code     `json:"code,omitempty"`
	CompatibilityDate  string    `json:"compatibility_date,omitempty"`
	CompatibilityFlags []string  `json:"compatibility_flags,omitempty"`
	Bindings           []Binding `json:"bindings,omitempty"` // sorted by name
	Assets             *Assets   `json:"assets,omitempty"`

	// Migrations are all that the file lists, the first one first, and
	// MigrationTag the last one's tag; of a live script, the tag of the last one
	// that ran, as far as it is known.
	Migrations   []Migration `json:"migrations,omitempty"`
	MigrationTag string      `json:"migration_tag,omitempty"`

	// Tags are the script's own, without the owner and the mark.
	Tags []string `json:"tags,omitempty"`

	// Options are the rest of the upload's metadata, by API field; see
	// [ScriptOptions].
	Options Object `json:"options,omitempty"`

	// Manage are the fields that a template manages, sorted: the others stay what
	// they are in the account. It is nil for a script that says everything.
	Manage []string `json:"manage,omitempty"`

	// Inherited are the bindings that a template leaves as they are, and Rest is
	// what a live script has besides all of the above, by API field: both travel
	// with an upload that says everything.
	Inherited []string `json:"inherited,omitempty"`
	Rest      Object   `json:"rest,omitempty"`
}

// ScriptOptions are the metadata fields that [Script.Options] may hold. The
// settings endpoint answers them under the same names.
// Source: API reference, "Upload Worker Module" and "Get Script Settings".
var ScriptOptions = []string{"limits", "logpush", "observability", "placement", "tail_consumers"}

// Scripted is a resource that runs code: a Worker or a user Worker.
type Scripted interface {
	Resource
	AsScript() *Script

	// WithDefinition is a copy of the resource with another script.
	WithScript(Script) Scripted
}

// Definition is the script itself; Worker and UserWorker embed it.
func (s *Script) AsScript() *Script { return s }

// Canonical is the settings in comparable form: bindings by name, everything
// else by API field. Assets, like code, are compared by digest.
func (s *Script) Canonical() Object {
	c := Object{}
	canon.SetIfAny(c, "compatibility_date", s.CompatibilityDate)
	canon.SetIfAny(c, "compatibility_flags", canon.SortedStrings(s.CompatibilityFlags))
	canon.SetIfAny(c, "tags", canon.SortedStrings(s.Tags))
	bindings := Object{}
	for _, b := range s.Bindings {
		if b.Type != BindingInherit {
			bindings[b.Name] = b.Canonical()
		}
	}
	canon.SetIfAny(c, "bindings", bindings)
	canon.SetIfAny(c, migrationTagField, s.MigrationTag)
	canon.SetIfAny(c, carryOverField, canon.SortedStrings(s.CarriedOver()))
	for name, value := range s.Options {
		canon.SetIfAny(c, name, canonicalOption(name, value))
	}
	if s.IsTemplate() {
		s.restrict(c)
		c[manageField] = canon.SortedStrings(s.Manage)
	}
	return c
}

// The fields of the canonical form that are not the upload's: what it carried
// over is there for the digest, and of migrations only how far they went.
const (
	carryOverField    = "carry_over"
	migrationTagField = "migration_tag"
)

// CarriedOver are the names of the bindings that uploads leave as they are.
func (s *Script) CarriedOver() []string {
	var names []string
	for _, b := range s.Bindings {
		if b.Type == BindingInherit {
			names = append(names, b.Name)
		}
	}
	return names
}

// CarryingOver is the script to upload over a live one, nil when there is none:
// what there is to carry over is known then.
func (s *Script) CarryingOver(live *Script) Script {
	carrying := *s
	if s.IsTemplate() && live != nil {
		carrying = s.keeping(live)
	}
	if len(s.CarriedOver()) == 0 {
		return carrying
	}
	has := map[string]bool{}
	if live != nil {
		for _, b := range live.Bindings {
			has[b.Name] = true
		}
	}
	carrying.Bindings = slices.Clone(s.Bindings)
	for i, b := range carrying.Bindings {
		carrying.Bindings[i].Vacant = b.Type == BindingInherit && !has[b.Name]
	}
	return carrying
}

// LeaveAlone takes out of the canonical forms of a live and a desired script
// what the desired one leaves as it is, so that it is no difference.
func (s *Script) LeaveAlone(live, desired Object) {
	delete(desired, carryOverField)
	if s.IsTemplate() {
		delete(desired, manageField)
		s.restrict(live)
	}
	if s.MigrationTag == "" {
		delete(live, migrationTagField)
	}
	bindings, _ := live["bindings"].(Object)
	for _, name := range s.CarriedOver() {
		delete(bindings, name)
	}
}

// Digest is the hex SHA-256 of the canonical settings. Every reference must be
// resolved first: an id that is not known yet has no digest.
func (s *Script) Digest() string { return digestJSON("wfpsync settings 1\n", s.Canonical()) }

// References are the resources that bindings and tail consumers name.
func (s *Script) References() []Reference {
	var refs []Reference
	for _, b := range s.Bindings {
		refs = append(refs, b.References()...)
	}
	if consumers, ok := s.Options["tail_consumers"].([]any); ok {
		for _, c := range consumers {
			if consumer, ok := c.(Object); ok {
				refs = append(refs, tailConsumerReference(consumer)...)
			}
		}
	}
	return refs
}

// A tail consumer is an account Worker unless it names a namespace.
func tailConsumerReference(consumer Object) []Reference {
	service, _ := consumer["service"].(string)
	if service == "" || consumer["namespace"] != nil {
		return nil
	}
	return []Reference{{To: Address{Kind: KindWorker, Name: service}}}
}

// Resolved returns the script with references replaced by the ids they stand
// for, and whether all of them are known.
func (s *Script) Resolved(id func(Address) (string, bool)) (Script, bool) {
	resolved, complete := *s, true
	for i, b := range s.Bindings {
		r, ok := b.resolved(id)
		complete = complete && ok
		if ok && !b.Ref.IsZero() {
			if &resolved.Bindings[0] == &s.Bindings[0] {
				resolved.Bindings = slices.Clone(s.Bindings)
			}
			resolved.Bindings[i] = r
		}
	}
	return resolved, complete
}

// IsResolved reports whether the script refers to nothing by its address and
// carries nothing over, so that it is uploaded as it stands.
func (s *Script) IsResolved() bool {
	return !s.IsTemplate() && !slices.ContainsFunc(s.Bindings, func(b Binding) bool { return !b.Ref.IsZero() || b.Type == BindingInherit })
}

// Secrets are the script's secret bindings that say where their value is.
func (s *Script) Secrets() []Binding {
	var secrets []Binding
	for _, b := range s.Bindings {
		if b.Secret != nil {
			secrets = append(secrets, b)
		}
	}
	return secrets
}
