package spec

import "slices"

// What an entry that was taken out of the file has left is found where the file
// still names the place: a zone, a KV namespace. Where it does not, or says
// nothing of the place but its name, somebody has to look elsewhere, and for what
// carries the stack's mark only: there is no state that would say where to look.

// Elsewhere says where resources of a stack may be that are in none of the
// collections that are read whole.
type OrphanSearch struct {
	// InZones are the kinds that may be in any zone of the account, but for those
	// that the file names.
	ZoneKinds  []Kind
	NamedZones []string

	// KVNamespaces are those whose pairs the file says nothing of.
	KVNamespaces []Address

	// Everywhere lets all places be looked through to the end, whatever it takes.
	All bool
}

// Unseen is a place elsewhere that nobody has looked through to the end.
type Unsearched struct {
	// Collection may be without its parent, where it is not known how many places
	// there are.
	Collection

	// Denied says that the credentials could not look.
	Denied bool
}

// KindsInZones are the kinds of zones that the file has sections of, sorted.
func (s *Stack) KindsInZones() []Kind {
	var found []Kind
	for _, c := range s.Collections {
		if c.Kind.Info().InZones() && c.Parent == "" {
			found = append(found, c.Kind)
		}
	}
	return found
}

// HasKVPairs reports whether the file has a section of KV pairs, if only an empty
// one.
func (s *Stack) HasKVPairs() bool {
	return slices.Contains(s.Collections, Collection{Kind: KindKVPair})
}
