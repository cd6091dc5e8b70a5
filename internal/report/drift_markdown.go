package report

import (
	"io"

	"github.com/wfpsync/wfpsync/planner"
)

// roomForRest is kept for saying how much was left out.
const roomForRest = 200

// DriftMarkdown writes what became of the account as a comment or an issue, in at
// most [MarkdownBudget] bytes. What comes from the account is escaped as it is
// in [PlanMarkdown].
func DriftMarkdown(w io.Writer, drift *planner.Drift) error {
	m := &markdown{budget: MarkdownBudget - roomForRest}
	m.line("<!-- wfpsync drift stack=%s account=%s -->", markerName(drift.Stack), markerName(drift.Account.ID))
	m.line("<h3>Drift of stack %s</h3>", codeHTML(shortName(safe(drift.Stack), longestName)))
	m.line("")
	verdict, rest := driftVerdict(drift)
	m.line("**%s**%s", verdict, rest)
	if len(drift.Changes) > 0 {
		m.line("")
		m.line("<ul>")
	}
	shown := 0
	for _, d := range drift.Changes {
		before := m.text.Len()
		m.driftItem(d)
		if m.err != nil {
			kept := m.text.String()[:before]
			m.text.Reset()
			m.text.WriteString(kept)
			break
		}
		shown++
	}
	m.budget, m.err = MarkdownBudget, nil
	if left := len(drift.Changes) - shown; left > 0 {
		m.line("<li>… and %s more</li>", number(left))
	}
	if len(drift.Changes) > 0 {
		m.line("</ul>")
	}
	_, err := io.WriteString(w, m.text.String())
	return err
}

func (m *markdown) driftItem(d planner.Drifted) {
	times := driftTimes(d)
	if times != "" {
		times = " (" + times + ")"
	}
	m.line("<li>%s %s%s", codeHTML(safe(d.Address.String())), driftWords[d.What], times)
	if len(d.Fields) > 0 {
		m.line("<ul>")
		for _, f := range d.Fields {
			m.line("<li>%s %s</li>", codeHTML(safe(f.Path)), codeHTML(driftValue(f)))
		}
		m.line("</ul>")
	}
	m.line("</li>")
}
