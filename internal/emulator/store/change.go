package store

import "slices"

// A Change is a change that a transaction made to something that affects
// requests to Workers.
type Change struct {
	Account     string
	NamespaceID string // empty: an account Worker
	Script      string // empty, like Queue, if a route or the name of a namespace has changed
	Queue       string // the queue, or its consumer, has changed; not a script
}

// A watcher is called with the changes of each transaction.
type watcher struct{ watch func([]Change) }

// Watch calls watch after each transaction that changed scripts, routes, names
// of namespaces or queues, before Update returns: when a write is confirmed,
// the watchers have seen it. They are called one after the other, in the order
// in which they were added. stop ends it.
func (s *Store) Watch(watch func([]Change)) (stop func()) {
	w := &watcher{watch}
	s.edit(func(all []*watcher) []*watcher { return append(all, w) })
	return func() {
		s.edit(func(all []*watcher) []*watcher {
			return slices.DeleteFunc(all, func(other *watcher) bool { return other == w })
		})
	}
}

// edit replaces the list of watchers, because transactions read it without a
// lock.
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

// tell calls all watchers.
func (s *Store) tell(changes []Change) {
	if all := s.watchers.Load(); all != nil {
		for _, w := range *all {
			w.watch(changes)
		}
	}
}

func (t *Tx) changed(c Change) { t.changes = append(t.changes, c) }
