package report

import (
	"io"

	"github.com/wfpsync/wfpsync/planner"
)

// PlanJSON writes a plan as one document to be read, without the code it would
// upload.
func PlanJSON(w io.Writer, plan *planner.Plan) error {
	encoded, err := planner.Encode(plan.Outline())
	if err != nil {
		return err
	}
	_, err = w.Write(escapeJSON(encoded))
	return err
}
