// Package spec is the model of both the stack file and the live account.
//
// Package stackfile turns a stack file into a [Stack]: the desired [Resource]s,
// each with its place in the file. internal/account reads the live account into
// a [Snapshot] of the same resources, each with its [Revision]. The planner
// compares the two and knows neither YAML nor HTTP.
//
// The files about a kind of resource have its name: route.go in this package
// has the route's model and its [KindInfo], route.go in stackfile how the file
// spells it, and route.go in planner, internal/account and internal/emulator
// the rest. In this package, kinds and binding types are listed only in the
// tables of kind.go and binding_type.go.
package spec

import (
	"maps"
	"slices"

	"github.com/wfpsync/wfpsync/diag"
)

// Resource is one thing in an account: a dispatch namespace, a user Worker, a
// route. Implementations are plain data with JSON tags, because a plan carries
// them from the run that made it to the run that applies it.
type Resource interface {
	// Address returns the resource's identity.
	Address() Address

	// Canonical returns the form in which a desired and a live resource are
	// compared: API field names, lists sorted if their order means nothing,
	// without server defaults, empty values and secret values. Code is not part
	// of it: it is compared by digest.
	Canonical() Object

	// References returns the resources that this one needs before it can be
	// written. Some may not be part of the stack.
	References() []Reference

	// Meta returns what the file says about managing the resource, as opposed
	// to its contents.
	Meta() Meta
}

// Object is a JSON object in the API's spelling, with the types that
// encoding/json decodes: nil, bool, float64, string, []any and Object. Numbers
// are float64 because that is also what a Worker gets.
type Object = map[string]any

// Meta is what a stack file says about managing a resource.
type Meta struct {
	// Adopt allows taking over an existing resource that no stack manages.
	Adopt bool `json:"adopt,omitempty"`

	// Protect forbids deleting the resource. A Worker carries it in its mark,
	// so that it still applies after the lines are gone from the file.
	Protect bool `json:"protect,omitempty"`

	// RenamedFrom is the name that the resource may still have in the account.
	RenamedFrom string `json:"renamed_from,omitempty"`

	// DependsOn are resources that come before this one although it does not
	// refer to them.
	DependsOn []Address `json:"depends_on,omitempty"`

	// Rollout is the resource's place in the rollout of its fleet; nil if it
	// has none. A plan keeps it in the change.
	Rollout *RolloutMember `json:"-"`

	// At is where the file declares the resource; zero for a live one. It is
	// not compared: a comment above the resource changes nothing.
	At diag.Range `json:"-"`
}

// IsZero reports whether the JSON form would be empty.
func (m Meta) IsZero() bool {
	return !m.Adopt && !m.Protect && m.RenamedFrom == "" && m.DependsOn == nil
}

// Reference is one resource's need for another, and where the file says so.
type Reference struct {
	To Address
	At diag.Range
}

// Account names a Cloudflare account.
type Account struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// Stack is the desired world.
type Stack struct {
	// Name is the owner tag's name of the stack.
	Name string

	// AccountID is the account that the file names, or "".
	AccountID string

	// Environments are the names of the file's environments, in its order.
	Environments []string

	// Resources are sorted by address, each address once.
	Resources []Resource

	// Collections are what the file declares as its own, sorted. A live
	// resource in one of them that is not in Resources is deleted if it carries
	// the stack's mark or belongs to a Worker that does. Nothing in other
	// collections is ever deleted.
	Collections []Collection

	// Sections are the places of the file's sections, by kind.
	Sections map[Kind]diag.Range

	// Ignored are the warnings of plans that comments silence.
	Ignored []Ignored

	// KeyPrefixes are the prefixes of the keys that the file declares in a KV
	// namespace, by the collection of its pairs; "" if they may be any.
	KeyPrefixes map[Collection]string

	// Removed are the resources that must not exist, sorted by address. Absence
	// from the file is not enough to delete stored data.
	Removed []Reference

	// External are the resources that the file refers to under a name of its
	// own and that are managed elsewhere, sorted by address.
	External []Reference

	// Guards limit what one plan may do to the stack's resources.
	Guards Guards

	// Policies deny changes, or warn of them, in any plan, in the file's order.
	Policies []*Policy

	// Rollouts say how fleets are changed, sorted by name.
	Rollouts []*Rollout

	// Unmanaged says, by collection, how to treat live resources that no stack
	// manages; [UnmanagedReport] is the default.
	Unmanaged map[Collection]UnmanagedPolicy

	// Discoveries say which user Workers of the account the file's lists look
	// for, in the order of the file. Discovered says that Resources contains
	// those that were found; see the options of package stackfile.
	Discoveries []Discovery
	Discovered  bool

	// Templates are the file's templates, sorted by place.
	Templates []Template

	// StandIns are resources as templates make them while their Workers are not
	// known yet, so that errors in their code can be reported.
	StandIns []Resource

	// Files are the stack file and the files that it includes and imports,
	// sorted. All places that are not in code are in one of them.
	Files []string
}

// Removes reports whether the file says that a resource must not exist.
func (s *Stack) Removes(a Address) bool {
	return refersTo(s.Removed, a)
}

// IsExternal reports whether the file says that a resource is managed
// elsewhere.
func (s *Stack) IsExternal(a Address) bool {
	return refersTo(s.External, a)
}

// refersTo reports whether one of the sorted references leads to a resource.
func refersTo(references []Reference, a Address) bool {
	_, found := slices.BinarySearchFunc(references, a, func(r Reference, a Address) int { return r.To.Compare(a) })
	return found
}

// Sort sorts the resources by address.
func (s *Stack) Sort() {
	slices.SortStableFunc(s.Resources, func(a, b Resource) int { return a.Address().Compare(b.Address()) })
}

// Lookup finds a resource by address.
func (s *Stack) Lookup(a Address) (Resource, bool) {
	i, found := slices.BinarySearchFunc(s.Resources, a, func(r Resource, a Address) int { return r.Address().Compare(a) })
	if !found {
		return nil, false
	}
	return s.Resources[i], true
}

// Declares reports whether the file declares a collection as its own.
func (s *Stack) Declares(c Collection) bool {
	return s.declaresExactly(c) || c.Kind.Info().listedPerContainer() && s.declaresExactly(Collection{Kind: c.Kind})
}

// declaresExactly reports whether Collections contains a collection.
func (s *Stack) declaresExactly(c Collection) bool {
	_, found := slices.BinarySearchFunc(s.Collections, c, Collection.Compare)
	return found
}

// Codes returns the distinct code objects of the stack, in the order of the
// first resource that runs each. Workers that share an entrypoint share one,
// and those without code have none.
func (s *Stack) Codes() []*Code {
	var codes []*Code
	seen := map[*Code]bool{}
	for _, r := range slices.Concat(s.Resources, s.StandIns) {
		if w, ok := r.(Scripted); ok {
			if c := w.AsScript().Code; c.IsUploaded() && !seen[c] {
				seen[c] = true
				codes = append(codes, c)
			}
		}
	}
	return codes
}

// Assets returns the distinct directories of static files of the stack, in the
// order of the first Worker that serves each.
func (s *Stack) Assets() []*AssetFiles {
	var all []*AssetFiles
	seen := map[*AssetFiles]bool{}
	for _, r := range slices.Concat(s.Resources, s.StandIns) {
		w, ok := r.(Scripted)
		if !ok || w.AsScript().Assets == nil || w.AsScript().Assets.Keep {
			continue
		}
		if files := w.AsScript().Assets.Files; !seen[files] {
			seen[files] = true
			all = append(all, files)
		}
	}
	return all
}

// Scope returns every collection that must be read to plan the stack: the
// declared ones, those of its resources, and those that its references lead to.
// It always includes the account's own Workers and dispatch namespaces. They
// take one request each, and show what carries the stack's mark without being
// declared.
func (s *Stack) Scope() []Collection {
	scope := map[Collection]bool{{Kind: KindDispatchNamespace}: true, {Kind: KindWorker}: true}
	for _, c := range s.Collections {
		if !c.Kind.Info().listedPerContainer() || c.Parent != "" { // otherwise it means every container
			scope[c] = true
		}
	}
	for _, list := range [][]Reference{s.Removed, s.External} {
		for _, ref := range list {
			scope[ref.To.Collection()] = true
		}
	}
	for _, c := range s.FormerCollections() {
		scope[c] = true
	}
	for _, r := range s.Resources {
		if c := r.Address().Collection(); c != (Collection{Kind: KindRoute}) { // its zone is not known
			scope[c] = true
		}
		for _, ref := range r.References() {
			scope[ref.To.Collection()] = true
		}
	}
	return slices.SortedFunc(maps.Keys(scope), Collection.Compare)
}
