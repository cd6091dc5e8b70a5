package report

import (
	"io"

	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// StaleJSON writes why a saved plan may no longer be applied as one document,
// with the plan that would take its place, if there is one.
func StaleJSON(w io.Writer, moved []applier.StaleChange, now *planner.Plan) error {
	return writeJSON(w, staleOf(moved, now))
}

// UnexpectedJSON writes that a plan is not the one that was reviewed as one
// document, with the plan.
func UnexpectedJSON(w io.Writer, plan *planner.Plan, expected string) error {
	return writeJSON(w, unexpectedOf(plan, expected))
}

type staleDocument struct {
	FormatVersion string        `json:"format_version"`
	Stale         []staleChange `json:"stale"`

	// ExpectedDigest is that of the plan that was reviewed, where another one
	// was made.
	ExpectedDigest string        `json:"expected_digest,omitempty"`
	Plan           *planner.Plan `json:"plan,omitempty"`
}

type staleChange struct {
	Address spec.Address   `json:"address"`
	Message string         `json:"message"`
	Before  *spec.Revision `json:"before"`
	Now     *spec.Revision `json:"now"`
}

func staleOf(moved []applier.StaleChange, now *planner.Plan) staleDocument {
	document := staleDocument{FormatVersion: FormatVersion, Stale: []staleChange{}}
	for _, m := range moved {
		document.Stale = append(document.Stale, staleChange{m.Address, howMoved(m), m.Before, m.Now})
	}
	if now != nil {
		document.Plan = now.Outline()
	}
	return document
}

func unexpectedOf(plan *planner.Plan, expected string) staleDocument {
	document := staleOf(nil, plan)
	document.ExpectedDigest = expected
	return document
}
