package spec

import "slices"

// An entry that was removed from the file leaves an orphan in the account. If
// the file still names its place, a zone or a KV namespace, reading that finds
// it. If not, other places must be searched for resources that carry the
// stack's mark, because no state says where they are.

// OrphanSearch says where to look for resources of a stack that are in none of
// the collections that are read completely.
type OrphanSearch struct {
	// ZoneKinds are the kinds to look for in every zone of the account except
	// NamedZones, which the file names.
	ZoneKinds  []Kind
	NamedZones []string

	// KVNamespaces are those for which the file declares no pairs.
	KVNamespaces []Address

	// All searches every place completely, whatever that costs.
	All bool
}

// Unsearched is a place that was not searched completely for orphans.
type Unsearched struct {
	// Collection has no parent if it is not known how many places there are.
	Collection

	// Denied says that the credentials do not allow the search.
	Denied bool
}

// KindsInZones returns the kinds of zone resources that the file has sections
// for, sorted.
func (s *Stack) KindsInZones() []Kind {
	var found []Kind
	for _, c := range s.Collections {
		if c.Kind.Info().InZones() && c.Parent == "" {
			found = append(found, c.Kind)
		}
	}
	return found
}

// HasKVPairs reports whether the file has a section of KV pairs, even an empty
// one.
func (s *Stack) HasKVPairs() bool {
	return slices.Contains(s.Collections, Collection{Kind: KindKVPair})
}
