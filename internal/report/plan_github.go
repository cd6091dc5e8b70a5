package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/wfpsync/wfpsync/diag"
	"github.com/wfpsync/wfpsync/planner"
)

// StepSummaryBudget is what GitHub takes as the summary of one step, in bytes.
// Source: GitHub documentation, "Workflow commands for GitHub Actions", "Step
// isolation and limits".
const StepSummaryBudget = 1 << 20

// PlanGitHub writes a plan for the log of GitHub Actions: the text in a group
// that can be opened, and then annotations of what a reviewer must not miss, at
// the places in the stack file: errors and blocked changes, warnings, and what
// is destroyed.
func PlanGitHub(w io.Writer, style Style, plan *planner.Plan) error {
	verdict, rest := conclusion(plan)
	// Between these two commands a line of the plan is no command, whatever it
	// says. The word that ends the pause cannot stand in the plan that it is a
	// hash of.
	pause := sha256.Sum256([]byte("wfpsync pause " + plan.Digest))
	token := hex.EncodeToString(pause[:])
	if _, err := fmt.Fprintf(w, "::group::%s%s\n::stop-commands::%s\n", verdict, rest, token); err != nil {
		return err
	}
	if err := PlanText(w, style, plan); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "::%s::\n::endgroup::\n", token); err != nil {
		return err
	}
	return DiagnosticsGitHub(w, planDiagnostics(plan))
}

// planDiagnostics returns a plan's diagnostics, and its changes as far as a
// reviewer must not miss them.
func planDiagnostics(plan *planner.Plan) diag.List {
	list := append(diag.List{}, plan.Diagnostics...)
	for _, g := range grouped(plan.Changes, false) {
		c := g.example()
		what := c.Address.String()
		if g.folded() {
			what += " and " + g.alikeWords()
		}
		switch {
		case c.Blocked != nil:
			list = append(list, diag.Diagnostic{Severity: diag.Error, Message: what + ": blocked: " + c.Blocked.Message, Hint: c.Blocked.Hint, Range: c.At})
		case c.Action == planner.Delete:
			list = append(list, diag.Diagnostic{Severity: diag.Warning, Message: what + " will be destroyed", Range: c.At})
		case c.Action == planner.Replace:
			list = append(list, diag.Diagnostic{Severity: diag.Warning, Message: what + " must be replaced, and everything in it is lost", Range: c.At})
		}
	}
	return list
}

// PlanOutputs writes what later steps of a workflow decide by as outputs of this
// one, one a line.
func PlanOutputs(w io.Writer, plan *planner.Plan) error {
	s := plan.Summary
	verdict, rest := conclusion(plan)
	return render(w, Style{}, func(p *printer) {
		p.line("changes=%t", plan.HasChanges())
		p.line("applicable=%t", len(obstacles(plan)) == 0)
		p.line("partial=%t", plan.Partial != nil)
		p.line("adopt=%d", s.Adopt)
		p.line("add=%d", s.Add)
		p.line("change=%d", s.Change)
		p.line("destroy=%d", s.Destroy)
		p.line("blocked=%d", s.Blocked)
		p.line("digest=%s", safe(plan.Digest))
		p.line("summary=%s%s", verdict, rest)
	})
}
