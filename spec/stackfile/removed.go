package stackfile

import (
	"fmt"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// removedSection lets an item of `removed` go through a list as an entry does.
var removedSection = section{KindInfo: spec.KindInfo{Section: "removed"}, nameBy: "address"}

// readRemoved reads `removed`: addresses of what is to be absent, for all that
// absence from the file never deletes. An item is an address, or one for each
// item of a list.
func (l *loader) readRemoved() {
	first := map[spec.Address]diag.Range{}
	for _, item := range l.root.Get("removed").ItemsOrNil() {
		if item.Kind != document.Map {
			if address := l.expand(item, l.globals()); address.Kind == document.String { // else it has been complained about
				l.addRemoved(first, address)
			}
			continue
		}
		loops, ok := l.loops(item.Get("for_each"))
		if !ok || item.Get("address") == nil {
			continue
		}
		d := declaration{section: removedSection, member: document.Member{Key: removedSection.Section, Value: item}, loops: loops, at: item.Range()}
		l.each(d, func(e entry) {
			l.current = e
			if e.name != "" { // else its expression has been complained about
				l.addRemoved(first, document.FromJSON(e.name, item.Get("address")))
			}
		})
		l.current = entry{}
	}
	sortReferences(l.stack.Removed)
}

// addRemoved notes one address that is to be absent. first are where those so
// far are listed.
func (l *loader) addRemoved(first map[spec.Address]diag.Range, address *document.Value) {
	a, err := spec.ParseAddress(address.Text)
	if err != nil {
		l.report(spec.RuleRemoved, address.Range(), err.Error(), "plans name every resource by its address, such as kv_namespace/Sessions")
		return
	}
	if at, again := first[a]; again {
		l.report(spec.RuleRemoved, address.Range(), fmt.Sprintf("%s is listed twice", a), "remove one of the two", diag.Related{Range: at, Message: "first listed here"})
		return
	}
	first[a] = address.Range()
	l.removed = append(l.removed, address)
	if related := l.current.related(); related != nil {
		l.removedFor[a] = related
	}
	l.stack.Removed = append(l.stack.Removed, spec.Reference{To: a, At: address.Range()})
	if a.Kind == spec.KindDispatchNamespace { // it can only go with the user Workers in it
		l.stack.Collections = append(l.stack.Collections, spec.Collection{Kind: spec.KindUserWorker, Parent: a.Name})
	}
}

// checkRemoved refuses what is declared and to be absent at once.
func (l *loader) checkRemoved() {
	for _, removed := range l.stack.Removed {
		if at, declared := l.definitions[removed.To]; declared {
			related := append([]diag.Related{{Range: at, Message: "declared here"}}, l.removedFor[removed.To]...)
			l.report(spec.RuleRemoved, removed.At, fmt.Sprintf("%s is to be removed, and is declared", removed.To), "remove one of the two", related...)
		}
	}
}
