package report

import (
	"io"

	"github.com/wfpsync/wfpsync/applier"
	"github.com/wfpsync/wfpsync/planner"
)

// MovedText writes why a saved plan may no longer be applied: which of the
// resources it changes are not what they were, and how that shows.
func MovedText(w io.Writer, style Style, moved []applier.StaleChange) error {
	return render(w, style, func(p *printer) {
		p.line("%s the plan is stale: %s changed since it was made.", p.paint(bold+red, "Error:"),
			count(len(moved), "resource has", "resources have"))
		p.line("")
		for _, m := range moved {
			p.line("  %s %s", p.paint(bold, safe(m.Address.String())), safe(howMoved(m)))
		}
		p.line("")
		p.line("Nothing was applied. Make the plan again and have it reviewed again.")
	})
}

// UnexpectedText writes that a plan is not the one that was reviewed.
func UnexpectedText(w io.Writer, style Style, plan *planner.Plan, expected string) error {
	return render(w, style, func(p *printer) {
		p.line("%s this plan is not the one that was reviewed.", p.paint(bold+red, "Error:"))
		p.line("")
		p.line("  reviewed  %s", safe(expected))
		p.line("  now       %s", safe(plan.Digest))
		p.line("")
		p.line("Nothing was applied. The account or the files have changed since, or the plan was made")
		p.line("with other flags: have this plan reviewed, and expect its digest.")
	})
}
