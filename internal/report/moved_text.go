package report

import (
	"io"

	"github.com/wfpsync/wfpsync/applier"
)

// MovedText writes why a saved plan may no longer be applied: which of the
// resources it changes are not what they were, and how that shows.
func MovedText(w io.Writer, style Style, moved []applier.Moved) error {
	return render(w, style, func(p *printer) {
		p.line("%s the plan is stale: %s changed since it was made.", p.paint(bold+red, "Error:"),
			count(len(moved), "resource has", "resources have"))
		p.line("")
		for _, m := range moved {
			p.line("  %s %s", p.paint(bold, safe(m.Address.String())), safe(howMoved(m)))
		}
		p.line("")
		p.line("Nothing was applied. Make the plan anew and have it reviewed again.")
	})
}
