package store

// A Change is what a transaction did to something that requests are answered with.
type Change struct {
	Account     string
	NamespaceID string // empty: an account Worker
	Script      string // empty, and so is Queue: what leads to scripts has changed, a namespace's name or a route
	Queue       string // it, or who gets its messages; nothing of a script
}

// Watch has watch called after each transaction that changed scripts, what leads to them or queues, and before Update returns:
// whoever is told of a write can rely on the watcher to have been told before. There is one watcher; nil ends it.
func (s *Store) Watch(watch func([]Change)) {
	if watch == nil {
		s.watcher.Store(nil)
		return
	}
	s.watcher.Store(&watch)
}

func (t *Tx) changed(c Change) { t.changes = append(t.changes, c) }
