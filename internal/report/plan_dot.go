package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/wfpsync/wfpsync/planner"
)

// PlanDOT writes the order of a plan's changes in Graphviz's language: arrows
// lead from what comes first to what comes after it.
func PlanDOT(w io.Writer, style Style, plan *planner.Plan) error {
	return render(w, style, func(p *printer) {
		p.line("digraph plan {")
		p.line("  rankdir=LR")
		p.line("  node [shape=box style=rounded fontname=\"sans-serif\"]")
		graph := graphOf(grouped(plan.Changes, style.Expand))
		for i, n := range graph.nodes {
			p.line("  n%d [label=%s color=%s]", i, quoteDOT(n.title()), n.color())
		}
		for _, e := range graph.edges {
			p.line("  n%d -> n%d", e.first, e.then)
		}
		p.line("}")
	})
}

// title describes a node in words.
func (n planNode) title() string {
	title := wordsOf(n.action).marker + " " + n.label
	if n.blocked {
		title += " (blocked)"
	}
	return title
}

// color returns a node's color, by its action.
func (n planNode) color() string {
	switch {
	case n.blocked, takesAway(n.action):
		return "red3"
	case n.action == planner.Create:
		return "green4"
	}
	return "orange3"
}

// quoteDOT returns text as a quoted string, in which a backslash would begin
// an escape that Graphviz replaces, such as \N by the node's name.
func quoteDOT(text string) string {
	return fmt.Sprintf(`"%s"`, strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text))
}
