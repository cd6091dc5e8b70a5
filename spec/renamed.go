package spec

import (
	"fmt"

	"github.com/wfpsync/wfpsync/diag"
)

// A dispatch namespace and a KV namespace can be renamed: `renamed_from` says
// under which name the account still has one. What is in it stays in it.

// former is the address that a resource has in an account where it has not been
// renamed yet.
func former(r Resource) (Address, bool) {
	a, name := r.Address(), r.Meta().RenamedFrom
	if name == "" || name == a.Name {
		return Address{}, false
	}
	a.Name = name
	return a, true
}

// inside is the collection of what a resource holds, for one that holds others.
func inside(a Address) (Collection, bool) {
	switch a.Kind {
	case KindDispatchNamespace:
		return Collection{Kind: KindUserWorker, Parent: a.Name}, true
	case KindKVNamespace:
		return pairsIn(a), true
	}
	return Collection{}, false
}

// checkRenamed refuses former names that cannot have been: that of something the
// file has beside the renamed, and one that two claim.
func (l *loader) checkRenamed() {
	first := map[Address]Resource{}
	for _, r := range l.stack.Resources {
		from, renamed := former(r)
		if !renamed {
			continue
		}
		if at, declared := l.definitions[from]; declared {
			l.report(RuleRenamed, r.Meta().At, fmt.Sprintf("%s is renamed from %q, which the file has as well", r.Address(), from.Name),
				"remove `renamed_from` where both are to be, or the one with the former name", diag.Related{Range: at, Message: "declared here"})
		}
		if other, claimed := first[from]; claimed {
			l.report(RuleRenamed, r.Meta().At, fmt.Sprintf("%s is renamed from %q, and so is another", r.Address(), from.Name),
				"only one can have been called so", diag.Related{Range: other.Meta().At, Message: "the other"})
		} else {
			first[from] = r
		}
	}
}

// FormerCollections are where the contents of resources may still be found that
// the stack renames. What it does not declare is not looked for.
func (s *Stack) FormerCollections() []Collection {
	var collections []Collection
	for _, r := range s.Resources {
		if from, renamed := former(r); renamed {
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
func (s *Snapshot) Follow(stack *Stack) {
	for _, r := range stack.Resources {
		from, renamed := former(r)
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
		s.followContents(from, to)
	}
}

func (s *Snapshot) followContents(from, to Address) {
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
