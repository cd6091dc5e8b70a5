package spec

import (
	"cmp"
	"fmt"
	"strings"
)

// Kind names a sort of resource, as addresses spell it.
type Kind string

// Address is the identity of a resource in an account. Plans, prompts, errors
// and --target all use it.
//
// Parent is the resource's container if names are unique only within one: the
// dispatch namespace of a user Worker, the zone of a route, the queue of a
// consumer, the jurisdiction of a bucket that has one. The zero Address names
// nothing.
type Address struct {
	Kind   Kind
	Parent string
	Name   string
}

// Collection is the set of live resources that are listed together: one kind,
// in one container. The absence of a resource from a stack file only matters if
// the file declares its collection.
type Collection struct {
	Kind   Kind
	Parent string
}

// Collection returns the collection that lists the address.
func (a Address) Collection() Collection {
	switch a.Kind.Info().Container {
	case ContainerWorker:
		return Collection{Kind: a.Kind, Parent: a.Name}
	case ContainerQueue: // the consumers of all queues are listed together
		return Collection{Kind: a.Kind}
	}
	return Collection{Kind: a.Kind, Parent: a.Parent}
}

// Compare orders addresses by kind, container and name.
func (a Address) Compare(b Address) int {
	if kind := strings.Compare(string(a.Kind), string(b.Kind)); kind != 0 {
		return kind
	}
	if parent := strings.Compare(a.Parent, b.Parent); parent != 0 {
		return parent
	}
	return strings.Compare(a.Name, b.Name)
}

// Compare orders collections by kind and container.
func (c Collection) Compare(d Collection) int {
	return cmp.Or(cmp.Compare(c.Kind, d.Kind), cmp.Compare(c.Parent, d.Parent))
}

// IsZero reports whether the address names nothing.
func (a Address) IsZero() bool { return a == Address{} }

// String returns kind/name, or kind/parent/name if the name needs a container.
// A name may have slashes of its own, as a route's pattern does. A container
// never does, so the form is unambiguous.
func (a Address) String() string {
	if a.Parent == "" {
		return string(a.Kind) + "/" + a.Name
	}
	return string(a.Kind) + "/" + a.Parent + "/" + a.Name
}

// ParseAddress reads what [Address.String] writes.
func ParseAddress(s string) (Address, error) {
	kind, rest, ok := strings.Cut(s, "/")
	if !ok || rest == "" {
		return Address{}, fmt.Errorf("address %q is not of the form kind/name", s)
	}
	info := Kind(kind).Info()
	if info.Kind == "" {
		return Address{}, fmt.Errorf("address %q names the unknown kind %q; the kinds are %s", s, kind, strings.Join(kindNames(), ", "))
	}
	a := Address{Kind: Kind(kind), Name: rest}
	if word := parentWords[info.Container]; word != "" && (info.Container != ContainerJurisdiction || strings.Contains(rest, "/")) {
		a.Parent, a.Name, ok = strings.Cut(rest, "/")
		if !ok || a.Parent == "" || a.Name == "" {
			return Address{}, fmt.Errorf("address %q is not of the form %s/%s/NAME", s, kind, strings.ToUpper(word))
		}
	}
	return a, nil
}

// MarshalText writes the address as its string.
func (a Address) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads an address from its string.
func (a *Address) UnmarshalText(text []byte) error {
	parsed, err := ParseAddress(string(text))
	if err != nil {
		return err
	}
	*a = parsed
	return nil
}
