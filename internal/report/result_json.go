package report

import (
	"io"

	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/planner"
	"github.com/wfpsync/wfpsync/spec"
)

// ResultJSON writes what became of a plan as one document.
func ResultJSON(w io.Writer, plan *planner.Plan, result *applier.Result) error {
	return writeJSON(w, resultOfPlan(plan, result))
}

type resultDocument struct {
	FormatVersion string            `json:"format_version"`
	Tool          string            `json:"tool"`
	Stack         string            `json:"stack"`
	Account       spec.Account      `json:"account"`
	Mode          planner.Mode      `json:"mode"`
	PlanDigest    string            `json:"plan_digest"`
	Complete      bool              `json:"complete"`
	Interrupted   bool              `json:"interrupted"`
	Continue      string            `json:"continue,omitempty"`
	Summary       resultSummary     `json:"summary"`
	Changes       []applier.Outcome `json:"changes"`

	Rollouts []applier.RolloutOutcome `json:"rollouts,omitempty"`

	Diagnostics diag.List `json:"diagnostics"`
}

type resultSummary struct {
	Applied int `json:"applied"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"`

	// Vanished is counted only where there is any.
	Vanished   int `json:"vanished,omitempty"`
	RolledBack int `json:"rolled_back,omitempty"`
	made
}

func resultOfPlan(plan *planner.Plan, result *applier.Result) resultDocument {
	return resultDocument{
		FormatVersion: FormatVersion,
		Tool:          plan.Tool,
		Stack:         plan.Stack,
		Account:       plan.Account,
		Mode:          plan.Mode,
		PlanDigest:    plan.Digest,
		Complete:      result.Complete(),
		Interrupted:   interrupted(result),
		Summary:       resultSummary{result.Applied, result.Failed, result.Skipped, result.Vanished, result.RolledBack, countMade(result)},
		Continue:      result.Continue,
		Rollouts:      result.Rollouts,
		Changes:       append([]applier.Outcome{}, result.Outcomes...),
		Diagnostics:   listed(plan.Diagnostics.Sorted()),
	}
}
