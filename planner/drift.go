package planner

import (
	"time"

	"github.com/wfpsync/wfpsync/spec"
)

// Drift is a plan read in the other direction: what happened to the account
// since the stack was applied, instead of what to do about it.
type Drift struct {
	Stack   string       `json:"stack"`
	Account spec.Account `json:"account"`

	// Changes are sorted by address.
	Changes []Drifted `json:"drift"`

	// Pending counts the plan's changes that are not drift: the file was
	// changed and has not been applied yet.
	Pending int `json:"pending"`
}

// Drifted is one resource that differs from what was applied.
type Drifted struct {
	Address spec.Address `json:"address"`
	What    DriftKind    `json:"what"`

	// AppliedAt is when the stack last wrote the resource, and WrittenAt when
	// anyone last did; zero if that is not known.
	AppliedAt time.Time `json:"applied,omitzero"`
	WrittenAt time.Time `json:"written,omitzero"`

	// Fields are the differences, from what was applied to what the account
	// has.
	Fields []FieldChange `json:"fields,omitempty"`
}

// DriftKind says what happened to a resource.
type DriftKind string

const (
	// DriftChanged: the resource is not what its mark describes.
	DriftChanged DriftKind = "changed"

	// DriftDiffers: a resource without a mark, such as a route or a namespace,
	// differs from the file.
	DriftDiffers DriftKind = "differs"

	// DriftMissing: the file has it and the account does not.
	DriftMissing DriftKind = "missing"

	// DriftAdded: it belongs to a Worker of the stack. The file lists all of
	// that Worker's, and this one is not among them.
	DriftAdded DriftKind = "added"

	// DriftUnmarked: it does not carry the stack's mark.
	DriftUnmarked DriftKind = "unmarked"
)

// NewDrift derives the drift from a plan. Only the marks of Workers record what
// was applied. So a resource without a mark counts as drift whenever it differs
// from the file: apply a changed file before looking for drift.
func NewDrift(p *Plan) *Drift {
	d := &Drift{Stack: p.Stack, Account: p.Account, Changes: []Drifted{}}
	for _, c := range p.Changes {
		what, drifted := driftOf(c)
		if !drifted {
			d.Pending++
			continue
		}
		one := Drifted{Address: c.Address, What: what}
		if what != DriftMissing {
			one.Fields = backwards(c.Fields)
		}
		if c.Prior != nil {
			one.WrittenAt = c.Prior.ModifiedOn
			if c.Prior.Mark != nil {
				one.AppliedAt = c.Prior.Mark.Uploaded
			}
		}
		d.Changes = append(d.Changes, one)
	}
	return d
}

func driftOf(c Change) (DriftKind, bool) {
	marked := c.Address.Kind.Info().CarriesDigest
	switch c.Reason {
	case ReasonTemplate: // its own product has uploaded it
		return "", false
	case ReasonDrifted:
		return DriftChanged, true
	case ReasonUnmarked:
		return DriftUnmarked, true
	case ReasonUnmanaged:
		return DriftUnmarked, true
	case ReasonMissing:
		return DriftMissing, true
	case ReasonChanged:
		return DriftDiffers, !marked
	case ReasonRemoved:
		return DriftAdded, !marked && c.Prior.Owner == ""
	}
	return "", false
}

// backwards returns the differences in the other direction.
func backwards(fields []FieldChange) []FieldChange {
	other := map[FieldOp]FieldOp{FieldAdd: FieldRemove, FieldRemove: FieldAdd}
	var out []FieldChange
	for _, f := range fields {
		if f.Op == FieldWrite {
			continue // a planned write is not a difference
		}
		f.Before, f.After, f.WriteReason = f.After, f.Before, ""
		if op, turned := other[f.Op]; turned {
			f.Op = op
		}
		out = append(out, f)
	}
	return out
}
