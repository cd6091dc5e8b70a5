package report

import (
	"io"

	"github.com/wfpsync/wfpsync/planner"
)

// DriftJSON writes what became of the account as one document.
func DriftJSON(w io.Writer, drift *planner.Drift) error {
	return writeJSON(w, struct {
		FormatVersion string `json:"format_version"`
		*planner.Drift
	}{FormatVersion, drift})
}
