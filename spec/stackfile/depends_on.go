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

// named returns the resources that an item of `depends_on` means.
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
		for _, m := range l.file.Root.Get(s.Section).MembersOrNil() {
			keys = append(keys, m.Key)
		}
	}
	switch {
	case len(sectionsWith) > 1:
		l.Report(spec.RuleDependsOn, item.Range(), fmt.Sprintf("%q is a key of %s", item.Text, strings.Join(sectionsWith, " and of ")),
			"write the address of the one you mean, as plans show it")
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
	} else if member := l.file.Root.Get("user_workers").Member(item.Text); member != nil {
		hint = "a user Worker is named by its address, user_worker/NAMESPACE/NAME"
	}
	l.Report(spec.RuleDependsOn, item.Range(), fmt.Sprintf("nothing in this file has the key %q", item.Text), hint)
	return nil
}

func addressesOf(refs []spec.Reference) []spec.Address {
	var addresses []spec.Address
	for _, ref := range refs {
		addresses = append(addresses, ref.To)
	}
	return addresses
}
