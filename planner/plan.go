// Package planner is the difference between two worlds, as data.
//
// [New] compares a desired [spec.Stack] with a live [spec.Snapshot] and returns
// a [Plan]: what to create, change and delete, in which order, why, and what
// stands in the way. It is pure: no network, disk, clock or environment, and
// the same inputs give the same bytes. A list of the account shows only marks
// and times, so planning has two steps: [Inspect] names the few live Workers
// whose settings must be read before New can say what about them differs.
//
// A Plan encodes to JSON and decodes to an equal value, so that one run can
// make it, a person can read it in any format, and another run can apply it.
package planner

import (
	"encoding/json"
	"slices"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/spec"
)

// FormatVersion is the version of the plan's JSON form. A reader accepts any
// plan of its own major version and passes over fields it does not know.
const FormatVersion = "1.0"

// Mode is what a plan is for.
type Mode string

const (
	Apply   Mode = "apply"   // bring the account into the stack's shape
	Destroy Mode = "destroy" // remove what the stack owns
)

// Plan is everything that applying a stack would do.
type Plan struct {
	FormatVersion string       `json:"format_version"`
	Tool          string       `json:"tool"`
	Stack         string       `json:"stack"`
	Account       spec.Account `json:"account"`
	Mode          Mode         `json:"mode"`

	// Changes are what is to be done, in the order of addresses. Resources
	// that stay as they are appear only in Summary.Unchanged.
	Changes []Change `json:"changes"`

	// Rollouts are how the changes of fleets are made, sorted by name.
	Rollouts []Rollout `json:"rollouts,omitempty"`

	// Partial is nil where the changes are all that the stack needs.
	Partial *Partial `json:"partial,omitempty"`

	// Unmanaged counts what was seen and is left alone, by collection.
	Unmanaged []Unmanaged `json:"unmanaged,omitempty"`

	// Guards are the verdicts on what a plan may do only when it is told so.
	Guards []Verdict `json:"guards,omitempty"`

	Diagnostics diag.List `json:"diagnostics,omitempty"`
	Summary     Summary   `json:"summary"`

	// Digest identifies the plan: a SHA-256 over what it would do, without
	// the tool's version and the diagnostics.
	Digest string `json:"digest"`

	// Code is what the changes upload, by digest, once however many Workers
	// run it. A plan that is only looked at has none; see [Plan.Outline].
	Code map[string]Code `json:"code,omitempty"`

	// LiveCode is what the changes replace and somebody else has written, by
	// digest, for whoever reads the plan: nothing of it is uploaded. What is
	// large is left out.
	LiveCode map[string]Code `json:"live_code,omitempty"`

	// Assets are the directories of static files that the changes upload, by
	// digest. The contents of the files come after everything else in the
	// plan's JSON form; see [Write].
	Assets map[string]Assets `json:"assets,omitempty"`
}

// Code is the built modules of a Worker inside a plan.
type Code struct {
	MainModule string        `json:"main_module"`
	Modules    []spec.Module `json:"modules"`
}

// Assets are a directory of static files inside a plan.
type Assets struct {
	Files     []spec.AssetFile `json:"files"`
	Headers   string           `json:"headers,omitempty"`
	Redirects string           `json:"redirects,omitempty"`

	// source is where the contents are: the project that the plan was made of,
	// or the file that it was read from.
	source spec.AssetSource
}

// Size is the number of bytes in the files.
func (a Assets) Size() int64 {
	files := spec.AssetFiles{Files: a.Files}
	return files.Size()
}

// Action is what a change does to its resource.
type Action string

const (
	Create Action = "create"
	Update Action = "update"
	Delete Action = "delete"
	Adopt  Action = "adopt" // mark as the stack's, and change nothing else

	// Replace deletes a resource with everything in it and creates it anew,
	// because something of it cannot be changed in place. What refers to it gets
	// the id of the new one.
	Replace Action = "replace"

	// WriteSecrets writes secrets of a Worker whose code and settings stay what
	// they are, without an upload.
	WriteSecrets Action = "write-secrets"
)

// Reason says why a change is planned.
type Reason string

const (
	ReasonMissing   Reason = "missing"    // the file has it, the account does not
	ReasonChanged   Reason = "changed"    // the file differs from what was applied
	ReasonDrifted   Reason = "drifted"    // somebody else wrote it since it was applied
	ReasonUnmanaged Reason = "unmanaged"  // it exists, and carries no mark; what is written is adopted by it
	ReasonRemoved   Reason = "removed"    // the account has it, the file does not
	ReasonRenamed   Reason = "renamed"    // the account has it under another name
	ReasonUnwanted  Reason = "unwanted"   // the file lists it under `removed`
	ReasonDestroyed Reason = "destroyed"  // everything of the stack is to go
	ReasonTemplate  Reason = "template"   // a template has not written it before
	ReasonAsked     Reason = "asked"      // whoever made the plan asked for it
	ReasonUnproven  Reason = "unproven"   // it was uploaded, and has not answered its probe
	ReasonUnmarked  Reason = "incomplete" // it is ours by its owner tag, but its mark cannot be read
)

// Change is one resource and what is to be done to it.
type Change struct {
	Address spec.Address `json:"address"`
	Action  Action       `json:"action"`
	Reason  Reason       `json:"reason"`

	// Fields are the differences, as JSON Pointers into the resource's
	// canonical form. That of a Worker's code is /code, and that of its static
	// assets /assets.
	Fields []FieldChange `json:"fields,omitempty"`

	// Desired is the resource to write; nil when it is to be deleted.
	Desired spec.Resource `json:"desired,omitempty"`

	// MarkOnly says that Desired is what is there already, so that nothing but
	// the stack's mark is written.
	MarkOnly bool `json:"mark_only,omitempty"`

	// Prior is the revision the change was planned against; nil when there
	// was none. A change is stale when the account holds another one.
	Prior *spec.Revision `json:"prior,omitempty"`

	// DependsOn are the changes that come first, and Level is the length of
	// the longest chain of them.
	DependsOn []spec.Address `json:"depends_on,omitempty"`
	Level     int            `json:"level"`

	// Turn is the change's place in a rollout, nil where it has none. That comes
	// besides what it depends on.
	Rollout *spec.RolloutMember `json:"rollout,omitempty"`

	// Blocked says why the change, and with it the plan, may not be applied.
	Blocked *Block `json:"blocked,omitempty"`

	// At is where the stack file declares the resource.
	At diag.Range `json:"at,omitzero"`

	// Digest is the change's own part of the plan's digest.
	Digest string `json:"digest"`
}

// FieldChange is one difference. A field that is absent on one side is an
// addition or a removal; Before or After is then nil.
type FieldChange struct {
	Path   string  `json:"path"`
	Op     FieldOp `json:"op"`
	Before any     `json:"before,omitempty"`
	After  any     `json:"after,omitempty"`

	// Sensitive marks a secret, whose value is on neither side.
	Sensitive bool `json:"sensitive,omitempty"`

	// Unknown marks a value the platform gives out while the plan is applied.
	Unknown bool `json:"unknown,omitempty"`

	// ForcesReplacement marks a difference that cannot be changed in place.
	ForcesReplacement bool `json:"forces_replacement,omitempty"`

	// Written says why the value of a secret is written, where one is that the
	// account has already or should have.
	WriteReason SecretReason `json:"written,omitempty"`
}

// SecretReason is why a secret is written, in a word.
type SecretReason string

const (
	SecretMissing  SecretReason = "missing"  // the account does not have it any more, or not yet
	SecretDiffers  SecretReason = "differs"  // by its fingerprint, its value is another one
	SecretAsked    SecretReason = "asked"    // whoever made the plan asked for it
	SecretUploaded SecretReason = "uploaded" // its Worker is uploaded, and an upload has all secrets
	SecretPatched  SecretReason = "patched"  // settings of its Worker are changed, and all secrets go with them
	SecretUnproven SecretReason = "unproven" // others are written, and of this one nothing shows what it is
)

// FieldOp is how a field differs.
type FieldOp string

const (
	FieldAdd     FieldOp = "add"
	FieldRemove  FieldOp = "remove"
	FieldReplace FieldOp = "replace"

	// FieldWrite is no difference that anybody could see: a secret, which is on
	// both sides, is written.
	FieldWrite FieldOp = "write"
)

// Block is what stands in the way of a change.
type Block struct {
	// By is "ownership", "protection", the name of a guard, or "policy/" and
	// the name of a policy.
	By      string `json:"by"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`

	// At is where the stack file has the policy.
	At diag.Range `json:"at,omitzero"`
}

// Unmanaged counts the resources of a collection that are not the stack's.
type Unmanaged struct {
	Kind    spec.Kind `json:"kind"`
	Parent  string    `json:"parent,omitempty"`
	Unowned int       `json:"unowned"` // carry no mark
	Foreign int       `json:"foreign"` // carry another stack's mark
}

// TakesOver reports whether a change writes what exists already and no stack
// manages, and so adopts it.
func (c *Change) TakesOver() bool {
	return c.Action == Update && c.Reason == ReasonUnmanaged && len(c.Fields) > 0
}

// Summary counts a plan's changes.
type Summary struct {
	Adopt     int `json:"adopt"`
	Add       int `json:"add"`
	Change    int `json:"change"`
	Destroy   int `json:"destroy"`
	Unchanged int `json:"unchanged"`
	Blocked   int `json:"blocked"`
}

// HasChanges reports whether applying the plan would do anything.
func (p *Plan) HasChanges() bool { return len(p.Changes) > 0 }

// Blocked are the changes that keep the plan from being applied.
func (p *Plan) Blocked() []Change {
	var blocked []Change
	for _, c := range p.Changes {
		if c.Blocked != nil {
			blocked = append(blocked, c)
		}
	}
	return blocked
}

// Outline is the plan without the code and the files it would upload: enough to
// look at, not to apply.
func (p *Plan) Outline() *Plan {
	outline := *p
	outline.Code, outline.LiveCode, outline.Assets = nil, nil, nil
	return &outline
}

// uploads reports whether the change sends a Worker's code and files.
func (c Change) uploads() bool {
	_, scripted := c.Desired.(spec.Scripted)
	return scripted && !c.MarkOnly && c.Action != WriteSecrets
}

// SecretsToWrite are the secrets whose values the change needs: all that the
// Worker has a source for, or, where nothing else of it is written, those that
// its fields name.
func (c Change) SecretsToWrite() []spec.Binding {
	script, scripted := c.Desired.(spec.Scripted)
	if !scripted {
		return nil
	}
	secrets := script.AsScript().Secrets()
	if c.Action != WriteSecrets {
		return secrets
	}
	return slices.DeleteFunc(secrets, func(b spec.Binding) bool {
		return !slices.ContainsFunc(c.Fields, func(f FieldChange) bool { return f.Path == secretPath(b) })
	})
}

// LeavesBindings reports whether an upload is to leave the bindings that the change
// says nothing of. That is where no settings differ: as they need not have been read,
// the Worker may have more, which somebody has set right after the last upload.
func (c Change) LeavesBindings() bool {
	return c.Action == Update && len(c.Fields) > 0 && !slices.ContainsFunc(c.Fields, func(f FieldChange) bool {
		return f.Path != codePath && f.Path != assetsPath && f.Path != protectPath && f.Op != FieldWrite
	})
}

// UnmarshalJSON decodes the desired resource by the kind in the address.
func (c *Change) UnmarshalJSON(data []byte) error {
	type plain Change
	wire := struct {
		*plain
		Desired json.RawMessage `json:"desired"`
	}{plain: (*plain)(c)}
	if err := json.Unmarshal(data, &wire); err != nil {
		return err
	}
	if len(wire.Desired) == 0 {
		return nil
	}
	desired, err := spec.DecodeResource(c.Address.Kind, wire.Desired)
	if err != nil {
		return err
	}
	c.Desired = desired
	if w, ok := desired.(*spec.UserWorker); ok {
		w.ResourceMeta.Rollout = c.Rollout
	}
	return nil
}
