package store

import "slices"

// A Change is what a transaction did to something that requests are answered with.
type Change struct {
	Account     string
	NamespaceID string // empty: an account Worker
	Script      string // empty, and so is Queue: what leads to scripts has changed, a namespace's name or a route
	Queue       string // it, or who gets its messages; nothing of a script
}

// A watcher is called with what a transaction changed.
type watcher struct{ watch func([]Change) }

// Watch has watch called after each transaction that changed scripts, what leads to them or queues, and before Update returns:
// whoever is told of a write can rely on the watchers to have been told before, one after the other in the order in which
// they came. stop ends it.
func (s *Store) Watch(watch func([]Change)) (stop func()) {
	w := &watcher{watch}
	s.edit(func(all []*watcher) []*watcher { return append(all, w) })
	return func() {
		s.edit(func(all []*watcher) []*watcher {
			return slices.DeleteFunc(all, func(other *watcher) bool { return other == w })
		})
	}
}

// edit replaces the list of watchers: transactions read it without a lock.
func (s *Store) edit(change func([]*watcher) []*watcher) {
	for {
		old := s.watchers.Load()
		var all []*watcher
		if old != nil {
			all = slices.Clone(*old)
		}
		all = change(all)
		if s.watchers.CompareAndSwap(old, &all) {
			return
		}
	}
}

// tell tells all watchers.
func (s *Store) tell(changes []Change) {
	if all := s.watchers.Load(); all != nil {
		for _, w := range *all {
			w.watch(changes)
		}
	}
}

func (t *Tx) changed(c Change) { t.changes = append(t.changes, c) }
