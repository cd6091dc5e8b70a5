package report

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/wfpsync/wfpsync/planner"
)

// PlanMermaid writes the order of a plan's changes in Mermaid's language, which
// forges draw in a fenced block: arrows lead from what comes first to what comes
// after it.
func PlanMermaid(w io.Writer, style Style, plan *planner.Plan) error {
	return render(w, style, func(p *printer) {
		p.line("flowchart LR")
		graph := graphOf(grouped(plan.Changes, style.Expand))
		for i, n := range graph.nodes {
			p.line("  n%d[\"%s\"]:::%s", i, escapeMermaid(n.title()), n.class())
		}
		for _, e := range graph.edges {
			p.line("  n%d --> n%d", e.first, e.then)
		}
		p.line("  classDef create stroke:#2da44e")
		p.line("  classDef update stroke:#bf8700")
		p.line("  classDef destroy stroke:#cf222e")
	})
}

func (n planNode) class() string {
	switch {
	case n.blocked, takesAway(n.action):
		return "destroy"
	case n.action == planner.Create:
		return "create"
	}
	return "update"
}

// escapeMermaid writes everything that could have a meaning to Mermaid, or to
// the HTML that it makes, as the number of its character.
// Source: Mermaid documentation, "Flowcharts", "Entity codes to escape characters".
func escapeMermaid(text string) string {
	var b strings.Builder
	for _, r := range text {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" /-_.,+~", r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "#%d;", r)
		}
	}
	return b.String()
}
