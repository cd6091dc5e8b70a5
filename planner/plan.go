// Package planner computes the difference between two worlds, as data.
//
// [New] compares a desired [spec.Stack] with a live [spec.Snapshot] and returns
// a [Plan]: what to create, change and delete, in which order, why, and what
// blocks it. It is pure: it uses no network, disk, clock or environment, and
// the same inputs give the same bytes. A list of the account shows only marks
// and times, so planning has two steps: [Inspect] names the few live Workers
// whose settings must be read before New can tell how they differ.
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
// plan of its own major version and ignores fields that it does not know.
const FormatVersion = "1.0"

// Mode says what a plan is for.
type Mode string

const (
	Apply   Mode = "apply"   // make the account what the stack file says
	Destroy Mode = "destroy" // delete what the stack owns
)

// Plan is everything that applying a stack would do.
type Plan struct {
	FormatVersion string       `json:"format_version"`
	Tool          string       `json:"tool"`
	Stack         string       `json:"stack"`
	Account       spec.Account `json:"account"`
	Mode          Mode         `json:"mode"`

	// Changes are sorted by address. Unchanged resources are only counted, in
	// Summary.Unchanged.
	Changes []Change `json:"changes"`

	// Rollouts say in which waves the changes of fleets are made, sorted by
	// name.
	Rollouts []Rollout `json:"rollouts,omitempty"`

	// Partial is nil if the plan has all changes that the stack needs.
	Partial *Partial `json:"partial,omitempty"`

	// Unmanaged counts, by collection, what was seen and is left alone.
	Unmanaged []Unmanaged `json:"unmanaged,omitempty"`

	// Guards are the verdicts on changes that need an acknowledgement.
	Guards []Verdict `json:"guards,omitempty"`

	Diagnostics diag.List `json:"diagnostics,omitempty"`
	Summary     Summary   `json:"summary"`

	// Digest identifies the plan: a SHA-256 over what it would do, without the
	// tool's version and the diagnostics.
	Digest string `json:"digest"`

	// Code holds the modules that the changes upload, by digest, each once
	// however many Workers run it. An outline has none; see [Plan.Outline].
	Code map[string]Code `json:"code,omitempty"`

	// LiveCode holds code that other programs have uploaded and that the
	// changes replace, by digest. It is for people who read the plan, and is
	// never uploaded. Large code is left out.
	LiveCode map[string]Code `json:"live_code,omitempty"`

	// Assets are the directories of static files that the changes upload, by
	// digest. The contents of the files come last in the plan's JSON form; see
	// [Write].
	Assets map[string]Assets `json:"assets,omitempty"`
}

// Code is a Worker's built modules inside a plan.
type Code struct {
	MainModule string        `json:"main_module"`
	Modules    []spec.Module `json:"modules"`
}

// Assets is a directory of static files inside a plan.
type Assets struct {
	Files     []spec.AssetFile `json:"files"`
	Headers   string           `json:"headers,omitempty"`
	Redirects string           `json:"redirects,omitempty"`

	// source opens the contents: from the project that the plan was made of, or
	// from the file that it was read from.
	source spec.AssetSource
}

// Size returns the total size of the files in bytes.
func (a Assets) Size() int64 {
	files := spec.AssetFiles{Files: a.Files}
	return files.Size()
}

// Action says what a change does to its resource.
type Action string

const (
	Create Action = "create"
	Update Action = "update"
	Delete Action = "delete"
	Adopt  Action = "adopt" // mark as the stack's, and change nothing else

	// Replace deletes a resource with everything in it and creates it again,
	// because some difference cannot be changed in place. Resources that refer
	// to it get the id of the new one.
	Replace Action = "replace"

	// WriteSecrets writes secrets of a Worker, without an upload, and leaves
	// its code and settings unchanged.
	WriteSecrets Action = "write-secrets"
)

// Reason says why a change is planned.
type Reason string

const (
	ReasonMissing   Reason = "missing"    // the file has it, the account does not
	ReasonChanged   Reason = "changed"    // the file differs from what was applied
	ReasonDrifted   Reason = "drifted"    // another program wrote it since it was applied
	ReasonUnmanaged Reason = "unmanaged"  // it exists and carries no mark; writing it adopts it
	ReasonRemoved   Reason = "removed"    // the account has it, the file does not
	ReasonRenamed   Reason = "renamed"    // the account has it under another name
	ReasonUnwanted  Reason = "unwanted"   // the file lists it under `removed`
	ReasonDestroyed Reason = "destroyed"  // the stack is being destroyed
	ReasonTemplate  Reason = "template"   // a template has not written it yet
	ReasonAsked     Reason = "asked"      // the user asked for it
	ReasonUnproven  Reason = "unproven"   // it was uploaded and has not answered its probe
	ReasonUnmarked  Reason = "incomplete" // it has our owner tag, but its mark cannot be read
)

// Change is one resource and what to do to it.
type Change struct {
	Address spec.Address `json:"address"`
	Action  Action       `json:"action"`
	Reason  Reason       `json:"reason"`

	// Fields are the differences, as JSON Pointers into the resource's
	// canonical form. A Worker's code is at /code, and its static assets are at
	// /assets.
	Fields []FieldChange `json:"fields,omitempty"`

	// Desired is the resource to write; nil for a deletion.
	Desired spec.Resource `json:"desired,omitempty"`

	// MarkOnly says that the account has Desired already, so that only the
	// stack's mark is written.
	MarkOnly bool `json:"mark_only,omitempty"`

	// Prior is the revision that the change was planned against; nil if the
	// resource did not exist. A change is stale if the account has another one.
	Prior *spec.Revision `json:"prior,omitempty"`

	// DependsOn are the changes that come first, and Level is the length of the
	// longest chain of them.
	DependsOn []spec.Address `json:"depends_on,omitempty"`
	Level     int            `json:"level"`

	// Rollout is the change's place in a rollout, in addition to what it
	// depends on; nil if it has none.
	Rollout *spec.RolloutMember `json:"rollout,omitempty"`

	// Blocked says why the change, and with it the plan, must not be applied.
	Blocked *Block `json:"blocked,omitempty"`

	// At is where the stack file declares the resource.
	At diag.Range `json:"at,omitzero"`

	// Digest is the change's own part of the plan's digest.
	Digest string `json:"digest"`
}

// FieldChange is one difference. Before is nil for an added field, and After is
// nil for a removed one.
type FieldChange struct {
	Path   string  `json:"path"`
	Op     FieldOp `json:"op"`
	Before any     `json:"before,omitempty"`
	After  any     `json:"after,omitempty"`

	// Sensitive marks a secret, whose value is on neither side.
	Sensitive bool `json:"sensitive,omitempty"`

	// Unknown marks a value that the platform assigns while the plan is
	// applied.
	Unknown bool `json:"unknown,omitempty"`

	// ForcesReplacement marks a difference that cannot be changed in place.
	ForcesReplacement bool `json:"forces_replacement,omitempty"`

	// WriteReason says why the value of a secret is written that the account
	// already has, or should have.
	WriteReason SecretReason `json:"written,omitempty"`
}

// SecretReason says in one word why a secret is written.
type SecretReason string

const (
	SecretMissing    SecretReason = "missing"  // the account does not have it
	SecretDiffers    SecretReason = "differs"  // its fingerprint says that its value has changed
	SecretAsked      SecretReason = "asked"    // the user asked for it
	SecretUploaded   SecretReason = "uploaded" // its Worker is uploaded, and an upload carries all secrets
	SecretPatched    SecretReason = "patched"  // its Worker's settings are changed, which carries all secrets
	SecretUnverified SecretReason = "unproven" // others are written, and its value cannot be verified
)

// FieldOp says how a field differs.
type FieldOp string

const (
	FieldAdd     FieldOp = "add"
	FieldRemove  FieldOp = "remove"
	FieldReplace FieldOp = "replace"

	// FieldWrite is not a visible difference: a secret that is on both sides is
	// written again.
	FieldWrite FieldOp = "write"
)

// Block says why a change is blocked.
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
	Unowned int       `json:"unowned"` // without an owner
	Foreign int       `json:"foreign"` // owned by another stack
}

// TakesOver reports whether a change writes, and so adopts, an existing
// resource that no stack manages.
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

// Blocked returns the changes that keep the plan from being applied.
func (p *Plan) Blocked() []Change {
	var blocked []Change
	for _, c := range p.Changes {
		if c.Blocked != nil {
			blocked = append(blocked, c)
		}
	}
	return blocked
}

// Outline returns the plan without the code and the files that it would upload:
// enough to look at, but not to apply.
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

// SecretsToWrite returns the secrets whose values the change needs: all for
// which the Worker has a source, or, if only secrets are written, those that
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

// LeavesBindings reports whether an upload leaves the bindings that the change
// does not mention. It does if no settings differ. The settings need not have
// been read then, so the Worker may have more bindings, which another program
// added right after the last upload.
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
