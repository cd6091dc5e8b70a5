package spec

// A dispatch namespace and a KV namespace can be renamed: `renamed_from` is the
// name that it may still have in the account. Its contents stay in it.

// FormerAddress returns the address that a resource has in the account until it
// is renamed.
func FormerAddress(r Resource) (Address, bool) {
	a, name := r.Address(), r.Meta().RenamedFrom
	if name == "" || name == a.Name {
		return Address{}, false
	}
	a.Name = name
	return a, true
}

// contentsOf returns the collection of the resources that a resource holds, if
// its kind holds any.
func contentsOf(a Address) (Collection, bool) {
	holds := a.Kind.Info().Holds
	return Collection{Kind: holds, Parent: a.Name}, holds != ""
}

// FormerCollections returns the collections, under their former names, that
// hold the contents of resources that the stack renames. It skips contents that
// the stack does not declare.
func (s *Stack) FormerCollections() []Collection {
	var collections []Collection
	for _, r := range s.Resources {
		if from, renamed := FormerAddress(r); renamed {
			contents, holds := contentsOf(from)
			if now, _ := contentsOf(r.Address()); holds && (s.declaresExactly(now) || contents.Kind == KindUserWorker) {
				collections = append(collections, contents)
			}
		}
	}
	return collections
}

// ApplyRenames gives live resources that the stack is about to rename, and
// their contents, the addresses that they will have. The resources themselves
// keep the former name, and so does the revision of a renamed one. If another
// resource has the new name already, nothing is renamed.
func (s *Snapshot) ApplyRenames(stack *Stack) {
	for _, r := range stack.Resources {
		from, renamed := FormerAddress(r)
		if !renamed {
			continue
		}
		to := r.Address()
		live := s.Resources[from]
		if live == nil || s.Resources[to] != nil {
			continue
		}
		followed := *live
		followed.Revision.FormerName = from.Name
		s.Resources[to] = &followed
		delete(s.Resources, from)
		s.renameContents(from, to)
	}
}

func (s *Snapshot) renameContents(from, to Address) {
	before, holds := contentsOf(from)
	after, _ := contentsOf(to)
	if !holds {
		return
	}
	for a, live := range s.Resources {
		if a.Collection() == before {
			delete(s.Resources, a)
			a.Parent = after.Parent
			s.Resources[a] = live
		}
	}
}
