package stackfile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// dependsOn reads `depends_on`: keys of the file, or addresses, of what an entry
// comes after though no reference says so.
func (l *loader) dependsOn(e entry) []spec.Reference {
	var refs []spec.Reference
	for _, item := range e.value.Get("depends_on").ItemsOrNil() {
		if item.Kind != document.String {
			continue // the schema says so
		}
		addresses := l.named(e, item)
		for _, a := range addresses {
			ref := spec.Reference{To: a, At: item.Range()}
			if !slices.ContainsFunc(refs, func(other spec.Reference) bool { return other.To == a }) {
				refs = append(refs, ref)
			}
		}
	}
	return refs
}

// named are the resources that an item of `depends_on` means.
func (l *loader) named(e entry, item *document.Value) []spec.Address {
	var found []spec.Address
	var sectionsWith, keys []string
	for _, s := range sections {
		if s.unnamed {
			continue
		}
		if addresses, known := l.keyed(e, s.Kind, item.Text); known {
			found, sectionsWith = append(found, addresses...), append(sectionsWith, s.Section)
		}
		for _, m := range l.root.Get(s.Section).MembersOrNil() {
			keys = append(keys, m.Key)
		}
	}
	switch {
	case len(sectionsWith) > 1:
		l.report(spec.RuleDependsOn, item.Range(), fmt.Sprintf("%q is a key of %s", item.Text, strings.Join(sectionsWith, " and of ")),
			"write the address of the one that is meant, as plans show it")
		return nil
	case len(sectionsWith) == 1:
		return found
	}
	a, err := spec.ParseAddress(item.Text)
	if err == nil {
		return []spec.Address{a}
	}
	hint := "name a key of this file, or the address that plans show"
	if near := diag.Nearest(item.Text, keys); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	} else if member := l.root.Get("user_workers").Member(item.Text); member != nil {
		hint = "a user Worker is named by its address, user_worker/NAMESPACE/NAME"
	}
	l.report(spec.RuleDependsOn, item.Range(), fmt.Sprintf("nothing in this file has the key %q", item.Text), hint)
	return nil
}

// keyed are the resources of a kind that a key stands for: one; or those that its
// `for_each` makes, of which the one for the same item counts where the entry
// goes through the same lists. Those may be none.
func (l *loader) keyed(e entry, kind spec.Kind, key string) (addresses []spec.Address, known bool) {
	if a, ok := l.declared[kind][key]; ok {
		return []spec.Address{a}, true
	}
	lists, generated := l.generated[kind][key]
	if !generated {
		return nil, false
	}
	if lists == e.lists() {
		if a, ok := l.declared[kind][instanceKey(key, e.itemKey)]; ok {
			return []spec.Address{a}, true
		}
	}
	for instance, a := range l.declared[kind] {
		if strings.HasPrefix(instance, key+"[") {
			addresses = append(addresses, a)
		}
	}
	slices.SortFunc(addresses, spec.Address.Compare)
	return addresses, true
}

// checkDependsOn refuses to wait for what the file does not declare: it would
// order nothing, without a word.
func (l *loader) checkDependsOn() {
	if len(l.ordered) == 0 {
		return
	}
	named := map[spec.Address]bool{} // also those that were not loaded, because something else is wrong with them
	for _, declared := range l.declared {
		for _, a := range declared {
			named[a] = true
		}
	}
	for a, refs := range l.ordered {
		for _, ref := range refs {
			if _, declared := l.definitions[ref.To]; !declared && !named[ref.To] {
				l.report(spec.RuleDependsOn, ref.At, fmt.Sprintf("%s depends on %s, which this file does not declare", a, ref.To), l.nearestAddress(ref.To))
			} else if ref.To == a {
				l.report(spec.RuleDependsOn, ref.At, fmt.Sprintf("%s depends on itself", a), "take it out of the list")
			}
		}
	}
}

func (l *loader) nearestAddress(a spec.Address) string {
	var names []string
	for known := range l.definitions {
		if known.Kind == a.Kind {
			names = append(names, known.String())
		}
	}
	slices.Sort(names)
	if near := diag.Nearest(a.String(), names); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "declare it, or take it out of the list"
}

func addressesOf(refs []spec.Reference) []spec.Address {
	var addresses []spec.Address
	for _, ref := range refs {
		addresses = append(addresses, ref.To)
	}
	return addresses
}
