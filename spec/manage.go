package spec

import (
	"cmp"
	"maps"
	"slices"

	"github.com/wfpsync/wfpsync/spec/internal/canon"
)

// A template manages some fields of Workers that somebody else uploads, and
// leaves the others as they are. What the fields are called is what the stack
// file calls them; those of bindings stand for several of its keys.
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

// Manages reports whether uploads of the script say a field; all but a
// template's say every one.
func (s *Script) Manages(field string) bool {
	return s.Manage == nil || slices.Contains(s.Manage, field)
}

// IsTemplate reports whether the script is of a template.
func (s *Script) IsTemplate() bool { return s.Manage != nil }

// ManagesBindings reports whether the script says anything of bindings.
func (s *Script) ManagesBindings() bool {
	return s.Manages(FieldVars) || s.Manages(FieldSecrets) || s.Manages(FieldBindings)
}

// managesBinding reports whether a binding of a type is the script's to say.
func (s *Script) managesBinding(kind string) bool {
	return s.Manages(cmp.Or(BindingTypeOf(kind).managedBy, FieldBindings))
}

// manageField is in the canonical form of a template's script for the digest: a
// template that begins to manage a field is another one.
const manageField = "manage"

// restrict takes out of a canonical form what a template does not manage.
func (s *Script) restrict(c Object) {
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

// keeping is a template's script with what a live one has that it does not
// manage, so that an upload says all of it.
func (s *Script) keeping(live *Script) Script {
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
		kept.Assets = nil // there is nothing to keep
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

// keptOption is a live option as an upload says it again: without what the
// platform adds of its own.
func keptOption(name string, value any) any {
	if name == "placement" {
		return canonicalPlacement(value)
	}
	return value
}
