package report

import (
	"io"

	"github.com/wfpsync/wfpsync/planner"
)

// DriftText writes for a person what became of the account since it was applied.
func DriftText(w io.Writer, style Style, drift *planner.Drift) error {
	return render(w, style, func(p *printer) {
		p.line("Stack %s, account %s", p.paint(bold, safe(drift.Stack)), p.paint(bold, accountName(drift.Account)))
		p.line("")
		for _, d := range drift.Changes {
			address, marker := safe(d.Address.String()), driftMarkers[d.What]
			p.line("  # %s %s", p.paint(bold, address), p.paint(marker[0], driftWords[d.What]))
			if times := driftTimes(d); times != "" {
				p.line("  # (%s)", times)
			}
			p.line("  %s %s", p.paint(marker[0], marker[1]), address)
			for _, f := range d.Fields {
				color, sign := fieldMarker(f.Op)
				p.line("      %s %s  %s", p.paint(color, sign), safe(f.Path), driftValue(f))
			}
			p.line("")
		}
		verdict, rest := driftVerdict(drift)
		p.line("%s%s", p.paint(bold, verdict), rest)
	})
}
