package spec

import (
	"maps"
	"slices"
)

// Workers returns the Workers and user Workers, sorted.
func (s *Snapshot) Workers() []Address {
	return slices.DeleteFunc(s.Addresses(), func(a Address) bool {
		_, scripted := s.Resources[a].Resource.(Scripted)
		return !scripted
	})
}

// Owners returns the stacks that own a resource, sorted.
func (s *Snapshot) Owners() []string {
	owners := map[string]bool{}
	for _, live := range s.Resources {
		owners[live.Revision.Owner] = true
	}
	delete(owners, "")
	return slices.Sorted(maps.Keys(owners))
}

// Jurisdictions returns the collections of buckets that Workers are bound to
// and that were not read.
func (s *Snapshot) Jurisdictions() []Collection {
	found := map[Collection]bool{}
	for _, a := range s.Workers() {
		for _, ref := range s.Resources[a].Resource.References() {
			if c := ref.To.Collection(); c.Kind == KindR2Bucket && !s.Read(c) {
				found[c] = true
			}
		}
	}
	return slices.SortedFunc(maps.Keys(found), Collection.Compare)
}

// ForNamespace returns the part of a snapshot that belongs to a dispatch
// namespace: its user Workers, the Workers that dispatch to it, and everything
// that those refer to.
func (s *Snapshot) ForNamespace(namespace string) *Snapshot {
	part := NewSnapshot(s.Account)
	part.Collections = s.Collections
	byID := map[string]Address{}
	for a := range s.Resources {
		if id, ok := s.ID(a); ok {
			byID[id] = a
		}
	}
	var include func(a Address)
	include = func(a Address) {
		live, part := s.Resources[a], part.Resources
		if live == nil || part[a] != nil || a.Kind == KindDispatchNamespace && a.Name != namespace {
			return
		}
		part[a] = live
		for _, ref := range live.Resource.References() {
			include(ref.To)
		}
		if script, ok := live.Resource.(Scripted); ok {
			for _, b := range script.AsScript().Bindings {
				id, _ := b.Canonical()[BindingTypeOf(b.Type).ID].(string)
				include(byID[id])
			}
		}
	}
	root := Address{Kind: KindDispatchNamespace, Name: namespace}
	include(root)
	for a, live := range s.Resources {
		refs := live.Resource.References()
		if slices.ContainsFunc(refs, func(r Reference) bool { return r.To == root }) {
			include(a)
		}
	}
	for a, live := range s.Resources {
		if r, ok := live.Resource.(Attached); ok && part.Resources[r.AttachedTo()] != nil {
			include(a)
		}
	}
	return part
}
