package stackfile

import (
	"fmt"
	"slices"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/complaint"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// removedSection lets an item of `removed` go through a list as an entry does.
var removedSection = &section{KindInfo: spec.KindInfo{Section: "removed"}, nameBy: "address"}

// readRemoved reads `removed`: addresses of resources to delete, for kinds that
// are never deleted just because the file no longer has them. An item is an
// address, or one for each item of a list.
func (l *loader) readRemoved() (all []removal) {
	first := map[spec.Address]diag.Range{}
	note := func(address *document.Value) {
		if r, ok := l.removalOf(address, first); ok {
			all = append(all, r)
		}
	}
	for _, item := range l.file.Root.Get("removed").ItemsOrNil() {
		if item.Kind != document.Map {
			if address := l.Expand(item, l.Globals()); address.Kind == document.String { // else it has been complained about
				note(address)
			}
			continue
		}
		loops, ok := l.loops(item.Get("for_each"))
		if !ok || item.Get("address") == nil {
			continue
		}
		d := declaration{section: removedSection, member: document.Member{Key: removedSection.Section, Value: item}, loops: loops, at: item.Range()}
		l.each(d, func(e entry) {
			l.begin(e)
			if e.name != "" { // else its expression has been complained about
				note(document.FromJSON(e.name, item.Get("address")))
			}
		})
		l.begin(entry{})
	}
	for _, r := range all {
		l.stack.Removed = append(l.stack.Removed, r.Reference)
		if r.To.Kind == spec.KindDispatchNamespace { // it can only go with the user Workers in it
			l.stack.Collections = append(l.stack.Collections, spec.Collection{Kind: spec.KindUserWorker, Parent: r.To.Name})
		}
		if l.rendering != nil {
			l.rendering.removed = append(l.rendering.removed, r.address)
		}
	}
	slices.SortFunc(l.stack.Removed, byAddress)
	return all
}

// removal is one address of a resource to delete, as the file has it, and the
// items of lists that it was made of.
type removal struct {
	spec.Reference
	address *document.Value
	related []diag.Related
}

// removalOf reads one address. first are the places that list the addresses
// read until now.
func (l *loader) removalOf(address *document.Value, first map[spec.Address]diag.Range) (removal, bool) {
	a, err := spec.ParseAddress(address.Text)
	if err != nil {
		l.Report(spec.RuleRemoved, address.Range(), err.Error(), "plans name every resource by its address, such as kv_namespace/Sessions")
		return removal{}, false
	}
	if at, again := first[a]; again {
		l.Report(spec.RuleRemoved, address.Range(), fmt.Sprintf("%s is listed twice", a), "remove one of the two", diag.Related{Range: at, Message: "first listed here"})
		return removal{}, false
	}
	first[a] = address.Range()
	return removal{spec.Reference{To: a, At: address.Range()}, address, complaint.Related(l.current.items)}, true
}
