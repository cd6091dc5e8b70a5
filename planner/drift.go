package planner

import (
	"time"

	"github.com/wfpsync/wfpsync/spec"
)

// Drift is a plan seen from the other side: what became of the account since the
// stack was applied, and not what is to be done about it.
type Drift struct {
	Stack   string       `json:"stack"`
	Account spec.Account `json:"account"`

	// Changes are in the order of addresses.
	Changes []Drifted `json:"drift"`

	// Pending are changes of the plan that are no drift: the file was changed
	// and not applied yet.
	Pending int `json:"pending"`
}

// Drifted is one resource that is not what was applied.
type Drifted struct {
	Address spec.Address `json:"address"`
	What    DriftKind    `json:"what"`

	// Applied is when the stack last wrote the resource, and Written when
	// anybody did, where that is known.
	AppliedAt time.Time `json:"applied,omitzero"`
	WrittenAt time.Time `json:"written,omitzero"`

	// Fields are the differences, from what was applied to what is there.
	Fields []FieldChange `json:"fields,omitempty"`
}

// DriftKind is what happened to a resource.
type DriftKind string

const (
	// DriftChanged: what is there is not what its mark vouches for.
	DriftChanged DriftKind = "changed"

	// DriftDiffers: what carries no mark of its own, such as a route or a
	// namespace, differs from the file.
	DriftDiffers DriftKind = "differs"

	// DriftMissing: the file has it, and the account does not.
	DriftMissing DriftKind = "missing"

	// DriftAdded: it belongs to a Worker of the stack, and the file, which lists
	// all of them, does not have it.
	DriftAdded DriftKind = "added"

	// DriftUnmarked: it is there without the stack's mark.
	DriftUnmarked DriftKind = "unmarked"
)

// NewDrift reads the drift off a plan. Nothing remembers what was applied but
// the marks of Workers, so what has none counts as drift when it differs: a file
// that was changed and not applied is to be applied first.
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
	case ReasonTemplate: // somebody's product has uploaded it, as it does
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

// backwards are differences seen from the other side.
func backwards(fields []FieldChange) []FieldChange {
	other := map[FieldOp]FieldOp{FieldAdd: FieldRemove, FieldRemove: FieldAdd}
	var out []FieldChange
	for _, f := range fields {
		if f.Op == FieldWrite {
			continue // what is going to be written is no difference
		}
		f.Before, f.After, f.WriteReason = f.After, f.Before, ""
		if op, turned := other[f.Op]; turned {
			f.Op = op
		}
		out = append(out, f)
	}
	return out
}
