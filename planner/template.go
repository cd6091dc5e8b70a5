package planner

import (
	"fmt"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// A template writes some fields of user Workers that another program uploads.
// It never creates, deletes or owns them: a plan updates them, or only writes
// the mark.

// isTemplate reports whether a desired resource comes from a template.
func isTemplate(r spec.Resource) bool {
	script, ok := r.(spec.Scripted)
	return ok && script.AsScript().IsTemplate()
}

// isTemplated reports whether the file has a template for the Worker at an
// address.
func (p *planning) isTemplated(a spec.Address) bool {
	r, declared := p.desired.Lookup(a)
	return declared && isTemplate(r)
}

// templateSkips reports whether a template leaves a Worker alone: it was
// deleted, or it has no room for the mark, without which every plan would have
// to read it.
func (p *planning) templateSkips(r spec.Resource, live *spec.Live) bool {
	if !isTemplate(r) {
		return false
	}
	return live == nil || !hasRoomForMark(r, live)
}

// maxOwnTags is how many tags a script may have in addition to ours.
const maxOwnTags = 8 - spec.ReservedTags

// hasRoomForMark reports whether a live Worker's own tags leave room for the
// mark, or the template replaces them.
func hasRoomForMark(desired spec.Resource, live *spec.Live) bool {
	own := live.Resource.(spec.Scripted).AsScript().Tags
	return len(own) <= maxOwnTags || desired.(spec.Scripted).AsScript().Manages("tags")
}

// compareTemplate plans what a template changes about a live Worker.
func (p *planning) compareTemplate(desired spec.Resource, live *spec.Live) *Change {
	if owner := p.otherOwner(live); owner != "" {
		return &Change{Action: Update, Reason: ReasonUnmanaged, Blocked: &Block{
			By:      blockedByOwnership,
			Message: fmt.Sprintf("it belongs to the stack %q", owner),
			Hint:    "a template writes nothing that belongs to a stack: make the plan again",
		}}
	}
	if p.isAsMarked(desired, live) {
		return p.compareSecrets(desired, live, nil)
	}
	fields := p.fields(live, desired)
	isNew := live.Revision.Template == "" || live.Revision.Mark == nil
	switch inShape := onlyMissingSecrets(desired.(spec.Scripted), fields); {
	case inShape && isNew:
		return p.compareUnmarked(desired.(spec.Scripted), live, fields, ReasonTemplate)
	case inShape && !p.markDescribes(desired, live):
		return p.compareUnmarked(desired.(spec.Scripted), live, fields, ReasonChanged)
	case isNew:
		return &Change{Action: Update, Reason: ReasonTemplate, Fields: p.withSecrets(desired, live, fields)}
	case !inShape:
		return &Change{Action: Update, Reason: p.changeReason(desired, live), Fields: p.withSecrets(desired, live, fields)}
	}
	c := p.compareSecrets(desired, live, fields)
	if c == nil && p.isUnproven(desired, live) {
		c = &Change{Action: Update, Reason: ReasonUnproven, MarkOnly: true}
	}
	return c
}

// compareUnmarked plans to write the mark of a Worker that differs from its
// template in secrets at most. Secrets of the same names may be its product's:
// they are written unless fingerprints prove their values.
func (p *planning) compareUnmarked(desired spec.Scripted, live *spec.Live, missing []FieldChange, reason Reason) *Change {
	var others SecretReason
	if _, known := p.changedSecrets(desired, live); !known {
		others = SecretUnverified
	}
	fields := p.secretFields(desired, live, missing, others)
	if len(fields) == 0 {
		return &Change{Action: Adopt, Reason: reason, MarkOnly: true}
	}
	return &Change{Action: WriteSecrets, Reason: reason, Fields: fields}
}

// otherOwner returns the stack that owns a live Worker, which may be ours, or
// another stack whose template writes it; "" if there is neither.
func (p *planning) otherOwner(live *spec.Live) string {
	switch r := live.Revision; {
	case r.Owner != "":
		return r.Owner
	case r.Template != p.desired.Name:
		return r.Template
	default:
		return ""
	}
}

// warnTemplates warns of templates that find no Worker, and of Workers that are
// left alone because of their tags.
func (p *planning) warnTemplates() {
	for _, t := range p.desired.Templates {
		if t.Found > 0 || p.options.Mode == Destroy {
			continue
		}
		criteria := t.Criteria()
		if criteria != "" {
			criteria = " with " + criteria
		}
		p.diagnostics = append(p.diagnostics, diag.Diagnostic{
			Severity: diag.Warning,
			Rule:     RuleNothingDiscovered,
			Message:  fmt.Sprintf("the template %q matches no user Worker: %q has none%s that no stack owns", t.Key, t.Discovery.Namespace, criteria),
			Hint:     "check the tags and the name",
			Range:    t.At,
		})
	}
	for _, r := range p.desiredResources() {
		live := p.live.Resources[r.Address()]
		if !isTemplate(r) || live == nil || hasRoomForMark(r, live) {
			continue
		}
		p.diagnostics = append(p.diagnostics, diag.Diagnostic{
			Severity: diag.Warning,
			Rule:     RuleNoRoomForMark,
			Message: fmt.Sprintf("%s has %d tags of its own, which leaves no room for wfpsync's mark: it stays unchanged", r.Address(),
				len(live.Resource.(spec.Scripted).AsScript().Tags)),
			Hint:  fmt.Sprintf("the platform allows 8 tags, and wfpsync needs %d: give it at most %d of its own", spec.ReservedTags, maxOwnTags),
			Range: r.Meta().At,
		})
	}
}
