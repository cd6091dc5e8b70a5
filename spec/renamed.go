package spec

// A dispatch namespace and a KV namespace can be renamed: `renamed_from` says
// under which name the account still has one. What is in it stays in it.

// FormerAddress is the address that a resource has in an account where it has not been
// renamed yet.
func FormerAddress(r Resource) (Address, bool) {
	a, name := r.Address(), r.Meta().RenamedFrom
	if name == "" || name == a.Name {
		return Address{}, false
	}
	a.Name = name
	return a, true
}

// inside returns the collection of what a resource holds, for one that holds others.
func inside(a Address) (Collection, bool) {
	holds := a.Kind.Info().Holds
	return Collection{Kind: holds, Parent: a.Name}, holds != ""
}

// FormerCollections are where the contents of resources may still be found that
// the stack renames. What it does not declare is not looked for.
func (s *Stack) FormerCollections() []Collection {
	var collections []Collection
	for _, r := range s.Resources {
		if from, renamed := FormerAddress(r); renamed {
			contents, holds := inside(from)
			if now, _ := inside(r.Address()); holds && (s.names(now) || contents.Kind == KindUserWorker) {
				collections = append(collections, contents)
			}
		}
	}
	return collections
}

// Follow gives live resources that the stack is about to rename, and what is in
// them, the addresses they will have. The resources themselves still say where
// they are, and the revision of a renamed one what it is called so far. Where
// something has the new name already, nothing is renamed.
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
	before, holds := inside(from)
	after, _ := inside(to)
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
