package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/wfpsync/wfpsync/planner"
)

// PlanText writes a plan for a person to review, in Terraform's wording. The
// lines `# ADDRESS will be created` (destroyed, updated in-place), `Plan: …` and
// `No changes.` are read by other programs: they are part of the interface.
// Changes that are alike are shown as one, unless the style expands them. The
// plan's diagnostics are not part of it; see [Diagnostics].
func PlanText(w io.Writer, style Style, plan *planner.Plan) error {
	return render(w, style, func(p *printer) {
		p.line("Stack %s, account %s", p.paint(bold, safe(plan.Stack)), p.paint(bold, accountName(plan.Account)))
		if plan.Mode == planner.Destroy {
			p.line("This plan removes what the stack owns.")
		}
		p.line("")
		view := viewOf(plan, textBounds)
		for _, g := range grouped(plan.Changes, style.Expand) {
			p.group(view, g)
			p.line("")
		}
		verdict, rest := conclusion(plan)
		p.line("%s%s", p.paint(bold, verdict), rest)
		if text := partiality(plan); text != "" {
			p.section(append([]string{p.paint(yellow, text)}, leftOut(plan)...))
		}
		p.section(rolloutLines(plan))
		p.section(leftAlone(plan))
		p.section(p.verdicts(plan))
		p.section(p.obstacles(plan))
		p.line("")
		p.line("Plan digest: %s", safe(plan.Digest))
	})
}

// group writes what happens to one resource, why, what stands in the way, and
// which others it stands for.
func (p *printer) group(view *planView, g group) {
	c := g.example()
	words := wordsOf(c.Action)
	address := safe(c.Address.String())
	p.line("  # %s %s %s", p.paint(bold, address), will(c.Action), p.paint(words.color, words.planned))
	if why := because(c); why != "" {
		p.line("  # (%s)", why)
	}
	if g.folded() {
		p.line("  # (and %s; --expand shows each:", p.paint(bold, g.alikeWords()))
		names := g.names()
		for _, line := range names[:len(names)-1] {
			p.line("  #  %s", line)
		}
		p.line("  #  %s)", names[len(names)-1])
	}
	p.line("  %s %s", p.paint(words.color, words.marker), address)
	p.fields(view.fields(g))
	if message, hint := blockedWords(c); message != "" {
		p.line("      %s %s", p.paint(red, "blocked:"), message)
		if hint != "" {
			p.line("      %s %s", p.paint(green, "hint:"), hint)
		}
	}
}

// widestPath is how many columns short paths are padded to at most.
const widestPath = 40

// fields writes differences, one below the other.
func (p *printer) fields(fields []fieldView) {
	padding := 0
	for _, f := range fields {
		if w := displayWidth(f.path); w <= widestPath {
			padding = max(padding, w)
		}
	}
	for _, f := range fields {
		color, marker := fieldMarker(f.op)
		text := f.path
		if f.value != "" {
			text += strings.Repeat(" ", max(padding-displayWidth(f.path), 0)) + "  " + f.value
		}
		if f.note != "" {
			text += "  " + p.paint(dim, "("+f.note+")")
		}
		p.line("      %s %s", p.paint(color, marker), text)
		p.difference(f.lines)
	}
}

func fieldMarker(op planner.FieldOp) (color, marker string) {
	switch op {
	case planner.FieldAdd:
		return green, "+"
	case planner.FieldRemove:
		return red, "-"
	default:
		return yellow, "~"
	}
}

// difference writes the lines of a large value.
func (p *printer) difference(lines []line) {
	for _, l := range lines {
		switch l.op {
		case lineBefore:
			p.line("          %s %s", p.paint(red, "-"), l.text)
		case lineAfter:
			p.line("          %s %s", p.paint(green, "+"), l.text)
		case lineHead:
			p.line("          %s", p.paint(bold, l.text))
		default:
			p.line("            %s", p.paint(dim, l.text))
		}
	}
}

// verdicts says what the guards think.
func (p *printer) verdicts(plan *planner.Plan) []string {
	var lines []string
	for _, v := range plan.Guards {
		color := green
		if v.Result == planner.Refused {
			color = red
		}
		lines = append(lines, fmt.Sprintf("Guard %s: %s: %s", safe(v.Guard), p.paint(color, safe(string(v.Result))), safe(v.Message)))
	}
	return lines
}

func (p *printer) obstacles(plan *planner.Plan) []string {
	var lines []string
	for _, text := range obstacles(plan) {
		lines = append(lines, p.paint(red, text))
	}
	return lines
}
