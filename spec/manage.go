package spec

import (
	"cmp"
	"maps"
	"slices"

	"github.com/wfpsync/wfpsync/spec/internal/canon"
)

// A template manages some fields of Workers that another program uploads, and
// leaves the others alone. The fields have the names of the stack file's keys;
// those for bindings each stand for several keys.
const (
	FieldCode               = "code"
	FieldCompatibilityDate  = "compatibility_date"
	FieldCompatibilityFlags = "compatibility_flags"
	FieldAssets             = "assets"
	FieldTags               = "tags"
	FieldVars               = "vars"
	FieldSecrets            = "secrets"
	FieldBindings           = "bindings"
)

// Manages reports whether uploads of the script set a field. All fields are
// managed except in a template.
func (s *Script) Manages(field string) bool {
	return s.Manage == nil || slices.Contains(s.Manage, field)
}

// IsTemplate reports whether the script comes from a template.
func (s *Script) IsTemplate() bool { return s.Manage != nil }

// ManagesBindings reports whether the script manages any bindings.
func (s *Script) ManagesBindings() bool {
	return s.Manages(FieldVars) || s.Manages(FieldSecrets) || s.Manages(FieldBindings)
}

// managesBinding reports whether the script manages bindings of a type.
func (s *Script) managesBinding(kind string) bool {
	return s.Manages(cmp.Or(BindingTypeOf(kind).managedBy, FieldBindings))
}

// manageField is in the canonical form of a template's script, for the digest:
// a template that begins to manage a field is a different one.
const manageField = "manage"

// dropUnmanaged deletes from a canonical form what a template does not manage.
func (s *Script) dropUnmanaged(c Object) {
	for name := range c {
		switch name {
		case "bindings", carryOverField:
		case migrationTagField:
			delete(c, name)
		default:
			if !s.Manages(name) {
				delete(c, name)
			}
		}
	}
	bindings, _ := c["bindings"].(Object)
	managed := Object{}
	for name, binding := range bindings {
		properties, _ := binding.(Object)
		if kind, _ := properties["type"].(string); s.managesBinding(kind) {
			managed[name] = binding
		}
	}
	delete(c, "bindings")
	canon.SetIfAny(c, "bindings", managed)
}

// withUnmanaged returns a template's script with the live script's values of
// what it does not manage, because an upload replaces everything.
func (s *Script) withUnmanaged(live *Script) Script {
	kept := *s
	if !s.Manages(FieldCompatibilityDate) {
		kept.CompatibilityDate = live.CompatibilityDate
	}
	if !s.Manages(FieldCompatibilityFlags) {
		kept.CompatibilityFlags = live.CompatibilityFlags
	}
	if !s.Manages(FieldTags) {
		kept.Tags = live.Tags
	}
	named := map[string]bool{}
	for _, b := range s.Bindings {
		named[b.Name] = true
	}
	hasAssets := live.Assets != nil
	kept.Inherited = nil
	for _, b := range live.Bindings {
		hasAssets = hasAssets || b.Type == BindingAssets
		if !s.managesBinding(b.Type) && !named[b.Name] {
			kept.Inherited = append(kept.Inherited, b.Name)
		}
	}
	if !s.Manages(FieldAssets) && !hasAssets {
		kept.Assets = nil // there are none to keep
	}
	kept.Options = maps.Clone(s.Options)
	for name, value := range live.Options {
		if !s.Manages(name) {
			if kept.Options == nil {
				kept.Options = Object{}
			}
			kept.Options[name] = keptOption(name, value)
		}
	}
	kept.Rest = live.Rest
	return kept
}

// keptOption returns a live option as an upload can set it again, without what
// the platform adds.
func keptOption(name string, value any) any {
	if name == "placement" {
		return canonicalPlacement(value)
	}
	return value
}
