package spec

import (
	"errors"
	"maps"
	"slices"
	"time"
)

// Snapshot is the part of the live account that a plan needs: resources in the
// same model as a [Stack], each with its revision.
type Snapshot struct {
	Account Account

	// Resources are what was found in the collections that were read.
	Resources map[Address]*Live

	// Collections are those that were read completely. A resource of another
	// collection may exist and not be in Resources.
	Collections []Collection

	// Unsearched are the places that were not searched completely for orphans,
	// sorted; see [OrphanSearch].
	Unsearched []Unsearched
}

// Live is one resource of the account.
type Live struct {
	// Resource is complete if Detailed is set. Otherwise it has what a list
	// shows: the address, and for Workers the tags.
	Resource Resource
	Revision Revision
	Detailed bool

	// TagsUnread says of a script that its tags were not read, so that its
	// owner is not known.
	TagsUnread bool

	// Created is when a script was first uploaded, if a list shows it.
	Created time.Time
}

// Revision identifies the state of a live resource, and its owner.
type Revision struct {
	// ID is the platform's own identifier, if that is not the name: of a KV
	// namespace, a D1 database, a queue, a route, a custom domain, a DNS
	// record, a custom hostname, a dispatch namespace. The id of a queue's
	// consumer follows that of its queue.
	ID string `json:"id,omitempty"`

	// FormerName is the resource's name in the account if it is not yet the
	// name in its address; see [Snapshot.ApplyRenames].
	FormerName string `json:"former_name,omitempty"`

	// ETag is the platform's hash of a script's code. For kinds without one it
	// is the Worker that a route leads to, a queue's settings, or a hash of a
	// DNS record or a custom hostname.
	ETag string `json:"etag,omitempty"`

	// MigrationTag is the last Durable Object migration that a script has run.
	MigrationTag string `json:"migration_tag,omitempty"`

	// ModifiedOn is the time of the last write by any program, on the server's
	// clock.
	ModifiedOn time.Time `json:"modified_on,omitzero"`

	// Owner is the stack whose owner tag the resource carries, or "".
	Owner string `json:"owner,omitempty"`

	// Template is the stack whose template wrote the Worker, or "". Such a
	// Worker has no owner: the program that uploads it may do so again, or
	// delete it.
	Template string `json:"template,omitempty"`

	// Mark is the mark of the last upload; nil if there is none.
	Mark *Mark `json:"mark,omitempty"`

	// ScriptCount is how many scripts a dispatch namespace holds.
	ScriptCount int `json:"script_count,omitempty"`
}

// Same reports whether two revisions are the same state of a resource. The
// number of scripts in a namespace does not count.
func (r Revision) Same(s Revision) bool {
	r.ScriptCount, s.ScriptCount = 0, 0
	sameMark := r.Mark == s.Mark || r.Mark != nil && s.Mark != nil && *r.Mark == *s.Mark
	sameTime := r.ModifiedOn.Equal(s.ModifiedOn)
	r.Mark, s.Mark = nil, nil
	r.ModifiedOn, s.ModifiedOn = time.Time{}, time.Time{}
	return r == s && sameMark && sameTime
}

// DriftTolerance is the largest difference between a mark's upload time and the
// time of the last write for which the write is taken to be that upload. Both
// are times on the server's clock, with the upload itself between them.
const DriftTolerance = time.Minute

// Drifted reports whether another program wrote a marked resource after its
// mark. A mark is never older than its own upload, so a difference in either
// direction means that the mark does not belong to the content.
func (r Revision) Drifted() bool {
	return r.Mark != nil && r.ModifiedOn.Sub(r.Mark.Uploaded).Abs() > DriftTolerance
}

// vouchTime is the longest time between a mark and the last write for which the
// mark is believed about the settings without reading them. A product that sets
// a secret right after an upload usually takes longer.
const vouchTime = 5 * time.Second

// Vouched reports whether a resource's mark is believed about its settings. The
// settings are read if it is not, and the resource has not drifted.
func (r Revision) Vouched() bool {
	return r.Mark != nil && r.Mark.Version == MarkVersion && r.ModifiedOn.Sub(r.Mark.Uploaded).Abs() <= vouchTime
}

// NewSnapshot returns an empty snapshot.
func NewSnapshot(account Account) *Snapshot {
	return &Snapshot{Account: account, Resources: map[Address]*Live{}}
}

// ID returns the platform's identifier of a live resource.
func (s *Snapshot) ID(a Address) (string, bool) {
	live, ok := s.Resources[a]
	if !ok || live.Revision.ID == "" {
		return "", false
	}
	return live.Revision.ID, true
}

// Add adds the resources and collections of another snapshot.
func (s *Snapshot) Add(other *Snapshot) {
	maps.Copy(s.Resources, other.Resources)
	s.Collections = append(s.Collections, other.Collections...)
	slices.SortFunc(s.Collections, Collection.Compare)
}

// Addresses returns the addresses of the live resources, sorted.
func (s *Snapshot) Addresses() []Address {
	return slices.SortedFunc(maps.Keys(s.Resources), Address.Compare)
}

// Read reports whether a collection was read completely.
func (s *Snapshot) Read(c Collection) bool { return slices.Contains(s.Collections, c) }

// ErrVanished says that the Worker of a template was not written because it was
// deleted. That is its owner's decision, and the template does not create it
// again.
var ErrVanished = errors.New("it was deleted since the plan was made, and a template creates nothing")

// Write is one resource to bring into its desired state.
type Write struct {
	// Stack is the owner to mark the resource with.
	Stack string

	// Resource is the desired state, with every reference resolved to an id.
	Resource Resource

	// Prior is the revision to replace; nil to create the resource.
	Prior *Revision

	// MarkOnly says that the resource is a script that is in its desired state,
	// and that only its owner and its mark are written.
	MarkOnly bool

	// Unproven makes the mark say that the script did not answer its probe.
	Unproven bool

	// Secrets are the values of the resource's secret bindings, by name: all of
	// them, unless SecretsOnly is set.
	Secrets map[string]Secret

	// SecretsOnly says that the resource is a script that differs from its
	// desired state in secrets only, and that only those and its mark are
	// written.
	SecretsOnly bool

	// Fingerprints are those of the values that the script has after the write.
	Fingerprints Fingerprints

	// KeepBindings makes the upload keep the script's bindings that Resource
	// does not name, because the plan did not say that they are removed.
	KeepBindings bool
}

// Restoration is a write of a script that is to be undone.
type Restoration struct {
	// Stack is the owner that the write marked the script with.
	Stack string

	// Written is what was written, and Revision is the revision that it got. If
	// the script has another revision now, another program has written it.
	Written  Resource
	Revision Revision

	// Before are the earlier revisions, which an outdated answer may still
	// show.
	Before []Revision

	// Former is the state before the write, ready to be uploaded; nil if the
	// script did not exist.
	Former *Live
}

// RestorableOver returns a captured script as it can be uploaded over the one
// that replaced it. Its secrets cannot be read, so it inherits those that the
// other script also has, with their present values; lost names the rest.
func (l *Live) RestorableOver(over *Script) (back *Live, lost []string) {
	scripted := l.Resource.(Scripted)
	script := *scripted.AsScript()
	script.Options = maps.Clone(script.Options)
	for name, value := range script.Options {
		script.Options[name] = keptOption(name, value)
	}
	has := map[string]bool{}
	for _, b := range over.Bindings {
		has[b.Name] = b.IsSecret() || b.Type == BindingInherit && !b.Vacant
	}
	script.Bindings = nil
	for _, b := range scripted.AsScript().Bindings {
		switch {
		case !b.IsSecret():
			script.Bindings = append(script.Bindings, b)
		case has[b.Name]:
			script.Bindings = append(script.Bindings, Binding{Name: b.Name, Type: BindingInherit})
		default:
			lost = append(lost, b.Name)
		}
	}
	taken := *l
	taken.Resource = scripted.WithScript(script)
	return &taken, lost
}
