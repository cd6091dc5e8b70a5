package spec

import (
	"errors"
	"maps"
	"slices"
	"time"
)

// Snapshot is the live world, as far as a plan needs it: resources in the same
// model as a [Stack], each with the revision it was seen at.
type Snapshot struct {
	Account Account

	// Resources are what was found in the collections that were read.
	Resources map[Address]*Live

	// Collections are the ones that were read completely. A resource of
	// another collection may exist without being in Resources.
	Collections []Collection

	// Unseen are, in order, the places elsewhere that nobody has looked through to
	// the end; see [Elsewhere].
	Unsearched []Unsearched
}

// Live is one resource as it was found.
type Live struct {
	// Resource is complete when Detailed, else as much of it as a list shows:
	// its address, and for Workers the tags.
	Resource Resource
	Revision Revision
	Detailed bool

	// Untagged says of a script that nobody has read its tags: it is not known to be
	// anybody's.
	TagsUnread bool

	// Created is when a script was first uploaded, where a list shows it.
	Created time.Time
}

// Revision tells one state of a live resource from another, and whose it is.
type Revision struct {
	// ID is the platform's own identifier, where it is not the name: of a KV
	// namespace, a D1 database, a queue, a route, a custom domain, a DNS record, a
	// custom hostname, a dispatch namespace. That of a queue's consumer stands behind its queue's.
	ID string `json:"id,omitempty"`

	// FormerName is what the resource is called so far, where that is not the
	// name in its address; see [Snapshot.Follow].
	FormerName string `json:"former_name,omitempty"`

	// ETag is the platform's hash of a script's code. A route, which has none,
	// has the Worker it leads to instead, a queue its settings, and a DNS record or
	// a custom hostname a hash of what it says.
	ETag string `json:"etag,omitempty"`

	// MigrationTag is the last Durable Object migration that a script has run.
	MigrationTag string `json:"migration_tag,omitempty"`

	// ModifiedOn is the time of the last write by anyone, on the server's clock.
	ModifiedOn time.Time `json:"modified_on,omitzero"`

	// Owner is the stack whose owner tag the resource carries, or "".
	Owner string `json:"owner,omitempty"`

	// Template is the stack whose template wrote the Worker, or "". Such a Worker
	// has no owner: whoever uploads it is free to do so, and to delete it.
	Template string `json:"template,omitempty"`

	// Mark is the mark left by the last upload, nil where there is none.
	Mark *Mark `json:"mark,omitempty"`

	// ScriptCount is how many scripts a dispatch namespace holds.
	ScriptCount int `json:"script_count,omitempty"`
}

// Same reports whether nobody wrote the resource between two revisions. The
// number of scripts in a namespace is not part of the namespace's own state.
func (r Revision) Same(s Revision) bool {
	r.ScriptCount, s.ScriptCount = 0, 0
	sameMark := r.Mark == s.Mark || r.Mark != nil && s.Mark != nil && *r.Mark == *s.Mark
	sameTime := r.ModifiedOn.Equal(s.ModifiedOn)
	r.Mark, s.Mark = nil, nil
	r.ModifiedOn, s.ModifiedOn = time.Time{}, time.Time{}
	return r == s && sameMark && sameTime
}

// DriftTolerance is how far apart a mark's upload time and the time of the last
// write may be while the write is still taken to be that upload. Both are the
// server's clock; the upload itself lies between them.
const DriftTolerance = time.Minute

// Drifted reports whether somebody wrote a marked resource after its mark. A
// mark is never older than its own upload, so a difference in either direction
// means that mark and content do not belong together.
func (r Revision) Drifted() bool {
	return r.Mark != nil && r.ModifiedOn.Sub(r.Mark.Uploaded).Abs() > DriftTolerance
}

// vouchTime is how long an upload may take, from its mark to its end, if the mark is
// to be believed for what it says of the settings without a look at them. A product
// that sets a secret right after an apply does so later, as a rule.
const vouchTime = 5 * time.Second

// Vouched reports whether a resource's mark is believed for the settings that it was
// made of. The settings of what is neither vouched for nor drifted are looked at.
func (r Revision) Vouched() bool {
	return r.Mark != nil && r.Mark.Version == MarkVersion && r.ModifiedOn.Sub(r.Mark.Uploaded).Abs() <= vouchTime
}

// NewSnapshot returns an empty snapshot.
func NewSnapshot(account Account) *Snapshot {
	return &Snapshot{Account: account, Resources: map[Address]*Live{}}
}

// ID is the platform's identifier of a live resource.
func (s *Snapshot) ID(a Address) (string, bool) {
	live, ok := s.Resources[a]
	if !ok || live.Revision.ID == "" {
		return "", false
	}
	return live.Revision.ID, true
}

// Add adds what another snapshot has of other collections.
func (s *Snapshot) Add(other *Snapshot) {
	maps.Copy(s.Resources, other.Resources)
	s.Collections = append(s.Collections, other.Collections...)
	slices.SortFunc(s.Collections, Collection.Compare)
}

// Addresses are the live addresses in order.
func (s *Snapshot) Addresses() []Address {
	return slices.SortedFunc(maps.Keys(s.Resources), Address.Compare)
}

// Read reports whether a collection was read completely.
func (s *Snapshot) Read(c Collection) bool { return slices.Contains(s.Collections, c) }

// ErrVanished is why a Worker that a template writes was not written: it is gone,
// which is for its owner to decide, and nothing creates it again.
var ErrVanished = errors.New("it was deleted since the plan was made, and a template creates nothing")

// Write is one resource to be brought into its desired state.
type Write struct {
	// Stack is the owner to mark the resource with.
	Stack string

	// Resource is the desired state, every reference resolved to an id.
	Resource Resource

	// Prior is the revision being replaced; nil when the resource is to be created.
	Prior *Revision

	// MarkOnly says that the resource is a script which is in its desired state,
	// and that nothing but the owner and the mark is to be written.
	MarkOnly bool

	// Unproven says of a mark that the script has not answered its probe.
	Unproven bool

	// Secrets are the values of the resource's secret bindings, by name; all of
	// them, unless SecretsOnly.
	Secrets map[string]Secret

	// SecretsOnly says that the resource is a script which is in its desired
	// state but for secrets, and that only those are to be written, and the mark.
	SecretsOnly bool

	// Fingerprints are those of the values that the script has after the write.
	Fingerprints Fingerprints

	// KeepBindings says that the upload leaves the script the bindings that Resource
	// does not name: nobody has been told that they go.
	KeepBindings bool
}

// Restoration is a write of a script to be taken back.
type Restoration struct {
	// Stack is the owner that the write marked the script with.
	Stack string

	// Written is what was written, and Revision what the account had then: what
	// has another one by now is somebody else's work.
	Written  Resource
	Revision Revision

	// Before are the revisions it had before, which a look may still show.
	Before []Revision

	// Former is what there was before, ready to be uploaded; nil where there was
	// nothing.
	Former *Live
}

// TakenBack is a captured script as it can be uploaded over the one that has
// replaced it. Nobody can read secrets, so it inherits those that the other one
// has as well, with their present values; the names of others are lost.
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
