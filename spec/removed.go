package spec

import (
	"fmt"

	"github.com/wfpsync/wfpsync/internal/diag"
	"github.com/wfpsync/wfpsync/spec/internal/document"
)

// readRemoved reads `removed`: addresses of what is to be absent, for all that
// absence from the file never deletes.
func (l *loader) readRemoved() {
	first := map[Address]diag.Range{}
	for _, item := range l.root.Get("removed").ItemsOrNil() {
		item = l.expand(item, l.globals())
		if item.Kind != document.String {
			continue // the schema, or the expression, has been complained about
		}
		a, err := ParseAddress(item.Text)
		if err != nil {
			l.report(RuleRemoved, item.Range(), err.Error(), "plans name every resource by its address, such as kv_namespace/Sessions")
			continue
		}
		if at, again := first[a]; again {
			l.report(RuleRemoved, item.Range(), fmt.Sprintf("%s is listed twice", a), "remove one of the two", diag.Related{Range: at, Message: "first listed here"})
			continue
		}
		first[a] = item.Range()
		l.stack.Removed = append(l.stack.Removed, Reference{To: a, At: item.Range()})
		if a.Kind == KindDispatchNamespace { // it can only go with the user Workers in it
			l.stack.Collections = append(l.stack.Collections, Collection{Kind: KindUserWorker, Parent: a.Name})
		}
	}
	sortReferences(l.stack.Removed)
}

// checkRemoved refuses what is declared and to be absent at once.
func (l *loader) checkRemoved() {
	for _, removed := range l.stack.Removed {
		if at, declared := l.definitions[removed.To]; declared {
			l.report(RuleRemoved, removed.At, fmt.Sprintf("%s is to be removed, and is declared", removed.To), "remove one of the two",
				diag.Related{Range: at, Message: "declared here"})
		}
	}
}
