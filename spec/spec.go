// Package spec is the model that the stack file and the live account are both
// expressed in.
//
// Package stackfile turns a stack file into a [Stack]: the desired [Resource]s,
// each with its place in the file. internal/account reads the live account into a
// [Snapshot] of the same resources, each with the [Revision] it was seen at.
// The planner compares the two and knows neither YAML nor HTTP.
//
// A resource kind is a column of files that bear its name: route.go here holds
// the route's model and its [KindInfo], route.go in stackfile how the file spells
// it, and route.go in planner, internal/account and internal/emulator the rest.
// The tables in kind.go and binding_type.go are the only lists of kinds and of
// binding types in this package.
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
	// Address is the resource's physical identity.
	Address() Address

	// Canonical is the form in which a desired and a live resource are
	// compared: API field names, lists sorted where their order means nothing,
	// server defaults and empty values left out, no secret values. Code is
	// compared by digest and is not part of it.
	Canonical() Object

	// References are the resources this one needs before it can be written.
	// Some may not be part of the stack.
	References() []Reference

	// Meta is what the file says about managing the resource, apart from what
	// it should look like.
	Meta() Meta
}

// Object is a JSON object in the API's spelling, holding what encoding/json
// decodes: nil, bool, float64, string, []any and Object. Numbers are float64
// because that is what a Worker sees of them, too.
type Object = map[string]any

// Meta is what a stack file says about managing a resource.
type Meta struct {
	// Adopt allows taking over a resource that exists and is not managed.
	Adopt bool `json:"adopt,omitempty"`

	// Protect forbids to delete the resource. A Worker carries it in its mark,
	// so that it outlives the lines of the file that say so.
	Protect bool `json:"protect,omitempty"`

	// RenamedFrom is the name that the resource may still have in the account.
	RenamedFrom string `json:"renamed_from,omitempty"`

	// DependsOn are resources that come before this one though it does not
	// refer to them.
	DependsOn []Address `json:"depends_on,omitempty"`

	// Turn is the resource's place in the rollout of its fleet; nil where there is
	// none. A plan has it beside the resource.
	Rollout *RolloutMember `json:"-"`

	// At is where the file declares the resource; nowhere for a live one. It
	// is no part of what is wanted: a comment above it changes nothing.
	At diag.Range `json:"-"`
}

// IsZero reports whether there is nothing to be said in JSON.
func (m Meta) IsZero() bool {
	return !m.Adopt && !m.Protect && m.RenamedFrom == "" && m.DependsOn == nil
}

// Reference is one resource's need for another, with the place that says so.
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
	// Name is the ownership mark that everything the stack writes carries.
	Name string

	// AccountID is the account the file names, or "".
	AccountID string

	// Environments are the names of those that the file has, in its order.
	Environments []string

	// Resources are sorted by address, each address once.
	Resources []Resource

	// Collections are what the file declares to be its own, sorted: a live
	// resource in one of them that carries the stack's mark, or belongs to a
	// Worker that does, and is not in Resources is to be deleted. Other
	// collections are never deleted from.
	Collections []Collection

	// Sections are where the file has its sections, by kind.
	Sections map[Kind]diag.Range

	// Ignored are what comments silence of what plans warn of.
	Ignored []Ignored

	// KeyPrefixes are how the keys begin that the file declares in a KV namespace,
	// by the collection of its pairs; "" where they may be any.
	KeyPrefixes map[Collection]string

	// Removed is what is to be absent, sorted by address. Absence from the file
	// is not enough for what holds data.
	Removed []Reference

	// External is what the file refers to under a name of its own, and somebody
	// else manages.
	External []Reference

	// Guards are what one plan may do to the stack's user Workers.
	Guards Guards

	// Policies are what the file refuses, or warns of, in any plan, in its order.
	Policies []*Policy

	// Rollouts are how fleets get what is new, sorted by name.
	Rollouts []*Rollout

	// Unmanaged says, by collection, what to make of live resources that no
	// stack manages; [UnmanagedReport] where there is nothing.
	Unmanaged map[Collection]UnmanagedPolicy

	// Discoveries are which user Workers of the account the file's lists look for,
	// in the order of the file, and Discovered says that the resources are made of
	// those that there are; see the options of package stackfile.
	Discoveries []Discovery
	Discovered  bool

	// Templates are what the file says of them, sorted by place.
	Templates []Template

	// StandIns are resources as templates make them, while it is not known of
	// which Workers. What is wrong with their code is known.
	StandIns []Resource

	// Files are the stack file, and the files that it includes and imports,
	// sorted. Places that are not in the code are in one of them.
	Files []string
}

// Removes reports whether the file says that a resource is to be absent.
func (s *Stack) Removes(a Address) bool {
	return refersTo(s.Removed, a)
}

// IsExternal reports whether the file leaves a resource to somebody else.
func (s *Stack) IsExternal(a Address) bool {
	return refersTo(s.External, a)
}

// refersTo reports whether one of sorted references leads to a resource.
func refersTo(references []Reference, a Address) bool {
	_, found := slices.BinarySearchFunc(references, a, func(r Reference, a Address) int { return r.To.Compare(a) })
	return found
}

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

// Declares reports whether the file declares the collection to be its own.
func (s *Stack) Declares(c Collection) bool {
	return s.names(c) || c.Kind.Info().listedApart() && s.names(Collection{Kind: c.Kind})
}

// names reports whether the file declares the collection by name.
func (s *Stack) names(c Collection) bool {
	_, found := slices.BinarySearchFunc(s.Collections, c, Collection.Compare)
	return found
}

// Codes are the distinct code objects of the stack, in the order of the first
// resource that runs them. Workers that share an entrypoint share one, and those
// without code have none.
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

// Assets are the distinct directories of static files of the stack, in the order
// of the first Worker that serves them.
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

// Scope is every collection that must be read to plan the stack: the declared
// ones, those of its resources, and those its references lead to. The account's
// own Workers and dispatch namespaces are always among them: they are one
// request each, and show what carries the stack's mark without being declared.
func (s *Stack) Scope() []Collection {
	scope := map[Collection]bool{{Kind: KindDispatchNamespace}: true, {Kind: KindWorker}: true}
	for _, c := range s.Collections {
		if !c.Kind.Info().listedApart() || c.Parent != "" { // else it is of every container
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
		if c := r.Address().Collection(); c != (Collection{Kind: KindRoute}) { // nobody knows its zone
			scope[c] = true
		}
		for _, ref := range r.References() {
			scope[ref.To.Collection()] = true
		}
	}
	return slices.SortedFunc(maps.Keys(scope), Collection.Compare)
}
