package spec

import (
	"slices"

	"github.com/wfpsync/wfpsync/spec/internal/canon"
)

// Script is what a Worker and a user Worker have in common: code, and the
// settings that are uploaded with it.
type Script struct {
	Code               *Code     `json:"code,omitempty"`
	CompatibilityDate  string    `json:"compatibility_date,omitempty"`
	CompatibilityFlags []string  `json:"compatibility_flags,omitempty"`
	Bindings           []Binding `json:"bindings,omitempty"` // sorted by name
	Assets             *Assets   `json:"assets,omitempty"`

	// Migrations are all that the file lists, oldest first, and MigrationTag is
	// the last one's tag. For a live script it is the tag of the last one that
	// ran, if that is known.
	Migrations   []Migration `json:"migrations,omitempty"`
	MigrationTag string      `json:"migration_tag,omitempty"`

	// Tags are the script's own, without the owner and the mark.
	Tags []string `json:"tags,omitempty"`

	// Options are the rest of the upload's metadata, by API field; see
	// [ScriptOptions].
	Options Object `json:"options,omitempty"`

	// Manage are the fields that a template manages, sorted; the account keeps
	// the others. It is nil for a script that is not a template's.
	Manage []string `json:"manage,omitempty"`

	// Inherited are the bindings that a template leaves alone, and Rest is
	// everything else that a live script has, by API field. An upload replaces
	// everything, so it includes both.
	Inherited []string `json:"inherited,omitempty"`
	Rest      Object   `json:"rest,omitempty"`
}

// ScriptOptions are the metadata fields that [Script.Options] may have. The
// settings endpoint returns them under the same names. Source: API reference,
// "Upload Worker Module" and "Get Script Settings".
var ScriptOptions = []string{"limits", "logpush", "observability", "placement", "tail_consumers"}

// Scripted is a resource that runs code: a Worker or a user Worker.
type Scripted interface {
	Resource
	AsScript() *Script

	// WithScript returns a copy of the resource with another script.
	WithScript(Script) Scripted
}

// AsScript returns the script itself; Worker and UserWorker embed it.
func (s *Script) AsScript() *Script { return s }

// Canonical returns the settings in comparable form: bindings by name,
// everything else by API field. Assets, like code, are compared by digest.
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
		s.dropUnmanaged(c)
		c[manageField] = canon.SortedStrings(s.Manage)
	}
	return c
}

// These fields of the canonical form are not part of an upload: the names of
// carried-over bindings, for the digest, and the last migration.
const (
	carryOverField    = "carry_over"
	migrationTagField = "migration_tag"
)

// CarriedOver returns the names of the bindings that uploads leave alone.
func (s *Script) CarriedOver() []string {
	var names []string
	for _, b := range s.Bindings {
		if b.Type == BindingInherit {
			names = append(names, b.Name)
		}
	}
	return names
}

// CarryingOver returns the script to upload over a live one, which may be nil.
// It is known then which bindings there are to carry over.
func (s *Script) CarryingOver(live *Script) Script {
	carrying := *s
	if s.IsTemplate() && live != nil {
		carrying = s.withUnmanaged(live)
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

// IgnoreUnmanaged deletes from the canonical forms of a live and a desired
// script what the desired one leaves alone, so that it does not count as a
// difference.
func (s *Script) IgnoreUnmanaged(live, desired Object) {
	delete(desired, carryOverField)
	if s.IsTemplate() {
		delete(desired, manageField)
		s.dropUnmanaged(live)
	}
	if s.MigrationTag == "" {
		delete(live, migrationTagField)
	}
	bindings, _ := live["bindings"].(Object)
	for _, name := range s.CarriedOver() {
		delete(bindings, name)
	}
}

// Digest returns the hex SHA-256 of the canonical settings. Every reference
// must be resolved first: an unknown id has no digest.
func (s *Script) Digest() string { return digestJSON("wfpsync settings 1\n", s.Canonical()) }

// References returns the resources that bindings and tail consumers name.
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

// tailConsumerReference returns the account Worker that a tail consumer names.
// One with a namespace is a user Worker.
func tailConsumerReference(consumer Object) []Reference {
	service, _ := consumer["service"].(string)
	if service == "" || consumer["namespace"] != nil {
		return nil
	}
	return []Reference{{To: Address{Kind: KindWorker, Name: service}}}
}

// Resolved returns the script with references replaced by ids, and whether all
// ids are known.
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

// IsResolved reports whether the script has no references and carries nothing
// over, so that it can be uploaded as it is.
func (s *Script) IsResolved() bool {
	return !s.IsTemplate() && !slices.ContainsFunc(s.Bindings, func(b Binding) bool { return !b.Ref.IsZero() || b.Type == BindingInherit })
}

// Secrets returns the secret bindings whose source the script names.
func (s *Script) Secrets() []Binding {
	var secrets []Binding
	for _, b := range s.Bindings {
		if b.Secret != nil {
			secrets = append(secrets, b)
		}
	}
	return secrets
}
