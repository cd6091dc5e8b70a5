package stackfile

import (
	"fmt"
	"slices"

	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/expression"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/list"
)

// isDiscovered reports whether a declaration goes through discovered Workers.
func (d declaration) isDiscovered() bool {
	return slices.ContainsFunc(d.loops, func(loop loop) bool { return loop.list.Discovery != nil })
}

// checkTemplate reports whether a declaration may be what it is: one that goes
// through discovered user Workers is a template of theirs, and no other is one.
func (x *expansion) checkTemplate(d declaration) bool {
	manage := d.member.Value.Member("manage")
	forEach := d.member.Value.Get("for_each")
	switch {
	case !d.isDiscovered() && manage == nil:
		return true
	case d.section.Kind != spec.KindUserWorker && d.isDiscovered():
		x.Report(spec.RuleTemplate, forEach.Range(), fmt.Sprintf("`%s` cannot use a list with `discover`", d.section.Section),
			"only `user_workers` can: other resources would have to be created and deleted as user Workers come and go")
		return false
	case !d.isDiscovered():
		x.Report(spec.RuleTemplate, manage.Range(), fmt.Sprintf("%q manages only some fields of Workers that it would have to create", d.member.Key),
			"`manage` is for user Workers that a list with `discover` finds: name such a list in `for_each`, or remove it")
		return false
	case manage == nil:
		x.Report(spec.RuleTemplate, forEach.Range(), fmt.Sprintf("%q does not say what it manages of its user Workers", d.member.Key),
			"such as manage: [code, compatibility_date]; the rest stays unchanged")
		return false
	case len(d.loops) > 1:
		x.Report(spec.RuleTemplate, forEach.Range(), "a list with `discover` cannot be combined with another list", "each user Worker that is found is one item already: use that list alone")
		return false
	}
	return x.checkManage(d, manage.Value)
}

// hopeless are keys of an entry that mean nothing for a Worker that another
// program owns.
var hopeless = map[string]string{
	"adopt":         "`manage` is what allows to write it, and it is never taken over",
	"protect":       "it is never deleted",
	"migrations":    "the program that uploads the Worker runs its migrations",
	"from_wrangler": "write what is to be managed here",
}

// checkManage reports what a template says of fields that it does not manage.
// What defaults and profiles say of them is not for this entry.
func (x *expansion) checkManage(d declaration, manage *document.Value) bool {
	manages := manage.Strings()
	if len(manages) == 0 {
		x.Report(spec.RuleManage, manage.Range(), fmt.Sprintf("%q manages nothing", d.member.Key), "name what it manages, such as code")
		return false
	}
	if slices.Contains(manages, spec.FieldAssets) && !slices.Contains(manages, spec.FieldCode) {
		x.Report(spec.RuleManage, manage.Range(), "static assets are uploaded with the code", "manage the `code` too, or leave the `assets` out")
		return false
	}
	good := true
	for _, m := range d.member.Value.Members {
		field := fieldOfKey(m.Key)
		switch hint := hopeless[m.Key]; {
		case m.Key == "carry_over" && !(&spec.Script{Manage: manages}).ManagesBindings():
			x.Report(spec.RuleManage, m.Range(), "`carry_over` does nothing here: `manage` names no bindings", "remove it: all bindings stay as they are")
			good = false
		case hint != "":
			x.Report(spec.RuleManage, m.Range(), fmt.Sprintf("`%s` does nothing in a template", m.Key), hint)
			good = false
		case field != "" && !slices.Contains(manages, field):
			what := ""
			if m.Key != field {
				what = "`" + field + "` is "
			}
			x.Report(spec.RuleManage, m.Range(), fmt.Sprintf("`%s` is given but %snot managed", m.Key, what), fmt.Sprintf("add %s to `manage`, or remove it here", field))
			good = false
		}
	}
	return good
}

// fieldOfKey returns the field that a key of an entry belongs to; "" for the
// others.
func fieldOfKey(key string) string {
	for field, keys := range manageable {
		if slices.Contains(keys, key) {
			return field
		}
	}
	return ""
}

// loadEntries loads what the file writes out, and then the templates: what is
// written out is no longer to be discovered.
func (l *loader) loadEntries(declarations []declaration) {
	for _, d := range declarations {
		if !d.isDiscovered() {
			l.each(d, l.loadEntry)
		}
	}
	for _, d := range declarations {
		if d.isDiscovered() {
			l.loadDiscovered(d)
		}
	}
}

// isAside reports whether a resource is not the stack's own: one that stands in
// for those that are not known, which is kept aside, or one that a template
// makes of a Worker that the file has written out.
func (l *loader) isAside(r spec.Resource) bool {
	if l.current.standIn {
		l.stack.StandIns = append(l.stack.StandIns, r)
		return true
	}
	_, taken := l.definitions[r.Address()]
	return taken && l.current.isDiscovered() && !l.templated[r.Address()]
}

// loadDiscovered loads a template for each user Worker that it is for. While it
// is not known which those are, and when there are none, it is loaded for one
// that stands in for them: what is wrong with the template can be said all the
// same.
func (l *loader) loadDiscovered(d declaration) {
	if !l.checkExpressions(d) {
		return
	}
	found := d.loops[0].list
	if l.rendering != nil {
		l.renderTemplate(d)
	}
	if len(found.Items) == 0 {
		l.loadStandIn(d)
	}
	before := len(l.stack.Resources)
	l.each(d, l.loadEntry)
	if !found.Unknown {
		l.stack.Templates = append(l.stack.Templates, spec.Template{
			Key: d.member.Key, Discovery: spec.Discovery(*found.Discovery), Found: len(l.stack.Resources) - before, At: d.at,
		})
	}
}

// loadStandIn loads a template for a made-up Worker. If its expressions need
// more of an item than that, the place is not reported.
func (l *loader) loadStandIn(d declaration) {
	d.standIn = true
	through := *d.loops[0].list
	through.Items = []list.Item{through.StandIn()}
	d.loops = []loop{{d.loops[0].alias, &through}}
	d.member.Value = d.member.Value.Without("where")
	l.each(d, l.loadEntry)
}

// checkExpressions compares the members that a template's expressions read with
// those that every discovered Worker has.
func (l *loader) checkExpressions(d declaration) bool {
	alias, good := d.loops[0].alias, true
	l.begin(entry{})
	l.SetAliases(alias)
	defer l.SetAliases()
	var check func(*document.Value)
	check = func(v *document.Value) {
		if v.Kind == document.String {
			if _, err := expression.CompileKnowing(v.Text, l.Scope(), expression.Members{alias: list.FoundMembers}); err != nil {
				l.ReportExpression(v, err)
				good = false
			}
		}
		for _, item := range v.Items {
			check(item)
		}
		for _, m := range v.Members {
			if m.Key != "script" {
				check(m.Value)
			}
		}
	}
	for _, m := range d.member.Value.Members {
		switch {
		case m.Key == "where" && !m.Value.HasTemplates():
			check(m.Value.AsTemplate())
		case m.Key != "script" && m.Value.HasTemplates():
			check(m.Value)
		}
	}
	return good
}

// loadTemplate reads what a template manages of a Worker.
func (l *loader) loadTemplate(e entry) spec.Script {
	manages := slices.Compact(slices.Sorted(slices.Values(e.value.Get("manage").Strings())))
	value := withoutUnmanaged(e.value, manages)
	s := spec.Script{Code: l.keptCode, Manage: manages, Assets: &spec.Assets{Keep: true}}
	if s.Manages(spec.FieldCode) {
		s.Code = l.loadCode(e, value)
	}
	if s.Manages(spec.FieldAssets) {
		s.Assets = l.loadAssets(value, s.Code)
	}
	if s.Manages(spec.FieldCompatibilityDate) {
		s.CompatibilityDate = l.loadCompatibilityDate(e, value)
	}
	s.CompatibilityFlags = value.Get(spec.FieldCompatibilityFlags).Strings()
	s.Tags = l.loadTags(value)
	s.Bindings = l.loadBindings(l.addressOf(e), value)
	s.Options = l.loadOptions(value)
	return s
}

// withoutUnmanaged returns a template without what defaults and profiles say of
// fields that it does not manage.
func withoutUnmanaged(value *document.Value, manages []string) *document.Value {
	for field, keys := range manageable {
		if !slices.Contains(manages, field) {
			value = value.Without(keys...)
		}
	}
	return value
}

// checkDiscovered reports a template that would write something else than the
// Worker it was made for.
func (l *loader) checkDiscovered(e entry, namespace string) {
	found := e.loops[0].list
	if namespace != found.Discovery.Namespace {
		l.Report(spec.RuleTemplateName, e.value.Get("dispatch_namespace").Range(), fmt.Sprintf("the list %q discovers user Workers in %q, not in %q", found.Name, found.Discovery.Namespace, namespace),
			"name the same dispatch namespace in both")
	}
	name := e.givenName()
	if name != nil && e.name != e.itemKey {
		l.Report(spec.RuleTemplateName, name.Range(), fmt.Sprintf("a template updates the user Worker that was found, %q, and cannot name it %q", e.itemKey, e.name),
			fmt.Sprintf("remove it, or write name: ${%s.name}", e.loops[0].alias))
	}
}

// manageable are the fields that a template can manage, each with the keys of an
// entry that it stands for. All other keys of a Worker are in none.
var manageable = func() map[string][]string {
	fields := map[string][]string{
		spec.FieldCode:               {"main", "script", "minify", "define", "alias", "rules", "no_bundle", "find_additional_modules", "base_dir"},
		spec.FieldCompatibilityDate:  {spec.FieldCompatibilityDate},
		spec.FieldCompatibilityFlags: {spec.FieldCompatibilityFlags},
		spec.FieldAssets:             {spec.FieldAssets},
		spec.FieldTags:               {spec.FieldTags},
		spec.FieldVars:               {spec.FieldVars},
		spec.FieldSecrets:            {spec.FieldSecrets},
	}
	for _, option := range spec.ScriptOptions {
		fields[option] = []string{option}
	}
	for _, group := range bindingGroups {
		if group.key != "" && group.key != spec.FieldAssets {
			fields[spec.FieldBindings] = append(fields[spec.FieldBindings], group.topKey())
		}
	}
	return fields
}()
