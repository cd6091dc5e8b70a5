package report

import (
	"io"

	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// StaleJSON writes why a saved plan may no longer be applied as one document,
// with the plan that would take its place, if there is one.
func StaleJSON(w io.Writer, moved []applier.Moved, now *planner.Plan) error {
	type change struct {
		Address spec.Address   `json:"address"`
		Message string         `json:"message"`
		Before  *spec.Revision `json:"before"`
		Now     *spec.Revision `json:"now"`
	}
	document := struct {
		FormatVersion string        `json:"format_version"`
		Stale         []change      `json:"stale"`
		Plan          *planner.Plan `json:"plan,omitempty"`
	}{FormatVersion: FormatVersion, Stale: []change{}}
	for _, m := range moved {
		document.Stale = append(document.Stale, change{m.Address, howMoved(m), m.Before, m.Now})
	}
	if now != nil {
		document.Plan = now.Outline()
	}
	return writeJSON(w, document)
}
