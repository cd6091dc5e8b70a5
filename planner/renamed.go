package planner

import (
	"fmt"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// compareNamespaces compares the name of a resource that can be renamed, and
// the settings that the file names.
func compareNamespaces(_ *planning, desired spec.Resource, live *spec.Live) *Change {
	c := settingsChange(live.Resource.Canonical(), desired.Canonical())
	former := live.Revision.FormerName
	if former == "" {
		return c
	}
	if c == nil {
		c = &Change{Action: Update}
	}
	c.Reason = ReasonRenamed
	name := FieldChange{Path: "/name", Op: FieldReplace, Before: former, After: desired.Address().Name}
	c.Fields = append([]FieldChange{name}, c.Fields...)
	return c
}

// warnRenames warns of a rename that is not made because a resource has the new
// name already.
func (p *planning) warnRenames() {
	for _, r := range p.desiredResources() {
		meta := r.Meta()
		from := r.Address()
		from.Name = meta.RenamedFrom
		if meta.RenamedFrom == "" || meta.RenamedFrom == r.Address().Name || p.live.Resources[from] == nil {
			continue
		}
		p.diagnostics = append(p.diagnostics, diag.Diagnostic{
			Severity: diag.Warning,
			Rule:     RuleNotRenamed,
			Message:  fmt.Sprintf("%s is not renamed, because %s exists as well", from, r.Address()),
			Hint:     "remove `renamed_from`, or delete one of the two",
			Range:    meta.At,
		})
	}
}
