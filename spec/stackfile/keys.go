package stackfile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/document"
	"github.com/wfpsync/wfpsync/spec/stackfile/internal/list"
)

// keys are those by which entries can be named in the file.
type keys struct {
	// declared are the keys of each section, and the address each stands for. The
	// instances of a `for_each` are declared as key[item], and generated says through
	// which lists a key goes.
	declared  map[spec.Kind]map[string]spec.Address
	generated map[spec.Kind]map[string]string

	userWorkers map[string]declaration // of which there may be too many to know each
}

func newKeys() keys {
	k := keys{map[spec.Kind]map[string]spec.Address{}, map[spec.Kind]map[string]string{}, map[string]declaration{}}
	for _, s := range sections {
		k.declared[s.Kind], k.generated[s.Kind] = map[string]spec.Address{}, map[string]string{}
	}
	return k
}

// addresses returns all that a key stands for.
func (k *keys) addresses() map[spec.Address]bool {
	all := map[spec.Address]bool{}
	for _, declared := range k.declared {
		for _, a := range declared {
			all[a] = true
		}
	}
	return all
}

// keyed returns the resources of a kind that a key stands for: one; or those
// that its `for_each` makes; if the entry uses the same lists, only the one for
// the same item counts. Those may be none.
func (k *keys) keyed(e entry, kind spec.Kind, key string) (addresses []spec.Address, known bool) {
	if a, ok := k.declared[kind][key]; ok {
		return []spec.Address{a}, true
	}
	lists, generated := k.generated[kind][key]
	if !generated {
		return nil, false
	}
	if lists == e.lists() {
		if a, ok := k.declared[kind][instanceKey(key, e.itemKey)]; ok {
			return []spec.Address{a}, true
		}
	}
	for instance, a := range k.declared[kind] {
		if strings.HasPrefix(instance, key+"[") {
			addresses = append(addresses, a)
		}
	}
	slices.SortFunc(addresses, spec.Address.Compare)
	return addresses, true
}

// nameOf returns the name that a value refers to: that of the file's own
// resource, when the value is its key, else the value itself.
func (l *loader) nameOf(kind spec.Kind, value *document.Value) string {
	if a, ok := l.lookup(kind, value); ok {
		return a.Name
	}
	return value.String()
}

// lookup finds the file's own resource by its key. The key of a `for_each`
// means, to an entry that goes through the same lists, the one for its item.
func (l *loader) lookup(kind spec.Kind, value *document.Value) (spec.Address, bool) {
	key := value.String()
	if lists, generated := l.generated[kind][key]; generated && len(l.current.items) > 0 && lists == l.current.lists() {
		key = instanceKey(key, l.current.itemKey)
		l.resolved[value] = key
	}
	a, ok := l.declared[kind][key]
	return a, ok
}

// refer finds the file's own resource by its key, or complains.
func (l *loader) refer(kind spec.Kind, section string, value *document.Value) (spec.Address, bool) {
	if a, ok := l.lookup(kind, value); ok {
		return a, true
	}
	if _, generated := l.generated[kind][value.String()]; generated {
		l.Report(spec.RuleDanglingReference, value.Range(), fmt.Sprintf("%q makes one resource for each item of its list", value.String()),
			fmt.Sprintf("say which one, as in %s[${KEY}], or use the same list in `for_each`", value.String()))
		return spec.Address{}, false
	}
	l.Report(spec.RuleDanglingReference, value.Range(), fmt.Sprintf("%q is not declared under `%s`", value.String(), section),
		l.declareHint(kind, section, value.String()))
	return spec.Address{}, false
}

func (k *keys) declareHint(kind spec.Kind, section, key string) string {
	var keys []string
	for declared := range k.declared[kind] {
		keys = append(keys, declared)
	}
	slices.Sort(keys)
	for _, declared := range keys {
		if k.declared[kind][declared].Name == key {
			return fmt.Sprintf("that is its name in the account: use its key in this file, %q", declared)
		}
	}
	if base, _, ofMany := strings.Cut(key, "["); ofMany && slices.Contains(keys, base) {
		return fmt.Sprintf("%[1]q has no `for_each`, so it is one resource: refer to it as %[1]q", base)
	}
	if near := diag.Nearest(key, keys); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return fmt.Sprintf("declare it: `%s: { %s: {} }`", section, key)
}

// noteUserWorkers keeps what `user_workers` has under a key.
func (l *loader) noteUserWorkers(d declaration) { l.userWorkers[d.member.Key] = d }

// userWorkerOf returns the user Worker that an entry leads to: an address as
// plans write it, or a key of `user_workers`, which to an entry that goes
// through the same lists means the one for its item. There may be a million of
// them, so the one is worked out where it is asked for, and not looked up.
func (l *loader) userWorkerOf(e entry, value *document.Value) (spec.Address, bool) {
	key := value.String()
	if a, err := spec.ParseAddress(key); err == nil && a.Kind == spec.KindUserWorker {
		return a, true
	}
	d, known := l.userWorkers[key]
	if !known {
		l.Report(spec.RuleDanglingReference, value.Range(), fmt.Sprintf("%q is not declared under `user_workers`", key), l.userWorkerHint(key))
		return spec.Address{}, false
	}
	if len(d.loops) > 0 && d.lists() != e.lists() {
		l.Report(spec.RuleDanglingReference, value.Range(), fmt.Sprintf("%q makes one user Worker for each item of its list", key),
			"use the same list in `for_each`, or write the address, as in user_worker/NAMESPACE/NAME")
		return spec.Address{}, false
	}
	a, found := l.instanceFor(d, e)
	if !found {
		l.Report(spec.RuleDanglingReference, value.Range(), fmt.Sprintf("%q has no user Worker for this item: its `where` leaves it out", key),
			"give both the same `where`")
		return spec.Address{}, false
	}
	if len(d.loops) > 0 {
		l.resolved[value] = instanceKey(key, e.itemKey)
	}
	return a, true
}

// instanceFor returns the user Worker that a declaration makes for the items of
// an entry, and whether there is one.
func (l *loader) instanceFor(d declaration, e entry) (a spec.Address, found bool) {
	values := l.Globals()
	var aliases, own []string
	for i, loop := range d.loops {
		values[loop.alias] = e.items[i].Item.Map()
		aliases = append(aliases, loop.alias)
	}
	for _, loop := range e.loops {
		own = append(own, loop.alias)
	}
	l.SetAliases(aliases...)
	defer l.SetAliases(own...)
	if !l.Condition(d.member.Value.Get("where"), values) {
		return spec.Address{}, false
	}
	var items []list.Chosen
	if len(d.loops) > 0 {
		items = e.items
	}
	worker := l.entry(d, items, values)
	namespace := l.Expand(d.member.Value.Get("dispatch_namespace"), values)
	in, _ := l.lookup(spec.KindDispatchNamespace, namespace) // that it is not declared is said of the Worker
	return spec.Address{Kind: spec.KindUserWorker, Parent: in.Name, Name: worker.name}, true
}

func (k *keys) userWorkerHint(key string) string {
	var keys []string
	for known := range k.userWorkers {
		keys = append(keys, known)
	}
	if near := diag.Nearest(key, keys); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "name a key of `user_workers`, or an address, as in user_worker/NAMESPACE/NAME"
}
