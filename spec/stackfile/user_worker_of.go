package stackfile

import (
	"fmt"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
)

// noteUserWorkers keeps what `user_workers` has under a key.
func (l *loader) noteUserWorkers(d declaration) { l.userWorkers[d.member.Key] = d }

// userWorkerOf is the user Worker that an entry leads to: an address as plans
// write it, or a key of `user_workers`, which to an entry that goes through the
// same lists means the one for its item. There may be a million of them, so the
// one is worked out where it is asked for, and not looked up.
func (l *loader) userWorkerOf(e entry, value *document.Value) (spec.Address, bool) {
	key := value.String()
	if a, err := spec.ParseAddress(key); err == nil && a.Kind == spec.KindUserWorker {
		return a, true
	}
	d, known := l.userWorkers[key]
	if !known {
		l.report(spec.RuleDanglingReference, value.Range(), fmt.Sprintf("%q is not declared under `user_workers`", key), l.userWorkerHint(key))
		return spec.Address{}, false
	}
	if len(d.loops) > 0 && d.lists() != e.lists() {
		l.report(spec.RuleDanglingReference, value.Range(), fmt.Sprintf("%q stands for one user Worker for each item of its list", key),
			"go through the same list, or write the address, as in user_worker/NAMESPACE/NAME")
		return spec.Address{}, false
	}
	a, found := l.instanceFor(d, e)
	if !found {
		l.report(spec.RuleDanglingReference, value.Range(), fmt.Sprintf("%q has no user Worker for this item: its `where` leaves it out", key),
			"let both have the same `where`")
		return spec.Address{}, false
	}
	if len(d.loops) > 0 {
		l.resolved[value] = instanceKey(key, e.itemKey)
	}
	return a, true
}

// instanceFor is the user Worker that a declaration makes for the items of an
// entry, and whether there is one.
func (l *loader) instanceFor(d declaration, e entry) (a spec.Address, found bool) {
	values := l.globals()
	var aliases, own []string
	for i, loop := range d.loops {
		values[loop.alias] = e.items[i].item.Map()
		aliases = append(aliases, loop.alias)
	}
	for _, loop := range e.loops {
		own = append(own, loop.alias)
	}
	l.scope(aliases...)
	defer l.scope(own...)
	if !l.condition(d.member.Value.Get("where"), values) {
		return spec.Address{}, false
	}
	var items []chosen
	if len(d.loops) > 0 {
		items = e.items
	}
	worker := l.entry(d, items, values)
	namespace := l.expand(d.member.Value.Get("dispatch_namespace"), values)
	in, _ := l.lookup(spec.KindDispatchNamespace, namespace) // that it is not declared is said of the Worker
	return spec.Address{Kind: spec.KindUserWorker, Parent: in.Name, Name: worker.name}, true
}

func (l *loader) userWorkerHint(key string) string {
	var keys []string
	for known := range l.userWorkers {
		keys = append(keys, known)
	}
	if near := diag.Nearest(key, keys); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "name a key of `user_workers`, or an address, as in user_worker/NAMESPACE/NAME"
}
