package stackfile

import (
	"fmt"
	"slices"

	"github.com/wfpsync/wfpsync/spec"
)

// externalKeys are the keys of an entry for a resource that is managed
// elsewhere: what tells which one it is, and what in it is the file's own.
var externalKeys = []string{"external", "for_each", "where", "jurisdiction", "key_prefix"}

// isExternal reports whether an entry only gives a name to something that is
// managed elsewhere. What nothing refers to is not external.
func (e entry) isExternal() bool {
	return !e.section.unnamed && e.member.Value.Get("external").IsTrue()
}

// loadExternal notes a resource that the file refers to and does not manage.
func (l *loader) loadExternal(e entry) {
	for _, m := range e.member.Value.Members {
		if m.Key != e.section.nameBy && !slices.Contains(externalKeys, m.Key) {
			l.Report(spec.RuleExternal, m.Range(), fmt.Sprintf("%q is external, so %q has no effect", e.key, m.Key), "remove it, or `external: true`")
		}
	}
	a := l.keyAddress(e)
	if first, taken := l.definitions[a]; taken {
		d := spec.DeclaredTwice(a, first)
		l.Report(d.Rule, e.at, d.Message, "remove one of the two", d.Related...)
		return
	}
	l.definitions[a] = e.at
	l.stack.External = append(l.stack.External, spec.Reference{To: a, At: e.at})
	if a.Kind == spec.KindDispatchNamespace { // the user Workers in it may well be ours
		l.stack.Collections = append(l.stack.Collections, spec.Collection{Kind: spec.KindUserWorker, Parent: a.Name})
	}
	if a.Kind == spec.KindKVNamespace { // and so may be pairs
		l.noteKeyPrefix(e, a)
	}
}
