package stackfile

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/internal/canon"
)

// UserWorkers says what an import makes of the user Workers that no stack manages:
// mostly the platform's product uploads them, and goes on doing so.
type UserWorkers string

const (
	LeaveUserWorkers    UserWorkers = "none"     // they stay out of the file
	TemplateUserWorkers UserWorkers = "template" // the file says what they run, and not which there are
	OwnUserWorkers      UserWorkers = "own"      // each is written out, and becomes the stack's
)

// AllUserWorkers are the choices there are.
var AllUserWorkers = []UserWorkers{LeaveUserWorkers, TemplateUserWorkers, OwnUserWorkers}

// setAside notes a user Worker that is not written out, and reports whether it is.
func (im *importer) setAside(a spec.Address) bool {
	r := im.live.Resources[a].Revision
	if a.Kind != spec.KindUserWorker || im.userWorkers == OwnUserWorkers || r.Owner != "" || r.Template != "" {
		return false
	}
	im.aside[a.Parent] = append(im.aside[a.Parent], a)
	return true
}

var notInIdentifiers = regexp.MustCompile(`[^A-Za-z0-9_]+`)

// writeAside writes a template for the user Workers of each namespace that were set
// aside, if that is wanted and they run the same code, and says of all others how
// many there are. It returns the lists that the templates go through.
func (im *importer) writeAside() (lists, templates members) {
	for _, namespace := range slices.Sorted(maps.Keys(im.aside)) {
		found := im.aside[namespace]
		at := spec.Address{Kind: spec.KindDispatchNamespace, Name: namespace}
		counted := fmt.Sprintf("%d user Workers", len(found))
		if len(found) == 1 {
			counted = "1 user Worker"
		}
		counted += " that no stack manages"
		reason := ""
		if im.userWorkers == TemplateUserWorkers {
			if reason = im.notAlike(found); reason == "" {
				list := "in_" + notInIdentifiers.ReplaceAllString(namespace, "_")
				for lists.find(list) >= 0 {
					list += "_"
				}
				lists.set(list, spec.Object{"discover": spec.Object{"dispatch_namespace": namespace}})
				templates = append(templates, im.template(found, list)...)
				im.notes = append(im.notes, ImportNote{at, counted + ": a template says what they run, and your product which there are"})
				continue
			}
			reason = ", so no template was written: " + reason
		}
		im.leaveOut(at, counted+reason)
	}
	return lists, templates
}

// notAlike says why no template would find some user Workers as they are; "" if
// one would.
func (im *importer) notAlike(found []spec.Address) string {
	first := im.live.Resources[found[0]].Resource.(spec.Scripted).AsScript().Code
	for _, a := range found {
		code := im.live.Resources[a].Resource.(spec.Scripted).AsScript().Code
		switch reason := cannotReproduce(code); {
		case reason != "":
			return fmt.Sprintf("of %s, %s", a.Name, reason)
		case code.IsNone():
			return fmt.Sprintf("%s has no code", a.Name)
		case code.Digest != first.Digest:
			return fmt.Sprintf("%s and %s run different code, which only you can tell apart, by tags for example", found[0].Name, a.Name)
		}
	}
	return ""
}

// template returns the entry that says what user Workers of one code run.
func (im *importer) template(found []spec.Address, list string) (entry members) {
	namespace := found[0].Parent
	first := im.live.Resources[found[0]].Resource.(spec.Scripted).AsScript()
	manage := []any{"code"}
	if !slices.ContainsFunc(found, func(a spec.Address) bool {
		s := im.live.Resources[a].Resource.(spec.Scripted).AsScript()
		return s.CompatibilityDate == "" || s.CompatibilityDate != first.CompatibilityDate || !slices.Equal(canon.SortedStrings(s.CompatibilityFlags), canon.SortedStrings(first.CompatibilityFlags))
	}) {
		manage = append(manage, "compatibility_date", "compatibility_flags")
	}
	var m members
	m.set("dispatch_namespace", namespace)
	m.set("for_each", spec.Object{"tenant": list})
	m.set("manage", manage)
	im.code(&m, spec.Address{Kind: spec.KindUserWorker, Name: namespace}, first.Code)
	if len(manage) > 1 {
		m.set("compatibility_date", first.CompatibilityDate)
		if len(first.CompatibilityFlags) > 0 {
			m.set("compatibility_flags", canon.SortedStrings(first.CompatibilityFlags))
		}
	}
	entry.put(im.newKey(spec.Address{Kind: spec.KindUserWorker, Name: namespace}), m.value())
	return entry
}
