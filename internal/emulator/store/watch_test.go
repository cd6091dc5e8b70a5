package store

import (
	"errors"
	"slices"
	"testing"
)

// TestWatch: every watcher sees what was written, in order, until it stops, and
// nothing that was not written.
func TestWatch(t *testing.T) {
	s := open(t)
	var told []string
	note := func(who string) func([]Change) {
		return func(changes []Change) {
			for _, c := range changes {
				told = append(told, who+" "+c.Script)
			}
		}
	}
	write := func(name string) {
		update(t, s, func(tx *Tx) { put(tx, tx.Workers("a"), name, "code") })
	}
	write("unwatched")
	stopFirst := s.Watch(note("first"))
	stopSecond := s.Watch(note("second"))
	write("one")
	if err := s.Update(func(tx *Tx) error {
		put(tx, tx.Workers("a"), "none", "code")
		return errors.New("no")
	}); err == nil {
		t.Error("the update did not fail")
	}
	stopFirst()
	write("two")
	stopSecond()
	write("three")
	if want := []string{"first one", "second one", "second two"}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}

func TestNames(t *testing.T) {
	s := open(t)
	view(t, s, func(tx *Tx) {
		if names := slices.Collect(tx.UserWorkers("a", "n").Names()); names != nil {
			t.Errorf("a namespace that is not there has %q", names)
		}
	})
	update(t, s, func(tx *Tx) {
		for _, name := range []string{"b", "c", "a"} {
			put(tx, tx.UserWorkers("a", "n"), name, "code")
		}
	})
	view(t, s, func(tx *Tx) {
		if names := slices.Collect(tx.UserWorkers("a", "n").Names()); !slices.Equal(names, []string{"a", "b", "c"}) {
			t.Errorf("the names are %q", names)
		}
	})
}
